#!/usr/bin/env python3
"""Reads the TensorBoard file of a run with TensorBoard's own reader and compares it with metrics.jsonl. Exits 1 where
they differ. Needs `pip install tensorboard`.

    python3 scripts/check_tensorboard.py RUN
"""

import collections
import json
import math
import pathlib
import struct
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

run = pathlib.Path(sys.argv[1])


def float32(value):
    return struct.unpack("f", struct.pack("f", math.nan if value is None else value))[0]


expected = collections.defaultdict(list)
for line in (run / "metrics.jsonl").read_text().splitlines():
    record = json.loads(line)
    for name, value in record.items():
        if name not in ("step", "time", "seconds"):
            expected[name].append((record["step"], record["time"], float32(value)))

files = sorted(run.glob("events.out.tfevents.*"))
accumulator = EventAccumulator(str(run), size_guidance={"scalars": 0})
accumulator.Reload()
tags = set(accumulator.Tags()["scalars"])
failures = []
if len(files) != 1:
    failures.append(f"found {len(files)} event files, expected 1")
if tags != set(expected):
    failures.append(f"only in one of the two: {sorted(tags ^ set(expected))}")
for name in tags & set(expected):
    found = [(event.step, event.wall_time, event.value) for event in accumulator.Scalars(name)]
    # NaN is unequal to itself.
    if repr(found) != repr(expected[name]):
        pair = next(
            ((a, b) for a, b in zip(found, expected[name]) if repr(a) != repr(b)), (len(found), len(expected[name])))
        failures.append(f"{name}: found {pair[0]}, expected {pair[1]}")
points = sum(len(values) for values in expected.values())
print(f"{run}: {len(tags)} curves, {points} points" + ("" if failures else ", all as in metrics.jsonl"))
print("\n".join(failures), file=sys.stderr)
sys.exit(1 if failures else 0)
