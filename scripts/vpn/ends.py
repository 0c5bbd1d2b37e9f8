"""The two ends of a tunnel: keys, clients and servers."""

import base64
import contextlib
import json
import os
import random
import subprocess
from pathlib import Path

from net import (CLIENT, OUTSIDE_SERVER, QUIET, SERVER, inside, program, run, succeeds, wait_for)

ENDPOINT = Path("target/release/examples/endpoint")
KNOCKER = Path("target/release/examples/knocker")
INSIDE_CLIENT, INSIDE_SERVER = "100.64.9.2", "100.64.9.1"
PORT = 51820
# The one port that the endpoint's filter lets through for anything but a test page.
SERVICE_PORT = 443
CLIENT_CORE, SERVER_CORE = "0", "1"
# The product's, and WireGuard's usual one.
MTUS = [1280, 1420]


class Keys:
    """Both ends' keys, as WireGuard's tools make them."""

    def __init__(self):
        self.server, self.client = (self.make() for _ in range(2))
        self.shared = run("wg", "genpsk").stdout.decode().strip()

    def server_hex(self):
        return plain(self.server[1])

    @staticmethod
    def make():
        private = run("wg", "genkey").stdout
        public = run("wg", "pubkey", input=private).stdout
        return private.decode().strip(), public.decode().strip()


def plain(text):
    return base64.b64decode(text).hex()


def wg_config(own, port, peer, shared, allowed, endpoint=None):
    lines = ["[Interface]", f"PrivateKey = {own}"]
    lines += [f"ListenPort = {port}"] if port else []
    lines += ["[Peer]", f"PublicKey = {peer}", f"PresharedKey = {shared}"]
    lines += [f"AllowedIPs = {allowed}/32"]
    return "\n".join(lines + ([f"Endpoint = {endpoint}"] if endpoint else [])) + "\n"


@contextlib.contextmanager
def userspace(space, binary, core, address, mtu, folder, config):
    """wireguard-go or boringtun-cli with an interface; answers its process."""
    name = f"wg{random.randrange(10**6)}"
    rights = ["--disable-drop-privileges"] if "boringtun" in str(binary) else []
    command = inside(space, "taskset", "-c", core, binary, "-f", *rights, name)
    environment = {**os.environ, "WG_PROCESS_FOREGROUND": "1", "LOG_LEVEL": "error"}
    with program(command, env=environment, **QUIET) as started:
        wait_for(lambda: succeeds(space, "ip", "link", "show", name))
        file = folder / f"{name}.conf"
        file.write_text(config)
        wait_for(lambda: succeeds(space, "wg", "setconf", name, file))
        run(*inside(space, "ip", "address", "add", f"{address}/24", "dev", name))
        run(*inside(space, "ip", "link", "set", name, "mtu", mtu, "up"))
        yield started.pid


@contextlib.contextmanager
def ours(keys, mtu, folder, mode, peers=None, orders=False):
    """Our endpoint; answers its process, the prefix of commands that run on its inside, and with
    `orders` where it takes some."""
    one = {"public_key": plain(keys.client[1]), "preshared_key": plain(keys.shared),
           "v4": INSIDE_CLIENT, "v6": "fd00:9::2"}
    file = folder / "endpoint.json"
    file.write_text(json.dumps({
        "private_key": plain(keys.server[0]), "port": PORT, "mtu": mtu,
        "v4": INSIDE_SERVER, "v6": "fd00:9::1", "peers": [one, *(peers or [])],
    }))
    command = inside(SERVER, "taskset", "-c", SERVER_CORE, ENDPOINT.resolve(), mode, file)
    with program(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as started:
        line = started.stdout.readline()
        if not line.startswith("ready "):
            raise RuntimeError(f"the endpoint did not start: {line}")
        pid, namespace = line.split()[1:]
        yield (int(pid), ["nsenter", f"--net={namespace}"], *([started.stdin] if orders else []))


def client(keys, mtu, folder, endpoint=f"{OUTSIDE_SERVER}:{PORT}", binary="wireguard-go"):
    config = wg_config(keys.client[0], None, keys.server[1], keys.shared, INSIDE_SERVER, endpoint)
    return userspace(CLIENT, binary, CLIENT_CORE, INSIDE_CLIENT, mtu, folder, config)


def wait_for_service():
    knock = f"exec 3<>/dev/tcp/{INSIDE_SERVER}/{SERVICE_PORT}"
    wait_for(lambda: succeeds(CLIENT, "timeout", "1", "bash", "-c", knock))


# The load program of the gateway's examples, on the client's core.


def knocking(*what):
    return inside(CLIENT, "taskset", "-c", CLIENT_CORE, KNOCKER.resolve(), *what)


def knock(*what):
    """What it counted."""
    return json.loads(run(*knocking(*what)).stdout)


def peers_of_the_knocker(count):
    return json.loads(run(KNOCKER.resolve(), "peers", count).stdout)
