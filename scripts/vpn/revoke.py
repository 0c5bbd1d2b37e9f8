"""From the change of the list of peers to the last payload byte of a download at full speed, and
until its client and one that only waits are told; on the client's side of the tunnel."""

import json
import socket
import statistics
import subprocess
import time

from ends import (CLIENT_CORE, INSIDE_SERVER, MTUS, SERVICE_PORT, Keys, client, ours,
                  wait_for_service)
from net import CLIENT, other_half, program, two_namespaces
from net import inside as within

REVOKES = 9
# The download is at its full speed by then.
WARM_S = 1


def measure(folder, _seconds):
    found = {"last_byte": [], "told": [], "idle_told": []}
    for _ in range(REVOKES):
        keys = Keys()
        with two_namespaces(), ours(keys, MTUS[0], folder, "serve", orders=True) as (_, _, orders), \
                client(keys, MTUS[0], folder):
            wait_for_service()
            watch = within(CLIENT, "taskset", "-c", CLIENT_CORE, *other_half("revoke"))
            with program([*watch, "ping"], stdout=subprocess.PIPE, text=True) as idle, \
                    program([*watch, "zeros"], stdout=subprocess.PIPE, text=True) as busy:
                for one in (idle, busy):
                    one.stdout.readline()
                time.sleep(WARM_S)
                began = time.monotonic_ns()
                orders.write("revoke\n")
                orders.flush()
                last, told = json.loads(busy.stdout.readline())
                _, idle_told = json.loads(idle.stdout.readline())
        for name, at in (("last_byte", last), ("told", told), ("idle_told", idle_told)):
            found[name].append((at - began) / 1e6)
    row = {"revokes": REVOKES}
    for name, taken in found.items():
        row[f"{name}_p50_ms"] = round(statistics.median(taken), 2)
        row[f"{name}_max_ms"] = round(max(taken), 2)
    yield row


def inside(question):
    """A connection until it is reset: when its last byte came, and when that was told. The clock is
    the machine's, the same in every process."""
    with socket.create_connection((INSIDE_SERVER, SERVICE_PORT), 30) as line:
        line.sendall(f"{question}\n".encode())
        last = 0
        try:
            while line.recv(65536):
                if not last:
                    print("ready", flush=True)
                last = time.monotonic_ns()
            raise RuntimeError("an end instead of a reset")
        except ConnectionResetError:
            print(json.dumps([last, time.monotonic_ns()]), flush=True)
