"""A device: a network with two addresses, Debian's wireguard-go, and a person's files."""

import base64
import os
import re
import subprocess
from pathlib import Path

from net import QUIET, inside, run, succeeds, wait_for
from soak.box import HOST, PORT

BARE = re.compile(r"^(PrivateKey|PublicKey|PresharedKey|AllowedIPs) *=|^\[")
NUMBERS = {"a": 1, "b": 2}
MOVED_PORT = 41_000


class Device:
    def __init__(self, box, letter, person):
        self.box, self.letter, self.person = box, letter, person
        self.number = NUMBERS[letter]
        self.space, self.link = f"tokinet-soak-{letter}{os.getpid()}", f"wg{letter}{os.getpid()}"
        self.conf = (Path(person["files"]) / "tunnel.conf").read_text()
        self.server_key = self.value("PublicKey")
        self.server = self.value("AllowedIPs").split(",")[0].split("/")[0]
        self.client = None

    def __enter__(self):
        run("ip", "netns", "add", self.space)
        try:
            run(*self.within("ip", "link", "set", "lo", "up"))
            self.box.cable(self.space, self.letter, self.number)
            self.connect()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.client:
            self.client.kill()
            self.client.wait()
        subprocess.run(["ip", "netns", "delete", self.space], capture_output=True)

    def value(self, name):
        return re.search(rf"^{name} *= *(.*)$", self.conf, re.M)[1].strip()

    def within(self, *words):
        return inside(self.space, *words)

    def connect(self):
        """What the official app does with the file."""
        environment = {**os.environ, "WG_PROCESS_FOREGROUND": "1"}
        words = self.within("wireguard-go", "-f", self.link)
        self.client = subprocess.Popen(words, env=environment, **QUIET)
        wait_for(lambda: succeeds(self.space, "ip", "link", "show", self.link))
        bare = [line for line in self.conf.splitlines() if BARE.match(line)]
        file = Path(self.person["files"]) / "bare.conf"
        file.write_text("\n".join([*bare, f"Endpoint = {self.endpoint_v4()}"]) + "\n")
        wait_for(lambda: succeeds(self.space, "wg", "setconf", self.link, file))
        for address in self.value("Address").split(","):
            run(*self.within("ip", "address", "add", address.strip(), "dev", self.link))
        run(*self.within("ip", "link", "set", self.link, "mtu", self.value("MTU"), "up"))
        for allowed in self.value("AllowedIPs").split(","):
            run(*self.within("ip", "route", "add", allowed.strip(), "dev", self.link))

    @property
    def client_pid(self):
        # `ip netns exec` became the program.
        return self.client.pid

    def task(self, log, silences):
        """What `work.py` needs to know."""
        files = Path(self.person["files"])
        key = base64.encodebytes((files / "device.key.der").read_bytes()).decode()
        pem = f"-----BEGIN PRIVATE KEY-----\n{key}-----END PRIVATE KEY-----\n"
        (files / "device.key").write_text(pem)
        return {**self.person, "host": HOST, "address": self.server,
                "chain": str(files / "chain.pem"), "key": str(files / "device.key"),
                "root": str(files / "root.pem"), "log": str(log),
                "silences": silences}

    def latest_handshake(self):
        told = run(*self.within("wg", "show", self.link, "latest-handshakes")).stdout.decode()
        return int(told.split()[1])

    # Moves.

    def endpoint_v4(self):
        return f"192.0.2.{16 * self.number + 1}:{PORT}"

    def write_to(self, endpoint):
        run(*self.within("wg", "set", self.link, "peer", self.server_key, "endpoint", endpoint))

    def write_to_v4(self):
        self.write_to(self.endpoint_v4())

    def write_to_v6(self):
        self.write_to(f"[2001:db8:{self.number}::1]:{PORT}")

    def change_port(self, port):
        run(*self.within("wg", "set", self.link, "listen-port", port))

    def change_v4(self):
        first, last = (f"192.0.2.{16 * self.number + n}/28" for n in (2, 9))
        self.change_address(first, last)

    def change_v6(self):
        first, last = (f"2001:db8:{self.number}::{n}/64" for n in (2, 9))
        self.change_address(first, last)

    def change_address(self, before, after):
        """As one Wi-Fi after another: the first is gone when the second comes, and the app opens
        new sockets, as those of phones do; wireguard-go alone would write from the first on."""
        run(*self.within("ip", "address", "del", before, "dev", "cable"))
        nodad = ["nodad"] if ":" in after else []
        run(*self.within("ip", "address", "add", after, "dev", "cable", *nodad))
        self.change_port(MOVED_PORT + len(after))
