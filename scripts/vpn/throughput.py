"""CPU a gigabyte and rate of each server, and ours as a ratio to the others."""

import contextlib
import json
import shutil
import statistics
import subprocess
import time

from ends import (CLIENT_CORE, INSIDE_CLIENT, INSIDE_SERVER, MTUS, PORT, SERVER_CORE, SERVICE_PORT,
                  Keys, client, ours, userspace, wait_for_service, wg_config)
from net import CLIENT, QUIET, SERVER, cpu, inside, program, two_namespaces
from packages import newer_wireguard_go

ROUNDS = 3
TRIES = 5


def measure(folder, seconds):
    newer = newer_wireguard_go(folder)
    kinds = {"ours": "ours", "wireguard-go 2022": "wireguard-go", "wireguard-go 2023": newer}
    if shutil.which("boringtun-cli"):
        kinds["boringtun-cli"] = "boringtun-cli"
    for mtu in MTUS:
        costs = {}
        for kind, binary in kinds.items():
            keys = Keys()
            with two_namespaces(), server(binary, keys, mtu, folder) as pid, \
                    client(keys, mtu, folder, binary=newer):
                wait_for_service()
                for streams, way, cost, rate in rounds(pid, seconds):
                    costs[kind, streams, way] = cost
                    ratio = costs["ours", streams, way] / cost
                    yield {"server": kind, "mtu": mtu, "streams": streams, "way": way,
                           "cpu_s_a_gb": round(cost, 3), "gbit_s": round(rate, 2),
                           "ours_over_it": round(ratio, 3)}


@contextlib.contextmanager
def server(kind, keys, mtu, folder):
    """A server with iperf3 on its inside."""
    serve = ["taskset", "-c", SERVER_CORE, "iperf3", "-s", "-p", SERVICE_PORT]
    if kind == "ours":
        with ours(keys, mtu, folder, "free") as (pid, enter), program([*enter, *serve], **QUIET):
            yield pid
        return
    config = wg_config(keys.server[0], PORT, keys.client[1], keys.shared, INSIDE_CLIENT)
    with userspace(SERVER, kind, SERVER_CORE, INSIDE_SERVER, mtu, folder, config) as pid, \
            program(inside(SERVER, *serve), **QUIET):
        yield pid


def rounds(pid, seconds):
    transfer(1, 1, False)
    for streams in (1, 4):
        for reverse in (False, True):
            figures = []
            for _ in range(ROUNDS):
                before = cpu(pid)
                moved, took = transfer(seconds, streams, reverse)
                figures.append(((cpu(pid) - before) / moved * 1e9, moved * 8 / took / 1e9))
            costs, rates = zip(*figures)
            way = "down" if reverse else "up"
            yield streams, way, statistics.median(costs), statistics.median(rates)


def transfer(seconds, streams, reverse):
    """One iperf3 run from the client to the service; answers payload bytes and seconds."""
    command = ["taskset", "-c", CLIENT_CORE, "iperf3", "--json", "-c", INSIDE_SERVER,
               "-p", SERVICE_PORT, "-t", seconds, "-P", streams, *(["-R"] if reverse else [])]
    for _ in range(TRIES):
        told = json.loads(subprocess.run(inside(CLIENT, *command), capture_output=True).stdout)
        if "error" not in told:
            break
        # Its server takes a moment between two tests.
        time.sleep(0.5)
    else:
        raise RuntimeError(f"iperf3: {told['error']}")
    moved = told["end"]["sum_received"]
    return moved["bytes"], moved["seconds"]
