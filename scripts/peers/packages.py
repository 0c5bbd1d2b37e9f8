"""The peers, as Debian's packages."""

import os
import subprocess
import sys
from pathlib import Path

PACKAGES = [
    "dovecot-imapd", "dovecot-lmtpd", "fossil", "nginx-light", "php-fpm",
    "roundcube-core", "roundcube-sqlite3", "wrk",
]


def install():
    """Debian's packages, with nothing started by their installation."""
    query = ["dpkg-query", "-W", "-f", "${db:Status-Status}"]
    there = lambda name: subprocess.run([*query, name], capture_output=True).stdout == b"installed"
    missing = [name for name in PACKAGES if not there(name)]
    if not missing:
        return
    print("installing", *missing, file=sys.stderr)
    root = [] if os.geteuid() == 0 else ["sudo"]
    policy = Path("/usr/sbin/policy-rc.d")
    ours_is_there = not policy.exists()
    try:
        if ours_is_there:
            # 101: Debian's word for "this service must not be started".
            say_no = f"printf '#!/bin/sh\\nexit 101\\n' >{policy} && chmod 755 {policy}"
            subprocess.run([*root, "sh", "-c", say_no], check=True)
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run([*root, "apt-get", "update", "-q"], check=True, stdout=sys.stderr)
        command = ["apt-get", "install", "-q", "-y", "--no-install-recommends", *missing]
        subprocess.run([*root, *command], check=True, stdout=sys.stderr, env=quiet)
    finally:
        if ours_is_there:
            subprocess.run([*root, "rm", "-f", policy], check=True)
