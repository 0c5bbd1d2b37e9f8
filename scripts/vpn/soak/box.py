"""The product, as nobody and without a right, in a network of its own."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from net import inside, run, wait_for

TOKINET = Path("target/release/tokinet")
HOST = "app.tokinet.test"
NOBODY = 65534
SPACE = f"tokinet-soak-{os.getpid()}"
PORT = 51820
# The first start draws the network's pictures.
READY_S = 300
# What systemd waits for before it starts again a program that was killed.
RESTART_S = 1.0
ROW = re.compile(r"^ +(\w+) +facility code (\S+) +user id (\S+) +password (.+)$", re.M)
CONFIG = """data = "{folder}/kept/store"
master_key = "{folder}/kept/master-key"
listen = "127.0.0.1:8443"
cache_mib = 64

[mail]
undo_seconds = 0

[gateway]
on = true
port = {port}
"""


class Box:
    """With the fictional network in it; `people` by their role, each with their device's files."""

    def __init__(self, folder):
        self.folder, self.people, self.running = folder, {}, None
        self.log = open(folder / "product.log", "wb")

    def __enter__(self):
        run("ip", "netns", "add", SPACE)
        with contextlib.ExitStack() as undo:
            undo.callback(self.__exit__)
            run(*inside(SPACE, "ip", "link", "set", "lo", "up"))
            self.program = self.folder / "tokinet"
            shutil.copy(TOKINET, self.program)
            self.program.chmod(0o755)
            self.furnish()
            self.start()
            undo.pop_all()
        return self

    def __exit__(self, *_):
        if self.running:
            self.end(signal.SIGTERM)
        self.log.close()
        subprocess.run(["ip", "netns", "delete", SPACE], capture_output=True)

    def furnish(self):
        """`try` fills a folder and gives the people their devices; `run` goes on with it."""
        kept, config = self.folder / "kept", self.folder / "tokinet.toml"
        kept.mkdir()
        os.chown(kept, NOBODY, NOBODY)
        words = ["try", "--keep", kept, "--port", "0", "--doors", "--undo-seconds", "0"]
        self.begin(*words)
        told = self.read_until("Ctrl-C stops everything.")
        tunnels = Path(re.search(r"^tunnels (\S+)$", told, re.M)[1])
        for role, facility, user, password in ROW.findall(told):
            files = self.folder / "people" / role
            shutil.copytree(tunnels / role, files)
            self.people[role] = {"files": str(files), "facility_code": facility, "user_id": user,
                                 "password": password}
        self.end(signal.SIGTERM)
        config.write_text(CONFIG.format(folder=self.folder, port=PORT))

    def start(self):
        self.begin("run", "--config", self.folder / "tokinet.toml")
        self.read_until("ready on ")

    def restart(self):
        """As an update does it; for how long nothing answered."""
        began = time.monotonic()
        self.end(signal.SIGTERM)
        self.start()
        return round(time.monotonic() - began, 2)

    def kill_and_start(self):
        began = time.monotonic()
        self.end(signal.SIGKILL)
        time.sleep(RESTART_S)
        self.start()
        return round(time.monotonic() - began, 2)

    def begin(self, *words):
        rights = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
                  "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"]
        command = [str(word) for word in inside(SPACE, *rights, self.program, *words)]
        self.running = subprocess.Popen(
            command, cwd="/", env={**os.environ, "TMPDIR": str(self.folder / "kept")},
            stdout=subprocess.PIPE, stderr=self.log, text=True)

    def read_until(self, mark):
        lines = []
        end = time.monotonic() + READY_S
        while time.monotonic() < end:
            line = self.running.stdout.readline()
            lines.append(line)
            if mark in line:
                return "".join(lines)
            if not line:
                break
        said = (self.folder / "product.log").read_text(errors="replace")[-2000:]
        raise RuntimeError(f"the product did not start: {''.join(lines)}{said}")

    def end(self, by):
        # `ip netns exec` and `setpriv` became the program.
        self.running.send_signal(by)
        self.running.wait()
        self.running.stdout.close()
        self.running = None

    def cable(self, space, letter, number):
        """From the box's network to a device's."""
        near, far = f"soak-{letter}", "cable"
        run("ip", "link", "add", near, "netns", SPACE, "type", "veth",
            "peer", far, "netns", space)
        for where, name, last in ((SPACE, near, 1), (space, far, 2)):
            v4, v6 = f"192.0.2.{16 * number + last}/28", f"2001:db8:{number}::{last}/64"
            run(*inside(where, "ip", "address", "add", v4, "dev", name))
            run(*inside(where, "ip", "address", "add", v6, "dev", name, "nodad"))
            run(*inside(where, "ip", "link", "set", name, "up"))
        link = inside(space, "ip", "link", "show", far)
        wait_for(lambda: "LOWER_UP" in run(*link).stdout.decode())
