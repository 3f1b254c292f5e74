#!/usr/bin/env bash
# LoRA fine-tuning with Patron beside transformers + peft: same model, rows and settings, one after the other. Let
# nothing else run.
#
#   scripts/bench_training.sh                          SmolLM2-135M's shape, rows of about 1,024 and 4,096 tokens,
#   bfloat16 DTYPE=float32 LENGTHS=1024 scripts/bench_training.sh --checkpointing
#
# Fetches transformers and peft into .deps/peers at the first run.
set -euo pipefail
cd "$(dirname "$0")/.."
shape=${SHAPE:-smollm2-135m}
peers=$PWD/.deps/peers
python=${PEER_PYTHON:-$(scripts/peer_python.sh)}
model=${MODEL_FOLDER:-$peers/$shape}
[ -e "$model/config.json" ] || python3 scripts/make_random_model.py "$model" --shape "$shape"
patron=${PATRON:-.build/release/patron}
[ -n "${PATRON:-}" ] || make -s build >&2
exec "$python" scripts/bench_training.py "$model" --patron "$patron" --dtype "${DTYPE:-bfloat16}" \
  --lengths ${LENGTHS:-1024 4096} --threads "${THREADS:-$(nproc)}" "$@"
