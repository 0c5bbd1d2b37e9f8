"""Memory and idle CPU with five thousand peers, above what the endpoint needs with one."""

import time

from ends import MTUS, Keys, ours, peers_of_the_knocker
from net import cpu, resident, two_namespaces

PEERS = 5_000
SETTLE_S = 2
IDLE_S = 20


def measure(folder, _seconds):
    found = {}
    for count in (0, PEERS):
        with two_namespaces(), \
                ours(Keys(), MTUS[0], folder, "free", peers_of_the_knocker(count)) as (pid, _):
            time.sleep(SETTLE_S)
            before = cpu(pid)
            time.sleep(IDLE_S)
            found[count] = (resident(pid), (cpu(pid) - before) / IDLE_S)
    more = found[PEERS][0] - found[0][0]
    yield {"peers": PEERS, "bytes_a_peer": round(more / PEERS),
           "idle_cpu_percent": round(found[PEERS][1] * 100, 2),
           "without_them_mib": round(found[0][0] / 2**20, 1)}
