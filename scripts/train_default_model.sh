#!/usr/bin/env bash
# Trains the default model's first adapter as the one in Models/smollm2-135m/sft was trained.
#
#   scripts/train_default_model.sh DATA RUN [more options of patron train sft, which win]
#
# DATA holds train/ with parse_clean, parse_silver, parse2, extract, extract2 and statements_unlabelled (.jsonl). RUN is
# the run's folder; an interrupted run goes on with the same command. The result is RUN/sft/adapter.
#
# RUN/parts is all that is needed of DATA: copied to a machine with a GPU, with RUN/synthetic.jsonl, the same command
# with --device cuda trains there (DATA is not looked at then).
#
# Copies of the rows, each with other damage and cut elsewhere, in place of epochs:
#   PASSES=3    over everything
#   SILVER=1 PARSE2=1 SYNTHETIC=1 ARTICLES=1    of these rows for each of the clean statements; 0 leaves them out
set -euo pipefail
usage='usage: scripts/train_default_model.sh DATA RUN [options]'
data=${1:?$usage}
run=${2:?$usage}
shift 2
cd "$(dirname "$0")/.."
patron=${PATRON:-.build/release/patron}

# tune decides settings and checkpoints and dapo is for the second stage: this one learns from neither.
mkdir -p "$run"
[ -e "$run/parts" ] || "$patron" data split --output "$run/parts" --part tune=0.1 --part dapo=0.2 --rest sft \
  "$data"/train/{parse_clean,parse_silver,parse2,extract,extract2,statements_unlabelled}.jsonl
# Made-up statements have the schemes and titles that are rare in real ones.
[ -e "$run/synthetic.jsonl" ] || "$patron" data synthesize --count 800 --seed 3 --output "$run/synthetic.jsonl"

rows=()
add() {  # the files of a kind, so many times
  local weight
  weight=$(awk -v passes="${PASSES:-3}" -v share="$1" 'BEGIN { print passes * share }')
  shift
  if [ "$weight" != 0 ]; then for file in "$@"; do rows+=("$file@$weight"); done; fi
}
add 1 "$run/parts/sft/parse_clean.jsonl"
add "${SILVER:-1}" "$run/parts/sft/parse_silver.jsonl"
add "${PARSE2:-1}" "$run/parts/sft/parse2.jsonl"
add "${SYNTHETIC:-1}" "$run/synthetic.jsonl"
add "${ARTICLES:-1}" "$run/parts/sft/extract.jsonl" "$run/parts/sft/extract2.jsonl"

"$patron" train sft --resume --output "$run/sft" --train "${rows[@]}" --license-filter open \
  --dev "$run/parts/tune/parse_clean.jsonl" "$run/parts/tune/extract.jsonl" --dev-limit 400 \
  --chunk-tokens 384 --overlap-tokens 128 --negatives 3 --hard-negatives 1 --max-length 2048 --noise 0.3 \
  --rank 32 --alpha 64 --dropout 0 --learning-rate 1e-3 --schedule cosine --warmup-ratio 0.03 \
  --micro-batch 16 --accumulation 1 --epochs 1 --eval-every 100 --save-every 50 --keep 2 --adapter-dtype bfloat16 "$@"
