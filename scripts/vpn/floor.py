"""What one core encrypts, in packets of a full size: nobody can be faster."""

import re

from ends import MTUS, SERVER_CORE
from net import run


def measure(_folder, seconds):
    for mtu in MTUS:
        speed = run("taskset", "-c", SERVER_CORE, "openssl", "speed", "-evp", "chacha20-poly1305",
                    "-bytes", mtu, "-seconds", seconds, "-mr").stdout.decode()
        bytes_a_second = float(re.search(r"^\+F:.*:([\d.]+)$", speed, re.M)[1])
        yield {"floor": "openssl chacha20-poly1305", "mtu": mtu,
               "gbit_s": round(bytes_a_second * 8 / 1e9, 1),
               "cpu_s_a_gb": round(1e9 / bytes_a_second, 3)}
