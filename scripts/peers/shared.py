"""Programs in the foreground, and what a page of theirs costs."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

NOBODY, NOGROUP = 65534, 65534
ROWS_A_PAGE = 50
SECONDS_A_ROUND = 5
ROUNDS = 3
CONNECTIONS = 4


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def as_nobody(command):
    if os.geteuid() != 0:
        return command
    user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOGROUP}", "--clear-groups"]
    return [*user, *command]


def give_away(folder):
    if os.geteuid() == 0:
        subprocess.run(["chown", "-R", f"{NOBODY}:{NOGROUP}", folder], check=True)


@contextlib.contextmanager
def running(command, port, folder, environment=None):
    """A server in the foreground, in a session of its own; ended with what it started."""
    with open(folder / "output", "ab") as output:
        server = subprocess.Popen(
            as_nobody(command), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            cwd=folder, env={**os.environ, **(environment or {})}, start_new_session=True,
        )
    try:
        wait_for(port, server, folder)
        yield server.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def wait_for(port, server, folder):
    for _ in range(200):
        if server.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    sys.exit(f"a peer does not start: {(folder / 'output').read_text(errors='replace')[-2000:]}")


def cpu_of(roots):
    """Milliseconds that these processes, what they started and what has ended of it have spent."""
    parents, spent = {}, {}
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
            parents[int(entry.name)] = int(fields[1])
            spent[int(entry.name)] = sum(map(int, fields[11:15]))
    family = set(roots)
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(spent.get(pid, 0) for pid in family) * 1_000 / os.sysconf("SC_CLK_TCK")


def pages(what, url, roots, cookie=""):
    """The least processor time a page, of some rounds of `wrk`."""
    load = ["-t1", f"-c{CONNECTIONS}", f"-d{SECONDS_A_ROUND}"]
    command = ["wrk", *load, "-H", f"Cookie: {cookie}", url]
    best = None
    for number in range(ROUNDS + 1):
        before = cpu_of(roots)
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        spent = cpu_of(roots) - before
        if "Non-2xx" in said or "Socket errors" in said:
            sys.exit(f"{what} answers errors:\n{said}")
        count = int(re.search(r"(\d+) requests in", said)[1])
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
        figure = {"what": what, "cpu_ms": spent / count, "per_second": rate}
        # The first round warms up.
        if number > 0 and (best is None or figure["cpu_ms"] < best["cpu_ms"]):
            best = figure
    return best


def output_of(command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def expect(fine, otherwise):
    if not fine:
        sys.exit(otherwise)
