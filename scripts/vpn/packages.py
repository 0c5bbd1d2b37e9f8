"""What the measurements need from Debian."""

import os
import shutil
import subprocess
import sys

from net import run

PACKAGES = ["iperf3", "iproute2", "openssl", "util-linux", "wireguard-go", "wireguard-tools"]


def install():
    query = ["dpkg-query", "-W", "-f", "${db:Status-Status}"]
    there = lambda name: subprocess.run([*query, name], capture_output=True).stdout == b"installed"
    missing = [name for name in PACKAGES if not there(name)]
    if missing:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        command = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing]
        subprocess.run(command, check=True, stdout=sys.stderr, env=quiet)
    if not shutil.which("boringtun-cli"):
        print("boringtun-cli is left out: cargo install boringtun-cli brings it", file=sys.stderr)


def newer_wireguard_go(folder):
    """The program out of backports' package, without touching the machine's own package lists."""
    lists, source = folder / "lists", folder / "backports.list"
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    # From wherever this machine has its packages.
    told = run("apt-get", "indextargets", "--format", "$(REPO_URI)", "Codename: bookworm")
    source.write_text("deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
                      f"{told.stdout.decode().split()[0]} bookworm-backports main\n")
    options = ["-o", f"Dir::Etc::sourcelist={source}", "-o", "Dir::Etc::sourceparts=/dev/null",
               "-o", f"Dir::State::lists={lists}"]
    run("apt-get", *options, "update")
    run("apt-get", *options, "download", "wireguard-go/bookworm-backports", cwd=folder)
    run("dpkg", "-x", next(folder.glob("wireguard-go_*.deb")), folder / "newer")
    return folder / "newer/usr/bin/wireguard-go"
