"""The product, by its own measurements."""

import json
import subprocess
import sys
from pathlib import Path

from dovecot import SENDERS


def measure(asked):
    program = Path(__file__).parent.parent.parent / "target/release/tokinet"
    command = [program, "bench", "--json", "--rows", str(asked.rows)]
    command += ["--only", "list", "--only", "served", "--only", "send"]
    if asked.folder:
        command += ["--folder", asked.folder]
    print("measuring ours", file=sys.stderr)
    said = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    figures = {
        (section["name"], figure["what"]): figure["value"]
        for section in said for figure in section["figures"]
    }
    send = figures["send", f"{SENDERS} at once: CPU a send"] / 1_000
    start = figures["send", f"{SENDERS} at once: CPU a draft's start"] / 1_000
    return [
        {"what": "ours: page", "cpu_ms": figures["served", "server CPU a page"]},
        {"what": "ours: send", "cpu_ms": send},
        {"what": "ours: draft and send", "cpu_ms": start + send},
    ]
