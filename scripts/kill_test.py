#!/usr/bin/env python3
"""Kills training runs at random moments and checks that nothing is lost: a run that was killed again and again, and
resumed each time, ends with the same bytes as one that was not. A tiny random model; Python's standard library only.

    scripts/kill_test.py [--kills 50] [--processes 1] [--patron .build/release/patron] [--seed 0]

With several processes a random one of them is killed: the others must end with a sentence, once all have joined within
5 seconds, before that within their own start and --join-timeout.
Every start must find a valid checkpoint (or none yet), and steps may only go forward. The kills are spread over the
whole life of a process: loading, steps, the writing of checkpoints, the end.
"""

import argparse
import hashlib
import json
import os
import random
import socket
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


def free_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


class Run:
    """The processes of one start, as torchrun starts them."""

    def __init__(self, command, count):
        port = str(free_port())
        self.errors = [tempfile.TemporaryFile() for _ in range(count)]
        self.processes = []
        for rank in range(count):
            environment = dict(os.environ)
            if count > 1:
                environment |= {
                    "RANK": str(rank), "WORLD_SIZE": str(count), "LOCAL_RANK": str(rank),
                    "LOCAL_WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
            self.processes.append(subprocess.Popen(command, env=environment, stderr=self.errors[rank]))

    def wait(self, seconds):
        """Whether all end within the time."""
        end = None if seconds is None else time.monotonic() + seconds
        try:
            for process in self.processes:
                process.wait(None if end is None else max(end - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self, generator):
        """Kills one of the processes; the others must notice.
        Returns how long that took them, where all had joined."""
        victim = generator.randrange(len(self.processes))
        joined = len(self.processes) == 1 or "processes, started by" in self.text(0)
        self.processes[victim].kill()
        start = time.monotonic()
        if not self.wait(5 if joined else 15):
            for process in self.processes:
                process.kill()
            raise AssertionError(f"rank {victim} was killed (joined: {joined}), and another one still runs")
        for rank, process in enumerate(self.processes):
            text = self.text(rank)
            if rank != victim:
                # One that was done already ends well.
                assert process.returncode in (0, 2), f"rank {rank} ended with status {process.returncode}: {text}"
                # Before they have met, rank 0 is known to the others as a store that is not there or does not answer.
                named = f"rank {victim}" in text or (not joined and victim == 0 and "store" in text)
                assert process.returncode == 0 or named, f"rank {rank}: {text}"
        return time.monotonic() - start if joined else 0

    def text(self, rank):
        # At a place of its own: the process writes at the file's.
        return os.pread(self.errors[rank].fileno(), 1 << 20, 0).decode()

    def check(self):
        for rank, process in enumerate(self.processes):
            assert process.returncode == 0, f"rank {rank} ended with status {process.returncode}: {self.text(rank)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--processes", type=int, default=1)
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
                    "float32", "--learning-rate", "1e-2", "--threads", "1", "--resume", "--join-timeout", "3",
                    "--output", run]

        started = time.monotonic()
        whole = Run(command(folder / "whole"), options.processes)
        whole.wait(None)
        whole.check()
        duration = time.monotonic() - started
        expected = result(folder / "whole")
        print(f"uninterrupted: {STEPS} steps in {duration:.1f} s")

        kills, rounds, begins, resumed, longest = 0, 0, 0, 0, 0.0
        while kills < options.kills:
            rounds += 1
            run = folder / f"killed-{rounds}"
            while True:
                before = last_step(run)
                resumed += before > 0
                begins += 1
                # Most processes die early, so that a run is killed many times before it ends.
                wait = generator.uniform(0, duration * generator.choice([0.2, 0.5, 1]))
                start = Run(command(run), options.processes)
                if not start.wait(wait if kills < options.kills else None):
                    longest = max(longest, start.kill(generator))
                    kills += 1
                    assert last_step(run) >= before, f"{run}: went back from step {before} to {last_step(run)}"
                    continue
                start.check()
                break
            found = result(run)
            assert found[0] == expected[0], f"{run}: other bytes: {found[0]} instead of {expected[0]}"
            assert found[1] == expected[1], f"{run}: other figures"
            print(
                f"run {rounds}: {kills} kills so far, {begins} starts, {resumed} of them from a checkpoint; same bytes")
        print(f"{kills} kills in {time.monotonic() - started:.0f} s: every run ended as the uninterrupted one"
              + (f"; the others ended within {longest:.1f} s" if options.processes > 1 else ""))


if __name__ == "__main__":
    main()
