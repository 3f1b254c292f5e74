#!/usr/bin/env python3
"""Kills training runs at random moments and checks that nothing is lost: a run that was killed again and again, and
resumed each time, ends with the same bytes as one that was not. A tiny random model; Python's standard library only.

    scripts/kill_test.py [--kills 50] [--patron .build/release/patron] [--seed 0]

Every start must find a valid checkpoint (or none yet), and steps may only go forward. The kills are spread over the
whole life of a process: loading, steps, the writing of checkpoints, the end.
"""

import argparse
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STEPS = 30


def make_rows(path, generator):
    with open(path, "w") as file:
        for _ in range(4 * STEPS):
            ids = [generator.randrange(256) for _ in range(generator.randrange(20, 120))]
            answer = len(ids) // 3
            file.write(json.dumps({"input_ids": ids, "labels": [-100] * (len(ids) - answer) + ids[-answer:]}) + "\n")


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def result(run):
    """What a run must leave behind whatever happened to it: its files by hash, and its figures without the clock's."""
    last = run / "checkpoints" / f"step-{STEPS:06}"
    files = {
        str(path.relative_to(run)): digest(path)
        for path in [*sorted((run / "adapter").iterdir()), *sorted(last.iterdir())] if path.name != "complete.json"}
    clock = {"time", "seconds", "train/tokens_per_second"}
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return files, [{key: value for key, value in line.items() if key not in clock} for line in lines]


def last_step(run):
    markers = sorted((run / "checkpoints").glob("step-*/complete.json"))
    return int(markers[-1].parent.name[5:]) if markers else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--patron", default=ROOT / ".build/release/patron")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    generator = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        subprocess.run([sys.executable, ROOT / "scripts/make_random_model.py", folder / "model", "--shape", "tiny"],
                       check=True, stderr=subprocess.DEVNULL)
        make_rows(folder / "rows.jsonl", generator)
        make_rows(folder / "dev.jsonl", generator)

        def command(run):
            return [options.patron, "train", "sft", "--model", folder / "model", "--tokenized", folder / "rows.jsonl",
                    "--dev-tokenized", folder / "dev.jsonl", "--rank", "4", "--alpha", "8", "--micro-batch", "2",
                    "--accumulation", "2", "--epochs", "1", "--save-every", "1", "--eval-every", "7", "--dtype",
                    "float32", "--learning-rate", "1e-2", "--threads", "1", "--resume", "--quiet", "--output", run]

        started = time.monotonic()
        subprocess.run(command(folder / "whole"), check=True)
        duration = time.monotonic() - started
        expected = result(folder / "whole")
        print(f"uninterrupted: {STEPS} steps in {duration:.1f} s")

        kills, rounds, begins, resumed = 0, 0, 0, 0
        while kills < options.kills:
            rounds += 1
            run = folder / f"killed-{rounds}"
            while True:
                before = last_step(run)
                resumed += before > 0
                begins += 1
                process = subprocess.Popen(command(run))
                # Most processes die early, so that a run is killed many times before it ends.
                limit = duration if kills < options.kills else None
                wait = generator.uniform(0, duration * generator.choice([0.2, 0.5, 1])) if limit else None
                try:
                    status = process.wait(wait)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    kills += 1
                    assert last_step(run) >= before, f"{run}: went back from step {before} to {last_step(run)}"
                    continue
                assert status == 0, f"a start after a kill ended with status {status}"
                break
            found = result(run)
            assert found[0] == expected[0], f"{run}: other bytes: {found[0]} instead of {expected[0]}"
            assert found[1] == expected[1], f"{run}: other figures"
            print(
                f"run {rounds}: {kills} kills so far, {begins} starts, {resumed} of them from a checkpoint; same bytes")
        print(f"{kills} kills in {time.monotonic() - started:.0f} s: every run ended as the uninterrupted one")


if __name__ == "__main__":
    main()
