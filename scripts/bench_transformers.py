#!/usr/bin/env python3
"""Prefill and decode speed of transformers on a model folder, measured as `patron bench` does. Prints JSON.

    python3 scripts/bench_transformers.py FOLDER [--prompt 512] [--decode 128] [--runs 5] [--threads 2]
        [--dtype float32]
"""

import argparse
import json
import statistics
import time

import torch
import transformers

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("model")
parser.add_argument("--prompt", type=int, default=512)
parser.add_argument("--decode", type=int, default=128)
parser.add_argument("--runs", type=int, default=5)
parser.add_argument("--threads", type=int, default=None)
parser.add_argument("--dtype", default="bfloat16")
parser.add_argument("--device", default="cpu")
arguments = parser.parse_args()
if arguments.threads:
    torch.set_num_threads(arguments.threads)

start = time.perf_counter()
model = transformers.AutoModelForCausalLM.from_pretrained(
    arguments.model, dtype=getattr(torch, arguments.dtype), attn_implementation="sdpa").to(arguments.device).eval()
load = time.perf_counter() - start
ids = torch.tensor(
    [[(i * 7919 + 13) % model.config.vocab_size for i in range(arguments.prompt)]], device=arguments.device)


def wait():
    if arguments.device != "cpu":
        torch.cuda.synchronize()


prefill, decode = [], []
with torch.inference_mode():
    for run in range(arguments.runs + 1):
        wait()
        start = time.perf_counter()
        output = model(ids, use_cache=True, logits_to_keep=1)
        token = output.logits[:, -1].argmax(-1, keepdim=True)
        token.cpu()
        middle = time.perf_counter()
        cache = output.past_key_values
        for _ in range(arguments.decode):
            output = model(token, past_key_values=cache, use_cache=True)
            token = output.logits[:, -1].argmax(-1, keepdim=True)
        token.cpu()
        end = time.perf_counter()
        if run:
            prefill.append(arguments.prompt / (middle - start))
            decode.append(arguments.decode / (end - middle))
print(json.dumps(dict(
    transformers=transformers.__version__, torch=torch.__version__, threads=torch.get_num_threads(),
    dtype=arguments.dtype,
    load_seconds=round(load, 2), prompt=arguments.prompt, prefill=round(statistics.median(prefill), 2),
    decode=round(statistics.median(decode), 2))))
