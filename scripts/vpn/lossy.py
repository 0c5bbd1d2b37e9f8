"""A download over 30 Mbit/s and 60 ms there and back with 1 % of the packets lost.

The line is made in user space, because not every kernel has netem."""

import asyncio
import json
import random
import socket
import subprocess
import time

from ends import INSIDE_SERVER, MTUS, PORT, SERVICE_PORT, Keys, client, ours, wait_for_service
from net import CLIENT, OUTSIDE_SERVER, SERVER, other_half, program, run, two_namespaces
from net import inside as within

# A clinic's slow line with some loss.
LINK = {"bits": 30_000_000, "delay": 0.030, "loss": 0.01, "queue": 0.100}
# Of UDP, IPv4 and Ethernet.
HEADER_BYTES = 42
# BBR has found the line's rate by then.
SECONDS_MIN = 8


def measure(folder, seconds):
    keys = Keys()
    relay = within(SERVER, *other_half("lossy", "carry", PORT + 1))
    with two_namespaces(), ours(keys, MTUS[0], folder, "serve"), \
            program(relay, stdout=subprocess.PIPE, text=True) as carrier:
        carrier.stdout.readline()
        with client(keys, MTUS[0], folder, f"{OUTSIDE_SERVER}:{PORT + 1}"):
            wait_for_service()
            command = other_half("lossy", "take", max(seconds, SECONDS_MIN))
            moved = json.loads(run(*within(CLIENT, *command)).stdout)
            yield {"link_mbit_s": LINK["bits"] / 1e6, "loss_percent": LINK["loss"] * 100,
                   "download_mbit_s": round(moved * 8 / 1e6, 1),
                   "share_percent": round(moved * 8 / LINK["bits"] * 100)}


def inside(what, number):
    if what == "carry":
        asyncio.run(carry(int(number)))
    else:
        take(int(number))


class Line(asyncio.DatagramProtocol):
    """One direction's sender: a queue that drops at its end, a rate, a delay, a loss."""

    def __init__(self, draw, forward):
        self.draw, self.forward, self.free_at = draw, forward, 0.0

    def datagram_received(self, data, sender):
        self.forward(self, data, sender)

    def carry(self, data, send):
        loop = asyncio.get_running_loop()
        now = loop.time()
        starts = max(now, self.free_at)
        if starts - now > LINK["queue"] or self.draw.random() < LINK["loss"]:
            return
        self.free_at = starts + (len(data) + HEADER_BYTES) * 8 / LINK["bits"]
        loop.call_at(self.free_at + LINK["delay"], send, data)


async def carry(port):
    """In the server's namespace: takes datagrams at `port` to the endpoint and back."""
    loop, draw, state = asyncio.get_running_loop(), random.Random(1), {}

    def from_client(line, data, sender):
        state["client"] = sender
        line.carry(data, lambda held: state["up"].sendto(held))

    def from_server(line, data, _sender):
        line.carry(data, lambda held: state["down"].sendto(held, state["client"]))

    state["up"], _ = await loop.create_datagram_endpoint(
        lambda: Line(draw, from_server), remote_addr=("127.0.0.1", PORT))
    state["down"], _ = await loop.create_datagram_endpoint(
        lambda: Line(draw, from_client), local_addr=("0.0.0.0", port))
    print("ready", flush=True)
    await asyncio.Event().wait()


def take(seconds):
    """Payload bytes a second of a download, without its first second."""
    with socket.create_connection((INSIDE_SERVER, SERVICE_PORT), 30) as line:
        line.sendall(b"zeros\n")
        began, moved = None, 0
        first = time.monotonic()
        while (now := time.monotonic()) < first + seconds + 1:
            got = len(line.recv(65536))
            if now > first + 1:
                began = began or now
                moved += got
    print(json.dumps(moved / (now - began)))
