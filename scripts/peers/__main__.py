"""Measures the product beside its peers in one run: Fossil's list page, Roundcube's list page on
Dovecot, and Dovecot's delivery by LMTP. `scripts/bench peers [--rows N] [--mails N] [--json]`.

What is compared is the processor time of the server's processes (user and system, from /proc)
for one page of 50 rows and for one mail to 5 recipients: it hardly depends on what else the
machine does, unlike rates. Every figure is the least of some rounds, for each side alike.

The peers are Debian's packages as they come. They run as an unprivileged user, on loopback, at
ports that were free, with their files in a scratch folder; nothing of the system's own services
is started, stopped or configured, and only processes that this script started are ended.

`shared.py` starts and measures, each peer is a file, `table.py` compares."""

import argparse
import json
import os
import tempfile
from pathlib import Path

import dovecot
import fossil
import ours
import packages
import table


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    arguments.add_argument("--rows", type=int, default=100_000, help="mails in our store")
    arguments.add_argument("--mails", type=int, default=10_000, help="mails in the peer's box")
    arguments.add_argument("--folder", default=None, help="where everybody's files lie")
    arguments.add_argument("--json", action="store_true")
    asked = arguments.parse_args()
    packages.install()
    with tempfile.TemporaryDirectory(dir=asked.folder) as scratch:
        os.chmod(scratch, 0o755)
        folder = Path(scratch)
        measured = [*ours.measure(asked), *fossil.measure(folder / "fossil", asked.mails)]
        measured += dovecot.measure(folder, asked.mails)
    compared = table.compare(measured)
    if asked.json:
        print(json.dumps(compared, ensure_ascii=False, indent=2))
    else:
        table.show(compared)


if __name__ == "__main__":
    main()
