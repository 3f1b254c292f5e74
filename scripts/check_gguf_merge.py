#!/usr/bin/env python3
"""Writes the default model with its adapter as a Hugging Face folder in float32 and compares what transformers and
Patron make of it. Exits 1 where something differs.

    "$(scripts/peer_python.sh)" scripts/check_gguf_merge.py [FOLDER]    FOLDER: to write (default: a temporary one)

1. Token ids: transformers' fast tokenizer on the golden rows of SmolLM2 (../shared/vectors, or PATRON_SHARED).
2. Greedy continuations of 20 prompts by 64 tokens, in float32, each program on the folder: equal, up to a step whose
   two best logits differ by less than 1e-3. Patron decodes with its cache, as in an extraction, and so does
   transformers' `generate`.
3. Records of two examples: Patron with the folder, and with the GGUF file and the adapter.

PATRON: the program to ask (default: .build/release/patron).
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from safetensors import safe_open

PROMPTS, NEW_TOKENS, NEAR_TIE = 20, 64, 1e-3
ROOT = Path(__file__).resolve().parent.parent
PATRON = os.environ.get("PATRON", ROOT / ".build/release/patron")
VECTORS = Path(os.environ.get("PATRON_SHARED", ROOT.parent / "shared")) / "vectors"
ADAPTER = ROOT / "Models/smollm2-135m/sft"


def patron(*arguments, **options):
    return subprocess.run([PATRON, *map(str, arguments)], check=True, text=True, **options)


def rows(name):
    return [json.loads(line) for line in (VECTORS / name).open(encoding="utf-8")]


def tokens_differ(tokenizer):
    """The number of golden rows whose ids differ."""
    differ = 0
    encoding = rows("tokenizer_smollm2.jsonl")
    for row in encoding:
        # "plain": strings of special tokens are ordinary text.
        tokenizer.backend_tokenizer.encode_special_tokens = row["special"] == "plain"
        ids = tokenizer.backend_tokenizer.encode(row["text"], add_special_tokens=False).ids
        if row["special"] == "parse" and tokenizer(row["text"])["input_ids"] != ids:
            ids = None  # nothing is added around a text
        if ids != row["ids"]:
            differ += 1
            print(f"ids differ: {row['text'][:60]!r}: {ids and ids[:12]}, expected {row['ids'][:12]}")
    tokenizer.backend_tokenizer.encode_special_tokens = False
    decoding = rows("tokenizer_smollm2_decode.jsonl")
    for row in decoding:
        for key, skips in (("decoded", False), ("decoded_skip_special", True)):
            text = tokenizer.decode(row["ids"], skip_special_tokens=skips)
            if text != row[key]:
                differ += 1
                print(f"texts differ: {text[:60]!r}, expected {row[key][:60]!r}")
    print(f"tokenizer ({type(tokenizer).__name__}): {len(encoding)} rows encoded, {len(decoding)} decoded, "
          f"{differ} differ")
    return differ


def prompts(tokenizer):
    """Ids of chats: half with what the model was taught to read, half with short questions."""
    texts = [row["text"] for row in rows("tokenizer_smollm2.jsonl") if row["kind"] == "statement"][:PROMPTS]
    assert len(texts) == PROMPTS and len(set(texts)) == PROMPTS
    questions = ["Extract funding information from the following statement:\n\n{}", "Who paid for this? {}"]
    return [
        tokenizer.apply_chat_template(
            [{"role": "user", "content": questions[index % 2].format(text)}], add_generation_prompt=True,
            return_dict=False)
        for index, text in enumerate(texts)]


def continuations_differ(folder, tokenizer):
    """The number of prompts that transformers and Patron continue differently, near ties apart."""
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    chats = prompts(tokenizer)
    with tempfile.TemporaryDirectory() as work:
        output = patron(
            "logits", "--model", folder, "--dtype", "float32", "--output", Path(work) / "logits.safetensors",
            "--new-tokens", NEW_TOKENS, input="".join(json.dumps(ids) + "\n" for ids in chats), stdout=subprocess.PIPE)
        with safe_open(Path(work) / "logits.safetensors", "pt") as file, torch.inference_mode():
            distance = max(
                (file.get_tensor(str(index)) - model(torch.tensor([ids])).logits[0]).abs().max().item()
                for index, ids in enumerate(chats))
    found = [json.loads(line) for line in output.stdout.splitlines()]
    assert len(found) == PROMPTS, len(found)
    equal = ties = differ = tokens = 0
    for index, (ids, ours) in enumerate(zip(chats, found)):
        with torch.inference_mode():
            output = model.generate(
                torch.tensor([ids]), attention_mask=torch.ones(1, len(ids), dtype=torch.long), do_sample=False,
                max_new_tokens=NEW_TOKENS, output_logits=True, return_dict_in_generate=True)
        theirs = output.sequences[0, len(ids):].tolist()
        tokens += len(theirs)
        if ours == theirs:
            equal += 1
            continue
        step = next((i for i, pair in enumerate(zip(ours, theirs)) if pair[0] != pair[1]), min(len(ours), len(theirs)))
        best = output.logits[step][0].topk(2).values.tolist() if step < len(theirs) else [1.0, 0.0]
        near = best[0] - best[1] < NEAR_TIE
        ties += near
        differ += not near
        print(f"prompt {index}: step {step}: {ours[step:step + 3]}, transformers {theirs[step:step + 3]}, "
              f"best logits {best[0] - best[1]:.2e} apart{'' if near else '  DIFFERS'}")
    print(f"continuations: {PROMPTS} prompts, {tokens} tokens: {equal} equal, {ties} up to a near tie, {differ} differ"
          f"; largest distance of a prompt's logits {distance:.1e}")
    return differ


def records_differ(folder):
    """The number of examples whose records differ between the folder and the GGUF file with its adapter."""
    card = json.loads((ADAPTER / "patron.json").read_text())
    cut = [
        "--chunk-tokens", card["chunk_tokens"], "--overlap-tokens", card["overlap_tokens"], "--chunks", card["chunks"]]
    articles = sorted((ROOT / "Examples").glob("*.md"))[:2]
    assert articles, "no example articles"
    common = ["extract", *cut, "--dtype", "float32", "--format", "jsonl", *articles]

    def records(*model):
        output = patron(*common, *model, stdout=subprocess.PIPE).stdout
        return [{key: value for key, value in json.loads(line).items() if key not in ("provenance", "seconds")}
                for line in output.splitlines()]

    def timeless(value):
        if isinstance(value, dict):
            return {key: timeless(item) for key, item in value.items() if not key.endswith("seconds")}
        return [timeless(item) for item in value] if isinstance(value, list) else value

    def without_calibration(value):
        """The adapter's card turns probabilities into calibrated ones; the folder has no card."""
        if isinstance(value, dict):
            return {key: without_calibration(item) for key, item in value.items() if key != "confidence"}
        return [without_calibration(item) for item in value] if isinstance(value, list) else value

    pairs = list(zip(records("--model", folder), records("--model", "smollm2-135m", "--adapter", ADAPTER)))
    differ = 0
    for merged, original in pairs:
        same = without_calibration(timeless(merged)) == without_calibration(timeless(original))
        differ += not same
        print(f"record of {Path(merged['id']).name}: {'equal' if same else 'DIFFERS'}")
    return differ + (len(pairs) != len(articles))


def main():
    with tempfile.TemporaryDirectory() as work:
        folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(work) / "merged"
        patron("merge", "--model", "smollm2-135m", "--adapter", ADAPTER, "--dtype", "float32", "--output", folder)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        transformers.logging.set_verbosity_error()
        failures = tokens_differ(tokenizer)
        failures += continuations_differ(folder, tokenizer)
        failures += records_differ(folder)
    sys.exit(1 if failures else 0)


main()
