"""Namespaces with a cable between them, and programs that end with their block."""

import contextlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
CLIENT, SERVER = f"tokinet-vpn-c{os.getpid()}", f"tokinet-vpn-s{os.getpid()}"
OUTSIDE_CLIENT, OUTSIDE_SERVER = "192.0.2.1", "192.0.2.2"
# For measurements (RFC 2544); the knocker knows it too.
MANY_SOURCES = "198.18.0.0/16"
QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
TICKS = os.sysconf("SC_CLK_TCK")


def run(*command, **more):
    words = [str(part) for part in command]
    done = subprocess.run(words, capture_output=True, **more)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.decode(errors='replace').strip()}")
    return done


def inside(space, *command):
    return ["ip", "netns", "exec", space, *map(str, command)]


def other_half(part, *words):
    """A part's function `inside`, for a namespace."""
    return [sys.executable, "-B", FOLDER, "--inside", part, *words]


@contextlib.contextmanager
def two_namespaces():
    """A client's and a server's, joined by a cable."""
    try:
        for space in (CLIENT, SERVER):
            run("ip", "netns", "add", space)
            run(*inside(space, "ip", "link", "set", "lo", "up"))
        run("ip", "link", "add", "c", "netns", CLIENT, "type", "veth", "peer", "s", "netns", SERVER)
        for space, name, address in ((CLIENT, "c", OUTSIDE_CLIENT), (SERVER, "s", OUTSIDE_SERVER)):
            run(*inside(space, "ip", "address", "add", f"{address}/24", "dev", name))
            run(*inside(space, "ip", "link", "set", name, "up"))
        # The client's side owns all of a network, so that a load can come from many addresses.
        run(*inside(CLIENT, "ip", "route", "add", "local", MANY_SOURCES, "dev", "lo"))
        run(*inside(SERVER, "ip", "route", "add", MANY_SOURCES, "via", OUTSIDE_CLIENT))
        yield
    finally:
        for space in (CLIENT, SERVER):
            subprocess.run(["ip", "netns", "delete", space], capture_output=True)


@contextlib.contextmanager
def program(command, **more):
    started = subprocess.Popen([str(part) for part in command], **more)
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(5)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def wait_for(what, seconds=10):
    end = time.monotonic() + seconds
    while not (found := what()):
        if time.monotonic() > end:
            raise TimeoutError("a program did not get ready")
        time.sleep(0.05)
    return found


def succeeds(space, *command):
    return subprocess.run(inside(space, *command), capture_output=True).returncode == 0


# What a process has used.


def cpu(pid):
    """Seconds of all threads, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"^VmRSS:\s+(\d+)", status, re.M)[1]) * 1024
