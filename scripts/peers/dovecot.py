"""Dovecot: delivery to five, and the box that Roundcube shows."""

import concurrent.futures
import os
import socket
import sys
import time

import roundcube
from shared import NOBODY, NOGROUP, ROUNDS, cpu_of, expect, free_port, give_away, running

RECIPIENTS = 5
BODY_BYTES = 1_000
# As many boxes as deliveries at once would touch; each is made before anything is measured.
BOXES = 100
SENDERS = 64
MESSAGES_A_ROUND = 1_600


def measure(folder, count):
    print("measuring Dovecot and Roundcube", file=sys.stderr)
    mail, web = folder / "dovecot", folder / "roundcube"
    mail.mkdir()
    imap, lmtp = free_port(), free_port()
    user, group = names()
    owner = {"user": user, "group": group, "uid": os.geteuid() or NOBODY}
    owner["gid"] = os.getegid() if os.geteuid() else NOGROUP
    (mail / "dovecot.conf").write_text(DOVECOT.format(folder=mail, imap=imap, lmtp=lmtp, **owner))
    give_away(mail)
    serve = ["/usr/sbin/dovecot", "-F", "-c", str(mail / "dovecot.conf")]
    with running(serve, lmtp, mail) as pid:
        for box in range(BOXES):
            deliver(lmtp, [box], [[f"u{box}@example.test"]])
        deliver_all(lmtp, [["u0@example.test"]] * count, 8)
        best = None
        for _ in range(ROUNDS):
            to = [
                [f"u{(number * RECIPIENTS + n) % BOXES}@example.test" for n in range(RECIPIENTS)]
                for number in range(MESSAGES_A_ROUND)
            ]
            before, began = cpu_of([pid]), time.monotonic()
            deliver_all(lmtp, to, SENDERS)
            took, spent = time.monotonic() - began, cpu_of([pid]) - before
            figure = {
                "what": "Dovecot: LMTP to five", "cpu_ms": spent / MESSAGES_A_ROUND,
                "per_second": MESSAGES_A_ROUND / took,
            }
            best = min(best or figure, figure, key=lambda one: one["cpu_ms"])
        yield best
        yield from roundcube.measure(web, imap, pid)


def names():
    if os.geteuid() == 0:
        return "nobody", "nogroup"
    import grp
    import pwd
    return pwd.getpwuid(os.geteuid())[0], grp.getgrgid(os.getegid())[0]


def deliver_all(port, to, senders):
    shares = [to[n::senders] for n in range(senders)]
    with concurrent.futures.ThreadPoolExecutor(senders) as pool:
        for done in [pool.submit(deliver, port, range(len(share)), share) for share in shares]:
            done.result()


def deliver(port, numbers, recipients):
    """Python's own client knows one answer a mail; LMTP gives one for each recipient."""
    body = "\r\n".join(["b" * 70] * (BODY_BYTES // 72))
    with socket.create_connection(("127.0.0.1", port)) as line, line.makefile("rb") as answers:
        def ask(text, times=1):
            line.sendall(text.encode())
            for _ in range(times):
                said = answers.readline()
                while said[3:4] == b"-":
                    said = answers.readline()
                expect(said[:1] in b"23" and said, f"Dovecot refuses: {said}")

        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ask("LHLO bench.example.test\r\n", times=2)
        for number, to in zip(numbers, recipients):
            head = f"From: nurse@example.test\r\nTo: {', '.join(to)}\r\n"
            head += f"Subject: =?utf-8?b?6YCA6Zmi5YmN?= {number}\r\n"
            head += f"Message-ID: <{number}@{to[0]}>\r\n"
            envelope = "".join(f"RCPT TO:<{one}>\r\n" for one in to)
            ask(f"MAIL FROM:<nurse@example.test>\r\n{envelope}DATA\r\n", times=len(to) + 2)
            ask(f"{head}\r\n{body}\r\n.\r\n", times=len(to))
        ask("QUIT\r\n")


DOVECOT = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
mail_location = mdbox:~/mail
first_valid_uid = 1
first_valid_gid = 1
passdb {{
  driver = static
  args = password=bench
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/homes/%n allow_all_users=yes
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
"""
