#!/usr/bin/env bash
# Trains the default model's adapter as the one in Models/smollm2-135m/sft was trained.
#
#   scripts/train_default_adapter.sh DATA RUN [more options of patron train sft]
#
# DATA holds train/ and dev/ with parse.jsonl and extract.jsonl. RUN is the run's folder; an interrupted run goes on
# with the same command. The result is RUN/third/adapter. Four hours on two cores of an AMD EPYC (Zen 3) with nothing
# else running.
set -euo pipefail
data=${1:?usage: scripts/train_default_adapter.sh DATA RUN [options]}
run=${2:?usage: scripts/train_default_adapter.sh DATA RUN [options]}
shift 2
cd "$(dirname "$0")/.."
patron=${PATRON:-.build/release/patron}
common=(--train "$data/train/parse.jsonl" --license-filter open --dev "$data/dev/parse.jsonl" --dev-limit 40
  --dtype float32 --chunk-tokens 384 --overlap-tokens 128 --noise 0 --max-length 2048 --rank 32 --alpha 64 --dropout 0
  --schedule cosine --epochs 1 --keep 2)
# All rows once, then the statements once more with a few articles, so that stage 1 is not forgotten.
"$patron" train sft --resume --output "$run/first" "${common[@]}" --train "$data/train/extract.jsonl" \
  --negatives 0.7 --hard-negatives 0.9 --learning-rate 8e-4 --warmup-ratio 0.05 --micro-batch 4 --accumulation 2 \
  --save-every 20 --eval-every 60 "$@"
"$patron" train sft --resume --output "$run/second" "${common[@]}" --train "$data/train/extract.jsonl@0.15" \
  --init-adapter "$run/first/adapter" --negatives 1 --hard-negatives 1 --data-seed 1 --seed 1 --learning-rate 6e-4 \
  --warmup-ratio 0.05 --micro-batch 8 --accumulation 1 --save-every 30 --eval-every 0 "$@"
# Again, with as many chunks without statements as stage 1 meets, and made-up statements, which have schemes and titles.
[ -e "$run/synthetic.jsonl" ] || "$patron" data synthesize --count 800 --seed 3 --output "$run/synthetic.jsonl"
"$patron" train sft --resume --output "$run/third" "${common[@]}" --train "$run/synthetic.jsonl" \
  --train "$data/train/extract.jsonl@0.6" --init-adapter "$run/second/adapter" --negatives 3 --hard-negatives 1 \
  --data-seed 2 --seed 2 --learning-rate 6e-4 --warmup-ratio 0.03 --micro-batch 8 --accumulation 1 \
  --save-every 20 --eval-every 80 --adapter-dtype bfloat16 "$@"
