"""In a device's network: what its person does, and a log of it, a line of JSON each.

The busy one writes mails to the other, a request every 100 ms: a draft, its text, its sending; and
beside that a file of 4 MB comes down again and again and must be the one that went up. The idle one
looks into the inbox after a long silence."""

import collections
import hashlib
import html
import json
import os
import re
import signal
import threading
import time

from soak.browser import Browser

EVERY_S = 0.1
FILE_BYTES = 4_000_000
FILE_EVERY_S = 2
ROW = re.compile(r'href="(/mail/[0-9a-f]{32})[^"]*"(?:(?!</a>).)*?(soak-\d+-\d+)', re.S)
OLDER = re.compile(r'href="(/mail/inbox\?after=[^"]*)"')
# The demo's doctor, Takahashi Fumihiko.
DOCTOR = r"\uff1a[\u9ad8\u9ad9]\u6a4b[^<]*\u6587\u5f66"
RECIPIENT = re.compile(rf'name="to" value="([0-9a-f]+)">(?:(?!</button>).)*?{DOCTOR}', re.S)


class Log:
    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8", buffering=1)

    def __call__(self, **what):
        self.file.write(json.dumps(what) + "\n")


def run(kind, task):
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    log = Log(task["log"])
    browser = Browser(task, log)
    browser.log_in()
    if kind == "write":
        write(browser, log, ended)
    elif kind == "look":
        look(browser, task["silences"], ended)
    else:
        print(json.dumps(count(browser)))


def look(browser, silences, ended):
    turn = 0
    while not ended.wait(silences[turn % len(silences)]):
        browser.ask("GET", "/mail/inbox")
        turn += 1


def count(browser):
    """Subjects of all mails in the inbox, page by page, and how often each is there."""
    found, path = collections.Counter(), "/mail/inbox"
    while path:
        _, _, page = browser.ask("GET", path)
        page = html.unescape(page.decode())
        found.update(subject for _, subject in set(ROW.findall(page)))
        older = OLDER.search(page)
        path = older and older[1]
    return found


def write(browser, log, ended):
    _, _, page = browser.ask("GET", "/directory?q=%E9%AB%98%E6%A9%8B")
    to = RECIPIENT.search(page.decode())[1]
    film = threading.Thread(target=watch, args=(browser.beside(), log, to, ended), daemon=True)
    film.start()
    number, pace = 0, Pace()
    while not ended.is_set():
        number += 1
        send(browser, log, pace, to, f"soak-{os.getpid()}-{number}")
    film.join(FILE_EVERY_S * 5)


class Pace:
    """One request every 100 ms, and after a stall none faster."""

    def __init__(self):
        self.next = time.monotonic()

    def wait(self):
        time.sleep(max(0, self.next - time.monotonic()))
        self.next = time.monotonic() + EVERY_S


def send(browser, log, pace, to, subject):
    """The server's 303 is its word. Asked again after a broken line it may say that the draft has
    gone: then only the inbox knows."""
    pace.wait()
    status, headers, _ = browser.post("/mail/drafts", to=to)
    if status != 303:
        raise RuntimeError(f"no draft: {status}")
    draft = headers["location"]
    pace.wait()
    text = {"subject": subject, "body": f"{subject} " * 20, "step": "confirm"}
    saved, _, _ = browser.post(draft, version="1", **text)
    log(tried=subject)
    pace.wait()
    sent, _, _ = browser.post(f"{draft}/send", version="2")
    if saved == sent == 303:
        log(sent=subject)
    else:
        log(unsure=subject, saved=saved, answer=sent)


def watch(browser, log, to, ended):
    """Load, and a check of every byte."""
    whole = os.urandom(FILE_BYTES // 2).hex().encode()
    expected = hashlib.sha256(whole).digest()
    _, headers, _ = browser.post("/mail/drafts", to=to)
    draft = headers["location"]
    status, _, told = browser.ask("PUT", f"{draft}/files?name=film.txt", whole)
    if status != 200:
        raise RuntimeError(f"the file was refused: {status} {told[:300]}")
    while not ended.wait(FILE_EVERY_S):
        began = time.monotonic()
        status, _, came = browser.ask("GET", f"{draft}/files/0")
        same = status == 200 and hashlib.sha256(came).digest() == expected
        log(film=time.monotonic() - began, at=began, same=same, status=status)
