#!/usr/bin/env bash
# All checks that need a GPU, in one command; without a GPU the CPU part runs and says what was left out.
#
#   scripts/gpu-check.sh                          in a checkout that `make build` works in
#                                                 (CUDA=1 make setup for the CUDA libraries)
#   PATRON=path/to/patron scripts/gpu-check.sh    with a binary that was built elsewhere, on a machine with only
#                                                 Python's torch 2.11.0: its libtorch is used
#
# The results of a device are compared with the CPU's in float32 (patron check, three steps of train sft), then speed is
# measured at the shape of Llama-3.1-8B (16 GB of random weights, made in $WORK). Exits 1 where a check fails or a GPU
# is slower than it should be.
set -euo pipefail
cd "$(dirname "$0")/.."
work=${WORK:-${TMPDIR:-/tmp}/patron-gpu-check}
mkdir -p "$work"
if [ -z "${PATRON:-}" ]; then
  make -s build >&2
  PATRON=.build/release/patron
fi
torch=$(python3 -c 'import torch, os; print(os.path.join(os.path.dirname(torch.__file__), "lib"))' 2>/dev/null || true)
# A binary from elsewhere has no libtorch beside it.
if [ -n "$torch" ] && ! "$PATRON" --version >/dev/null 2>&1; then
  export LD_LIBRARY_PATH="$torch${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
fi
"$PATRON" --version

failures=0
check() {
  echo "== $*"
  "$@" || { echo "FAILED: $*"; failures=$((failures + 1)); }
}

small=$work/smollm2-135m
[ -e "$small/config.json" ] || python3 scripts/make_random_model.py "$small" --shape smollm2-135m
check "$PATRON" check --model "$small" --dtype float32
check "$PATRON" check --model "$small" --dtype bfloat16

# Three steps of fine-tuning on a device, into $work/train-NAME: 4 rows of about 256 tokens each.
python3 - "$work" <<'PYTHON'
import json, random, sys
draw = random.Random(1)
for name, count, length in (("small", 12, 256), ("long", 6, 8192)):
    with open(f"{sys.argv[1]}/{name}.jsonl", "w") as file:
        for index in range(count):
            ids = [draw.randrange(10, 49000) for _ in range(length)]
            labels = [-100] * (length * 7 // 8) + ids[length * 7 // 8:]
            file.write(json.dumps({"id": str(index), "input_ids": ids, "labels": labels}) + "\n")
PYTHON
train() {
  local name=$1
  shift
  rm -rf "$work/train-$name"
  check "$PATRON" train sft --quiet --tokenized "$work/small.jsonl" --model "$small" --no-shuffle --epochs 1 \
    --dropout 0 --micro-batch 2 --accumulation 2 --learning-rate 1e-3 --save-every 0 --eval-every 0 \
    --output "$work/train-$name" "$@"
}
# The losses and gradient norms of two such runs, within a tolerance.
compare_training() {
  python3 - "$work/train-$1/metrics.jsonl" "$work/train-$2/metrics.jsonl" "$3" <<'PYTHON'
import json, sys
left, right = ([json.loads(line) for line in open(path)] for path in sys.argv[1:3])
far = max(abs(a[k] / b[k] - 1) for a, b in zip(left, right) for k in ("train/loss", "train/grad_norm"))
print(f"largest relative difference of loss and gradient norm over {len(right)} steps: {far:.1e}, "
      f"at most {sys.argv[3]}")
sys.exit(len(left) != len(right) or len(right) != 3 or far > float(sys.argv[3]))
PYTHON
}
train cpu --dtype float32
train cpu-bfloat16 --dtype bfloat16
check compare_training cpu-bfloat16 cpu 0.05
train cpu-checkpointing --dtype float32 --checkpointing
check compare_training cpu-checkpointing cpu 1e-4

if ! nvidia-smi -L >/dev/null 2>&1; then
  echo "== no GPU here: the CUDA part was left out"
else
  nvidia-smi -L
  for dtype in float32 bfloat16 float16; do
    check "$PATRON" check --model "$small" --device cuda --dtype "$dtype"
  done
  train cuda --device cuda --dtype float32
  check compare_training cuda cpu 0.005
  train cuda-bfloat16 --device cuda --dtype bfloat16
  check compare_training cuda-bfloat16 cpu 0.05
  large=$work/llama-3.1-8b
  [ -e "$large/config.json" ] || python3 scripts/make_random_model.py "$large"
  check "$PATRON" bench model --model "$large" --device cuda --prompt 512 4096 --decode 128 --runs 5 --json |
    tee "$work/bench.json"
  # At least this on an H100; other GPUs are only reported.
  if nvidia-smi -L | grep -q H100; then
    python3 - "$work/bench.json" <<'PYTHON' || failures=$((failures + 1))
import json, sys
text = open(sys.argv[1]).read()
figures = json.loads(text[text.index("{"):])["figures"]
best = {name: max(f["tokens_per_second"] for f in figures if f["figure"] == name) for name in ("prefill", "decode")}
slow = [f"{name} {best[name]} tok/s, expected {least}" for name, least in (("prefill", 15000), ("decode", 120))
        if best[name] < least]
print("; ".join(slow) if slow else f"fast enough: {best}")
sys.exit(bool(slow))
PYTHON
  fi
  check "$PATRON" bench model --model "$large" --device cuda --prompt 512 --decode 128 --batch 16 --runs 3
  # Rows of 8,192 tokens, two at a time, r 64: the memory that the GPU shows, tokens a second, and their share of its
  # peak.
  rm -rf "$work/train-8b"
  "$PATRON" train sft --quiet --tokenized "$work/long.jsonl" --model "$large" --device cuda --dtype bfloat16 \
    --checkpointing --micro-batch 2 --accumulation 1 --epochs 1 --save-every 0 --eval-every 0 \
    --output "$work/train-8b" &
  training=$! peak=0
  while kill -0 "$training" 2>/dev/null; do
    used=$(nvidia-smi --query-gpu=memory.used --format=csv,noheader,nounits | head -1)
    peak=$((used > peak ? used : peak))
    sleep 0.2
  done
  wait "$training" || { echo "FAILED: train sft with rows of 8,192 tokens"; failures=$((failures + 1)); }
  check python3 - "$work/train-8b/metrics.jsonl" "$peak" <<'PYTHON'
import json, sys
speed = sorted(json.loads(line)["train/tokens_per_second"] for line in list(open(sys.argv[1]))[1:])[0]
# Forward and backward without gradients of the weights: 4 operations a weight and token (6.98e9 in the layers); an H100
# has 989e12.
print(f"8B, 8,192-token rows x 2, checkpointing: {speed:.0f} tok/s, "
      f"{speed * 4 * 6.98e9 / 989e12:.1%} of an H100's bf16 peak, "
      f"{int(sys.argv[2]) / 1024:.1f} GiB of GPU memory (at most 80)")
sys.exit(int(sys.argv[2]) > 80 * 1024)
PYTHON
fi
[ "$failures" = 0 ] && echo "all checks passed" || { echo "$failures checks failed"; exit 1; }
