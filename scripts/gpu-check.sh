#!/usr/bin/env bash
# All checks that need a GPU, in one command; without a GPU the CPU part runs and says what was left out.
#
#   scripts/gpu-check.sh                     in a checkout that `make build` works in (CUDA=1 make setup for the CUDA libraries)
#   PATRON=path/to/patron scripts/gpu-check.sh    with a binary that was built elsewhere, on a machine with only
#                                            Python's torch 2.11.0: its libtorch is used
#
# The results of a device are compared with the CPU's in float32 (patron check), then speed is measured at the shape of
# Llama-3.1-8B (16 GB of random weights, made in $WORK). Exits 1 where a check fails or a GPU is slower than it should be.
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

if ! nvidia-smi -L >/dev/null 2>&1; then
  echo "== no GPU here: the CUDA part was left out"
else
  nvidia-smi -L
  for dtype in float32 bfloat16 float16; do
    check "$PATRON" check --model "$small" --device cuda --dtype "$dtype"
  done
  large=$work/llama-3.1-8b
  [ -e "$large/config.json" ] || python3 scripts/make_random_model.py "$large"
  check "$PATRON" bench --model "$large" --device cuda --prompt 512 4096 --decode 128 --runs 5 --json | tee "$work/bench.json"
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
  check "$PATRON" bench --model "$large" --device cuda --prompt 512 --decode 128 --batch 16 --runs 3
fi
[ "$failures" = 0 ] && echo "all checks passed" || { echo "$failures checks failed"; exit 1; }
