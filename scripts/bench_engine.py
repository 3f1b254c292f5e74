#!/usr/bin/env python3
"""The same extraction by several programs; scripts/bench_engine.sh says how to call it.

Patron's times are those of whole processes, the loading of the model included; the peers' begin when their model is
loaded. The peers are given the prompts of both stages, as token ids, that Patron wrote down in --constrain none
(`patron extract --trace`), so that no one else has to cut articles, and no stage 2 has to wait for its stage 1.
"""

import argparse
import concurrent.futures
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SLOTS = 16


def say(text):
    print(text, file=sys.stderr, flush=True)


def run(command, **options):
    """Runs a command and says so. Gives its seconds and the most memory it had, in MiB."""
    say("$ " + shlex.join(map(str, command)))
    start = time.perf_counter()
    process = subprocess.Popen(list(map(str, command)), **options)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command[0]} ended with {process.returncode}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def first_rows(path, count, work):
    """The file itself, or its first rows in a file of the same name."""
    if count is None:
        return path
    short = work / f"{path.stem}-{count}.jsonl"
    lines = [line for line in path.open(encoding="utf-8") if line.strip()][:count]
    short.write_text("".join(lines), encoding="utf-8")
    return short


def table(rows, out):
    """Prints rows of (program, task, seconds of each run, more columns) and keeps them as JSON."""
    machine = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")),
                   platform.processor())
    print(f"\n{machine}, {os.cpu_count()} cores\n")
    first = {}
    width = max(len(row[0]) for row in rows)
    print(f"{'program':{width}}  task         median s   fastest   slowest   times faster")
    for program, task, seconds, more in rows:
        median = statistics.median(seconds)
        first.setdefault(task, median)
        print(f"{program:{width}}  {task:10} {median:10.2f} {min(seconds):9.2f} {max(seconds):9.2f} "
              f"{first[task] / median:14.2f}   {more}")
    out.write_text(json.dumps(
        dict(machine=machine, rows=[dict(program=p, task=t, seconds=s, more=m) for p, t, s, m in rows]), indent=1))
    say(f"written to {out}")


def tasks(arguments, articles=None, statements=None):
    """Name, file and options of each task."""
    count = arguments.articles or articles
    found = [("articles", first_rows(arguments.data / "extract.jsonl", count, arguments.work), ["--stage", "both"])]
    count = arguments.statements or statements
    rows = first_rows(arguments.data / "parse_clean.jsonl", count, arguments.work)
    return found + [("statements", rows, ["--stage", "parse"])]


def extract(program, path, options, output, arguments):
    return run([program, "extract", "--quiet", path, "--adapter", arguments.adapter, "--format", "jsonl", "--output",
                output, *options, *arguments.options])


def builds(arguments):
    """Another build and this one in turns, and what their records are worth."""
    rows = []
    for task, path, options in tasks(arguments):
        seconds, memory = {}, {}
        for turn in range(arguments.runs):
            # Each goes first in turn: the second finds the files in memory.
            pair = [("old", arguments.old), ("new", arguments.patron)]
            for name, program in pair if turn % 2 == 0 else reversed(pair):
                output = arguments.work / f"{name}-{task}.jsonl"
                # What this build alone knows is for this build only.
                own = dict(vars(arguments), options=arguments.options if name == "new" else [])
                time_taken, used = extract(program, path, options, output, argparse.Namespace(**own))
                seconds.setdefault(name, []).append(time_taken)
                memory[name] = max(used, memory.get(name, 0))
        for name, program in pair:
            rows.append((f"{name} {program}", task, seconds[name], f"{memory[name]:.0f} MiB"))
    table(rows, arguments.work / "builds.json")
    for task, path, _ in tasks(arguments):
        for name in ("old", "new"):
            print(f"\n{name}, {task}", flush=True)
            run([arguments.patron, "evaluate", "-p", arguments.work / f"{name}-{task}.jsonl", "-g", path])


