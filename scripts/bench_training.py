#!/usr/bin/env python3
"""Tokens per second and peak memory of LoRA fine-tuning, Patron beside transformers + peft.

    python3 scripts/bench_training.py MODEL_FOLDER --patron .build/release/patron --lengths 1024 4096

Both train the same rows in the same order with the same settings (r 64, alpha 128, dropout 0.05, all linear layers but
the head, AdamW, no gradient checkpointing unless asked for), each in a process of its own. Speed: the median of the
optimizer steps
after the first. Memory: the process's largest resident set.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def make_rows(path, length, count, vocabulary):
    """Rows of about `length` tokens, the last eighth supervised, as extraction rows are."""
    generator = random.Random(length)
    with open(path, "w") as file:
        for index in range(count):
            size = length + generator.randrange(-length // 16, length // 16 + 1)
            ids = [generator.randrange(vocabulary) for _ in range(size)]
            answer = size // 8
            labels = [-100] * (size - answer) + ids[size - answer:]
            file.write(json.dumps({"id": str(index), "input_ids": ids, "labels": labels}) + "\n")


def train_with_peers(options):
    import peft
    import torch
    import transformers

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    rows = [json.loads(line) for line in open(options.rows)]
    model = transformers.AutoModelForCausalLM.from_pretrained(
        options.model, dtype=getattr(torch, options.dtype), attn_implementation="sdpa")
    model = peft.get_peft_model(model, peft.LoraConfig(
        r=64, lora_alpha=128, lora_dropout=0.05, target_modules="all-linear", task_type="CAUSAL_LM"))
    if options.checkpointing:
        model.gradient_checkpointing_enable()
        model.enable_input_require_grads()
    model.train()
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, weight_decay=0)
    per_step = options.micro_batch * options.accumulation
    for step in range(options.steps):
        start = time.perf_counter()
        batch = rows[step * per_step:(step + 1) * per_step]
        supervised = sum(label != -100 for row in batch for label in row["labels"][1:])
        total = 0.0
        for first in range(0, per_step, options.micro_batch):
            micro = batch[first:first + options.micro_batch]
            width = max(len(row["input_ids"]) for row in micro)
            pad = lambda values, filler: torch.tensor([v + [filler] * (width - len(v)) for v in values])
            ids = pad([row["input_ids"] for row in micro], 0)
            labels = pad([row["labels"] for row in micro], -100)
            mask = pad([[1] * len(row["input_ids"]) for row in micro], 0)
            loss = model(input_ids=ids, attention_mask=mask, labels=labels, num_items_in_batch=supervised).loss
            loss.backward()
            total += loss.item()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        report(step, batch, total, time.perf_counter() - start)


def report(step, batch, loss, seconds):
    tokens = sum(len(row["input_ids"]) for row in batch)
    print(json.dumps({"step": step + 1, "loss": loss, "tokens": tokens, "seconds": seconds}), flush=True)


def run(command):
    """What a process prints, its peak memory in bytes and its processor time in seconds."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command[0]} failed")
    return output, usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime


def run_patron(options, rows, folder, shared):
    _, memory, seconds = run(
        [options.patron, "train", "sft", "--model", options.model, "--tokenized", str(rows), "--no-shuffle", "--quiet",
         "--epochs", "1", "--save-every", "0", "--eval-every", "0", "--schedule", "constant",
         "--output", str(folder / "run")] + shared)
    lines = map(json.loads, (folder / "run/metrics.jsonl").read_text().splitlines())
    return [(line["train/tokens_per_second"], line["train/loss"]) for line in lines], memory, seconds


def run_peers(options, rows, shared):
    output, memory, seconds = run(
        [sys.executable, __file__, options.model, "--rows", str(rows), "--steps", str(options.steps)] + shared)
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    return [(line["tokens"] / line["seconds"], line["loss"]) for line in lines], memory, seconds


def median_speed(steps):
    """Of the steps after the first, which warms up."""
    return statistics.median(speed for speed, _ in steps[1:] or steps)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--patron", default=".build/release/patron")
    parser.add_argument("--dtype", default="bfloat16")
    parser.add_argument("--lengths", type=int, nargs="+", default=[1024, 4096])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--micro-batch", type=int, default=2)
    parser.add_argument("--accumulation", type=int, default=1)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--checkpointing", action="store_true")
    parser.add_argument("--only", choices=["patron", "peers"])
    parser.add_argument("--rows", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.rows:
        return train_with_peers(options)

    config = json.loads((Path(options.model) / "config.json").read_text())
    for length in options.lengths:
        results = {}
        with tempfile.TemporaryDirectory() as folder:
            rows = Path(folder) / "rows.jsonl"
            make_rows(rows, length, options.steps * options.micro_batch * options.accumulation, config["vocab_size"])
            shared = ["--dtype", options.dtype, "--threads", str(options.threads),
                      "--micro-batch", str(options.micro_batch), "--accumulation", str(options.accumulation)]
            shared += ["--checkpointing"] if options.checkpointing else []
            if options.only != "peers":
                results["patron"] = run_patron(options, rows, Path(folder), shared)
            if options.only != "patron":
                results["transformers + peft"] = run_peers(options, rows, shared)
        for name, (steps, memory, seconds) in results.items():
            print(f"{name:20} rows of {length:5}: {median_speed(steps):7.1f} tok/s, peak {memory / 2**30:5.2f} GiB, "
                  f"{seconds:6.1f} s of processor time, loss {steps[0][1]:.4f} -> {steps[-1][1]:.4f}", flush=True)
        if len(results) == 2:
            (ours, our_peak, _), (theirs, their_peak, _) = results.values()
            print(f"{'ratio':20} rows of {length:5}: {median_speed(ours) / median_speed(theirs):.2f} x the speed, "
                  f"{our_peak / their_peak:.2f} x the memory", flush=True)


if __name__ == "__main__":
    main()
