"""Ten minutes of a day: the product as an ordinary user, two devices in networks of their own, and
people's work through the tunnel while keys change, a device moves and sleeps, and the box ends and
begins again. What counts is the longest wait for an answer, and that every mail whose sending was
answered lies in its recipient's inbox once.

`box.py` is the product and the devices' networks, `device.py` a device with its client, `work.py`
what runs in the device's network, `browser.py` how that speaks to the product, `report.py` what is
made of its log."""

import contextlib
import json
import time
from pathlib import Path

from net import other_half, program
from soak import report, work
from soak.box import Box
from soak.device import Device

# Keys are renewed after 120 s under load, and are over after 180 s without a word.
LOAD_S = 260
MOVE_EVERY_S = 60
STAY_S = 15
RESTARTED_S = 45
ASLEEP_S = 190
AWAKE_S = 60
# Silent for so long the second device finds its keys old at one time, and over at another.
SILENCES_S = [150, 200]


def measure(folder, _seconds):
    folder.chmod(0o711)
    with Box(folder) as box, contextlib.ExitStack() as stack:
        busy = stack.enter_context(Device(box, "a", box.people["nurse"]))
        idle = stack.enter_context(Device(box, "b", box.people["doctor"]))
        logs, tasks, working = {}, {}, {}
        for device, kind in ((busy, "write"), (idle, "look")):
            logs[kind], tasks[kind] = folder / f"{kind}.log", folder / f"{kind}.json"
            tasks[kind].write_text(json.dumps(device.task(logs[kind], SILENCES_S)))
            working[kind] = stack.enter_context(
                program(device.within(*other_half("soak", kind, tasks[kind]))))
        report.wait_for_first(logs.values())
        days = report.Phases(busy)
        live_through(days, box, busy, working["write"])
        for one in working.values():
            one.terminate()
            one.wait()
        yield from days.rows(logs["write"], logs["look"])
        yield report.stored_once(idle, tasks["look"], logs["write"])


def live_through(days, box, busy, work_of_busy):
    """One thing after the other, each for long enough that what it breaks is seen."""
    with days.phase("load and new keys"):
        for turn in range(LOAD_S // MOVE_EVERY_S):
            days.stay(MOVE_EVERY_S)
            busy.change_port(40_000 + turn)
        days.stay(LOAD_S % MOVE_EVERY_S)
    moves = {"IPv4 to IPv6": busy.write_to_v6, "another IPv6 address": busy.change_v6,
             "IPv6 to IPv4": busy.write_to_v4, "another IPv4 address": busy.change_v4}
    for name, move in moves.items():
        with days.phase(name):
            move()
            days.stay(STAY_S)
    with days.phase("restart by SIGTERM"):
        days.note(down_s=box.restart())
        days.stay(RESTARTED_S)
    with days.phase("restart by kill -9"):
        days.note(down_s=box.kill_and_start())
        days.stay(RESTARTED_S)
    stopped = [work_of_busy.pid, busy.client_pid]
    report.stop_all(stopped)
    time.sleep(ASLEEP_S)
    woken = time.monotonic()
    report.go_on_all(stopped)
    with days.phase(f"awake after {ASLEEP_S} s of sleep", woken):
        days.stay(AWAKE_S)
    with days.phase("restart once more"):
        days.note(down_s=box.restart())
        days.stay(RESTARTED_S)


def inside(kind, task):
    work.run(kind, json.loads(Path(task).read_text()))
