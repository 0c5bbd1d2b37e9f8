"""Fossil: its timeline of as many rows."""

import os
import subprocess
import sys
import urllib.request

from shared import ROWS_A_PAGE, expect, free_port, give_away, pages, running

# Discharge meeting, pictures of a wound, a nurse's report: what such mails are about.
WORDS = [
    "\u9000\u9662\u524d\u30ab\u30f3\u30d5\u30a1\u30ec\u30f3\u30b9",
    "\u8925\u7621\u306e\u5199\u771f",
    "\u8a2a\u554f\u770b\u8b77\u306e\u5831\u544a",
]


def measure(folder, count):
    print("measuring Fossil", file=sys.stderr)
    folder.mkdir()
    repository, port = folder / "town.fossil", free_port()
    home = {"HOME": str(folder), "USER": "bench"}
    command = ["fossil", "import", "--git", str(repository)]
    own = {**os.environ, **home}
    quiet = subprocess.DEVNULL
    subprocess.run(command, input=history(count), check=True, env=own, stdout=quiet)
    give_away(folder)
    serve = ["fossil", "server", "--localhost", "--port", str(port), str(repository)]
    with running(serve, port, folder, home) as pid:
        url = f"http://127.0.0.1:{port}/timeline?n={ROWS_A_PAGE}"
        page = urllib.request.urlopen(url).read().decode()
        expect(page.count('class="timelineTime') >= ROWS_A_PAGE, "Fossil's page is short")
        yield pages("Fossil: timeline", url, [pid])


def history(count):
    """Check-ins with Japanese comments, as git would export them."""
    lines = []
    for number in range(1, count + 1):
        comment = f"{WORDS[number % len(WORDS)]} {number}".encode()
        lines += [
            b"commit refs/heads/trunk", b"mark :%d" % number,
            b"committer nurse <nurse@example.test> %d +0900" % (1_700_000_000 + number * 60),
            b"data %d" % len(comment), comment,
        ]
        if number > 1:
            lines.append(b"from :%d" % (number - 1))
        lines += [b"M 100644 inline note", b"data %d" % len(b"%d\n" % number), b"%d" % number, b""]
    return b"\n".join([*lines, b""])
