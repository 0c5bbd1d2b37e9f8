"""What the logs of the work say."""

import collections
import contextlib
import json
import os
import signal
import time

from net import other_half, run, wait_for

FIRST_S = 60


def read(log):
    lines = log.read_text().splitlines() if log.exists() else []
    return [json.loads(line) for line in lines]


def wait_for_first(logs):
    """Both have logged in."""
    wait_for(lambda: all(len(read(log)) > 1 for log in logs), FIRST_S)


def stop_all(pids):
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)


def go_on_all(pids):
    for pid in reversed(pids):
        os.kill(pid, signal.SIGCONT)


class Phases:
    """Names for stretches of time, and how often the device got new keys in each."""

    def __init__(self, device):
        self.device, self.found = device, []

    @contextlib.contextmanager
    def phase(self, name, since=None):
        since = since or time.monotonic()
        self.found.append({"phase": name, "from": since, "keys": 0, "notes": {}})
        self.last = self.device.latest_handshake()
        yield
        self.found[-1]["to"] = time.monotonic()

    def note(self, **what):
        self.found[-1]["notes"].update(what)

    def stay(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(min(1, max(0, end - time.monotonic())))
            latest = self.device.latest_handshake()
            self.found[-1]["keys"] += latest != self.last
            self.last = latest

    def rows(self, busy, idle):
        busy, idle = read(busy), read(idle)
        for phase in self.found:
            waits = sorted(waits_within(busy, phase))
            films = [one for one in busy
                     if "film" in one and ends_within(one["at"] + one["film"], phase)]
            silent = list(waits_within(idle, phase))
            seconds = round(phase["to"] - phase["from"])
            yield {"soak": phase["phase"], "seconds": seconds, **phase["notes"],
                   "new_keys": phase["keys"], "requests": len(waits),
                   "longest_wait_s": round(waits[-1], 2),
                   "p99_ms": round(waits[len(waits) * 99 // 100] * 1000),
                   "files_4mb": len(films), "files_wrong": sum(not film["same"] for film in films),
                   "longest_file_s": round(max((film["film"] for film in films), default=0), 2),
                   "after_silence_s": [round(wait, 2) for wait in silent]}


def ends_within(moment, phase):
    return phase["from"] <= moment < phase["to"]


def waits_within(lines, phase):
    """Of requests answered in it; who slept meanwhile waits from the phase's beginning."""
    for one in lines:
        if "took" in one and ends_within(one["at"] + one["took"], phase):
            end = one["at"] + one["took"]
            slept = one["at"] < phase["from"] and phase["phase"].startswith("awake")
            yield end - phase["from"] if slept else one["took"]


def stored_once(device, task, log):
    """By the recipient's inbox."""
    lines = read(log)
    sent = {one["sent"] for one in lines if "sent" in one}
    tried = {one["tried"] for one in lines if "tried" in one}
    found = collections.Counter(json.loads(run(*device.within(
        *other_half("soak", "count", task))).stdout))
    lost = [subject for subject in sent if found[subject] == 0]
    twice = [subject for subject, times in found.items() if times > 1]
    strange = [subject for subject in found if subject not in tried]
    return {"mails_answered": len(sent), "in_the_inbox_once": sum(found[one] == 1 for one in sent),
            "lost": len(lost), "twice": len(twice), "never_tried": len(strange),
            "unanswered_but_there": len(set(found) - sent)}