def traces(arguments, **counts):
    """Patron's seconds on each task, without constraints, and the prompts and outputs of it."""
    rows, requests = [], {}
    for task, path, options in tasks(arguments, **counts):
        free = [*options, "--constrain", "none"]
        trace = arguments.work / f"trace-{task}.jsonl"
        output = arguments.work / f"patron-{task}.jsonl"
        extract(arguments.patron, path, [*free, "--in-flight", "1", "--trace", trace], output, arguments)
        requests[task] = [json.loads(line) for line in trace.open(encoding="utf-8")]
        seconds = [extract(arguments.patron, path, free, output, arguments)[0] for _ in range(arguments.runs)]
        rows.append(("patron", task, seconds, counted(requests[task])))
    return rows, requests


def counted(requests):
    prompt, new = (sum(len(request[key]) for request in requests) for key in ("prompt", "output"))
    return f"{len(requests)} requests, {prompt} prompt and {new} new tokens"


def agreement(requests, outputs):
    """How many outputs are the same, token by token, and how many of their tokens up to the first that is not."""
    same = sum(request["output"] == output for request, output in zip(requests, outputs))
    tokens = total = 0
    for request, output in zip(requests, outputs):
        total += len(request["output"])
        for a, b in zip(request["output"], output):
            if a != b:
                break
            tokens += 1
    return f"{same} of {len(requests)} outputs as Patron's ({tokens / max(total, 1):.1%} of the tokens)"


def transformers_(arguments):
    """The original way: the adapter loaded by PEFT and merged, one prompt after the other."""
    import peft
    import torch
    import transformers

    torch.set_num_threads(arguments.threads)
    rows, requests = traces(arguments, articles=5, statements=20)
    gguf = arguments.model
    say(f"loading {gguf} and {arguments.adapter} with transformers {transformers.__version__}, peft {peft.__version__}")
    model = transformers.AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.bfloat16, attn_implementation="sdpa")
    model = peft.PeftModel.from_pretrained(model, arguments.adapter).merge_and_unload().eval()
    peers = []
    for task, prompts in requests.items():
        stops = sorted({request["output"][-1] for request in prompts if request["finish_reason"] == "stop"})
        seconds, outputs = [], []
        for _ in range(arguments.peer_runs):
            outputs = []
            start = time.perf_counter()
            for request in prompts:
                ids = torch.tensor([request["prompt"]])
                with torch.inference_mode():
                    written = model.generate(
                        ids, attention_mask=torch.ones_like(ids), do_sample=False, temperature=None, top_p=None,
                        top_k=None, max_new_tokens=request["maximum_new_tokens"], eos_token_id=stops or None,
                        pad_token_id=0)
                outputs.append(written[0, ids.shape[1]:].tolist())
            seconds.append(time.perf_counter() - start)
            say(f"transformers, {task}: {seconds[-1]:.1f} s")
        peers.append(("transformers + PEFT", task, seconds, agreement(prompts, outputs)))
    table(peers + rows, arguments.work / "transformers.json")


