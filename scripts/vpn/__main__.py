"""Measures our WireGuard endpoint beside Debian's wireguard-go and boringtun-cli in one run:
`scripts/bench vpn [--seconds N] [--json] [part...]`. Needs root, for network namespaces.

The client is the wireguard-go of Debian's backports for all, because only that one sends and takes
many packets at once; Debian 12's own is measured as a server. What is compared is the processor
time of the server's tunnel process (user and system, from /proc) for a gigabyte (10^9 bytes) of
TCP payload: it hardly depends on what else the machine does, unlike rates. Every figure is the
median of some rounds, for each side alike. Client and server run on a core each.

All traffic stays in namespaces that this script makes and takes away; only processes that it
started are ended. Each part is a file; `net.py` makes the namespaces and `ends.py` what stands in
them. A part's other half, which runs in the client's namespace, is its function `inside`."""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

import floods
import floor
import handshakes
import lossy
import many
import packages
import revoke
import soak
import throughput

PARTS = {
    "floor": floor, "throughput": throughput, "handshakes": handshakes, "many": many,
    "floods": floods, "revoke": revoke, "lossy": lossy, "soak": soak,
}


def main():
    arguments = argparse.ArgumentParser(
        prog="scripts/bench vpn", description=__doc__.split("\n\n", maxsplit=1)[0])
    arguments.add_argument("--seconds", type=int, default=4, help="of one round")
    arguments.add_argument("--json", action="store_true")
    arguments.add_argument("part", nargs="*", help=f"only these: {', '.join(PARTS)}")
    asked = arguments.parse_args()
    unknown = set(asked.part) - set(PARTS)
    if unknown:
        arguments.error(f"no such part: {', '.join(sorted(unknown))}")
    if os.geteuid() != 0:
        sys.exit("scripts/bench vpn needs root, for network namespaces")
    packages.install()
    table = []
    for name in asked.part or PARTS:
        with tempfile.TemporaryDirectory() as scratch:
            for row in PARTS[name].measure(Path(scratch), asked.seconds):
                table.append(row)
                if not asked.json:
                    print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    if asked.json:
        print(json.dumps(table, indent=2))


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] == "--inside":
        PARTS[sys.argv[2]].inside(*sys.argv[3:])
    else:
        main()
