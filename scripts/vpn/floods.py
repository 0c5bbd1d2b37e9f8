"""A live session's requests, and a new client's first, while somebody floods the endpoint."""

import contextlib
import json
import socket
import subprocess
import time

from ends import (INSIDE_SERVER, MTUS, PORT, SERVICE_PORT, Keys, client, knocking, ours,
                  wait_for_service)
from net import CLIENT, OUTSIDE_SERVER, cpu, other_half, program, run, two_namespaces
from net import inside as within

A_SECOND = 20_000
# Longer than any measurement.
FLOOD_S = 3600
REQUESTS_A_SECOND = 100


def measure(folder, seconds):
    for kind in ("nothing", "junk", "bad-mac", "good-mac"):
        keys = Keys()
        with contextlib.ExitStack() as stack:
            stack.enter_context(two_namespaces())
            pid, _ = stack.enter_context(ours(keys, MTUS[0], folder, "serve"))
            with client(keys, MTUS[0], folder):
                wait_for_service()
                if kind != "nothing":
                    stack.enter_context(flood(kind, keys))
                    time.sleep(1)
                before, began = cpu(pid), time.monotonic()
                asking = other_half("floods", REQUESTS_A_SECOND * seconds)
                taken = sorted(json.loads(run(*within(CLIENT, *asking)).stdout))
                share = (cpu(pid) - before) / (time.monotonic() - began)
            began = time.monotonic()
            with client(keys, MTUS[0], folder):
                wait_for_service()
                yield {"flood": kind, "a_second": 0 if kind == "nothing" else A_SECOND,
                       "server_cpu_percent": round(share * 100, 1),
                       "request_p50_ms": round(taken[len(taken) // 2], 2),
                       "request_p99_ms": round(taken[len(taken) * 99 // 100], 2),
                       "new_client_s": round(time.monotonic() - began, 1)}


def flood(kind, keys):
    server = f"{OUTSIDE_SERVER}:{PORT}"
    words = knocking("flood", server, keys.server_hex(), kind, A_SECOND, FLOOD_S)
    return program(words, stdout=subprocess.DEVNULL)


def inside(times):
    """One connection, a line out, a line back; how long each took, in milliseconds."""
    taken = []
    with socket.create_connection((INSIDE_SERVER, SERVICE_PORT), 30) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(int(times)):
            began = time.perf_counter()
            line.sendall(b"ping\n")
            if line.recv(16) != b"pong\n":
                raise RuntimeError("a wrong answer")
            taken.append((time.perf_counter() - began) * 1000)
            time.sleep(1 / REQUESTS_A_SECOND)
    print(json.dumps(taken))
