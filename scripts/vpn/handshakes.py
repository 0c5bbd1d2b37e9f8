"""Whole handshakes of known peers, as many as the server answers."""

from ends import MTUS, PORT, Keys, knock, ours, peers_of_the_knocker
from many import PEERS
from net import OUTSIDE_SERVER, TICKS, cpu, two_namespaces


def measure(folder, seconds):
    keys = Keys()
    peers = peers_of_the_knocker(PEERS)
    with two_namespaces(), ours(keys, MTUS[0], folder, "free", peers) as (pid, _):
        before = cpu(pid)
        server = f"{OUTSIDE_SERVER}:{PORT}"
        counted = knock("handshakes", server, keys.server_hex(), PEERS, seconds)
        spent = max(cpu(pid) - before, 1 / TICKS)
        answered = counted["answered"]
        yield {"handshakes": answered, "a_second": round(answered / counted["seconds"]),
               "cpu_us_each": round(spent / max(answered, 1) * 1e6),
               "a_second_of_one_core": round(answered / spent)}