SERVER = """
import sys, time, xllamacpp
path, slots, context, threads = sys.argv[1], *map(int, sys.argv[2:5])
params = xllamacpp.CommonParams()
params.model.path = path
params.n_parallel, params.n_ctx, params.cont_batching = slots, context, True
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
params.n_threads_http = slots + 2
params.verbosity = 0
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


class Server:
    """llama.cpp's server on a model, until the end of a `with`."""

    def __init__(self, path, context, arguments):
        settings = [path, SLOTS, SLOTS * context, arguments.threads]
        if arguments.llama_server:
            port = 18080 + os.getpid() % 1000
            self.address = f"http://127.0.0.1:{port}"
            command = [arguments.llama_server, "-m", path, "-np", SLOTS, "-c", SLOTS * context, "-cb", "-t",
                       arguments.threads, "--port", port]
        else:
            command = [sys.executable, "-c", SERVER, *settings]
        say("$ " + shlex.join(map(str, command if arguments.llama_server else ["xllamacpp.Server", *settings])))
        self.log = open(arguments.work / "server.log", "w")
        self.process = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)
        if not arguments.llama_server:
            self.address = self.process.stdout.readline().strip()

    def __enter__(self):
        for _ in range(600):
            try:
                urllib.request.urlopen(self.address + "/health", timeout=5).read()
                return self
            except OSError:
                if self.process.poll() is not None:
                    sys.exit(f"the server ended with {self.process.returncode}; see {self.log.name}")
                time.sleep(0.5)
        sys.exit("the server does not answer")

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait()

    def complete(self, request):
        body = json.dumps(dict(
            prompt=request["prompt"], n_predict=request["maximum_new_tokens"], temperature=0, cache_prompt=True,
            return_tokens=True)).encode()
        call = urllib.request.Request(self.address + "/completion", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(call, timeout=3600) as answer:
            return json.loads(answer.read())


def llama(arguments):
    """llama.cpp's server, which gets all prompts of a task at once."""
    if not arguments.llama_server:
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "xllamacpp==2026.10.11549"], check=True,
                       stdout=sys.stderr)
    rows, requests = traces(arguments)
    merged = arguments.work / "merged"
    run([arguments.patron, "merge", "--model", arguments.model, "--adapter", arguments.adapter, "--dtype", "bfloat16",
         "--output", merged, "--force", "--quiet"])
    longest = max(len(r["prompt"]) + r["maximum_new_tokens"] for prompts in requests.values() for r in prompts)
    context = -(-(longest + 8) // 256) * 256
    peers = []
    for kind in ("bf16", "q8_0"):
        path = arguments.work / f"merged.{kind}.gguf"
        run([sys.executable, ROOT / "scripts/make_gguf.py", merged, path, "--like", arguments.model, "--type", kind])
        with Server(path, context, arguments) as server:
            for task, prompts in requests.items():
                seconds, outputs = [], []
                for _ in range(arguments.peer_runs):
                    start = time.perf_counter()
                    with concurrent.futures.ThreadPoolExecutor(SLOTS) as pool:
                        answers = list(pool.map(server.complete, prompts))
                    seconds.append(time.perf_counter() - start)
                    say(f"llama.cpp {kind}, {task}: {seconds[-1]:.1f} s")
                    # Its tokens are without the stop token.
                    outputs = [
                        answer["tokens"] + (r["output"][-1:] if r["finish_reason"] == "stop"
                                            and answer.get("stop_type") == "eos" else [])
                        for answer, r in zip(answers, prompts)]
                peers.append((f"llama.cpp {kind.upper()}", task, seconds, agreement(prompts, outputs)))
    table(peers + rows, arguments.work / "llama.cpp.json")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("builds", "transformers", "llama.cpp"))
    parser.add_argument("old", nargs="?", type=Path, help="another build of patron, for builds")
    parser.add_argument("--patron", type=Path, default=ROOT / ".build/release/patron")
    parser.add_argument("--model", type=Path, help="the default model's GGUF file")
    parser.add_argument("--adapter", type=Path, default=ROOT / "Models/smollm2-135m/sft")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data/dev")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--articles", type=int, help="only the first rows (with transformers: 5)")
    parser.add_argument("--statements", type=int, help="only the first rows (with transformers: 20)")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peer-runs", type=int, help="default: as --runs; 1 for transformers")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--llama-server", help="a llama-server to run instead of xllamacpp's")
    parser.add_argument("--options", type=shlex.split, default=[], help="further options of this patron, in one word")
    arguments = parser.parse_args()
    if arguments.model is None:
        arguments.model = ROOT / ".deps/models/SmolLM2-135M-Instruct.Q4_1.gguf"
    if arguments.peer_runs is None:
        arguments.peer_runs = 1 if arguments.what == "transformers" else arguments.runs
    arguments.work.mkdir(parents=True, exist_ok=True)
    if arguments.what == "builds":
        if arguments.old is None:
            parser.error("builds needs the path of another build")
        builds(arguments)
    elif arguments.what == "transformers":
        transformers_(arguments)
    else:
        llama(arguments)


if __name__ == "__main__":
    main()
