#!/usr/bin/env bash
# Trains the default model's adapter as the one in Models/smollm2-135m/sft was trained.
#
#   scripts/train_default_adapter.sh DATA RUN [more options of patron train sft]
#
# DATA holds train/ and dev/ with parse.jsonl and extract.jsonl. RUN is the run's folder; an interrupted run goes on with the
# same command. The result is RUN/adapter. About 80 minutes on two cores of an AMD EPYC (Zen 3) with nothing else running.
set -euo pipefail
data=${1:?usage: scripts/train_default_adapter.sh DATA RUN [options]}
run=${2:?usage: scripts/train_default_adapter.sh DATA RUN [options]}
shift 2
cd "$(dirname "$0")/.."
exec "${PATRON:-.build/release/patron}" train sft --resume --output "$run" \
  --train "$data/train/parse.jsonl" "$data/train/extract.jsonl" --license-filter open \
  --dev "$data/dev/parse.jsonl" --dev-limit 40 --dtype float32 \
  --chunk-tokens 384 --overlap-tokens 128 --negatives 0.7 --hard-negatives 0.9 --noise 0 --max-length 2048 \
  --rank 32 --alpha 64 --dropout 0 --learning-rate 8e-4 --schedule cosine --warmup-ratio 0.05 \
  --micro-batch 4 --accumulation 2 --epochs 1 --save-every 20 --eval-every 60 --keep 2 "$@"
