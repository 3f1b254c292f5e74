#!/usr/bin/env python3
"""Writes the default model with its adapter as a Hugging Face folder in float32 and compares what transformers and
Patron make of it. Exits 1 where something differs.

    "$(scripts/peer_python.sh)" scripts/check_gguf_merge.py [FOLDER]    FOLDER: to write (default: a temporary one)

1. Token ids: transformers' fast tokenizer on the golden rows of SmolLM2 (../shared/vectors, or PATRON_SHARED).
2. Greedy continuations of 20 prompts by 64 tokens, in float32, each program on the folder: equal, up to a step whose
   two best logits differ by less than 1e-3.
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
    """The number of prompts that transformers and Patron continue differently, near ties apart.

    Patron writes with its cache, as in an extraction. transformers reads the prompt and what Patron wrote at once: its
    choice at a step is what it would have written there, as long as all choices before were the same.
    """
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    chats = prompts(tokenizer)
    ends = model.generation_config.eos_token_id
    ends = {ends} if isinstance(ends, int) else set(ends)
    equal = ties = differ = tokens = 0
    distance = 0.0
    with tempfile.TemporaryDirectory() as work:
        file = Path(work) / "logits.safetensors"
        output = patron(
            "logits", "--model", folder, "--dtype", "float32", "--output", file, "--new-tokens", NEW_TOKENS,
            input="".join(json.dumps(ids) + "\n" for ids in chats), stdout=subprocess.PIPE)
        found = [json.loads(line) for line in output.stdout.splitlines()]
        assert len(found) == PROMPTS, len(found)
        with safe_open(file, "pt") as prompt_logits, torch.inference_mode():
            for index, (ids, ours) in enumerate(zip(chats, found)):
                logits = model(torch.tensor([ids + ours])).logits[0]
                distance = max(distance, (prompt_logits.get_tensor(str(index)) - logits[:len(ids)]).abs().max().item())
                choices = logits[len(ids) - 1:-1]  # row i: before the i-th new token
                theirs = choices.argmax(-1).tolist()
                tokens += len(ours)
                # Neither may end before the limit without a token that ends an answer.
                whole = len(ours) == NEW_TOKENS or ours[-1] in ends
                if ours == theirs and whole:
                    equal += 1
                    continue
                step = next((i for i, pair in enumerate(zip(ours, theirs)) if pair[0] != pair[1]), len(ours) - 1)
                best = choices[step].topk(2).values.tolist()
                near = whole and best[0] - best[1] < NEAR_TIE
                ties += near
                differ += not near
                print(f"prompt {index}: step {step}: {ours[step]}, transformers {theirs[step]}, best logits "
                      f"{best[0] - best[1]:.2e} apart{'' if near else '  DIFFERS'}")
    print(f"continuations: {PROMPTS} prompts, {tokens} tokens: {equal} equal, {ties} up to a near tie, {differ} differ"
          f"; largest distance of a prompt's logits {distance:.1e}")
    return differ


def records_differ(folder):
    """The number of examples whose records differ between the folder and the GGUF file with its adapter."""
    card = json.loads((ADAPTER / "patron.json").read_text())
    cut = [
        "--chunk-tokens", card["chunk_tokens"], "--overlap-tokens", card["overlap_tokens"], "--chunks", card["chunks"]]
    articles = [ROOT / "Examples" / name for name in ("article.md", "odd-characters.md")]
    common = ["extract", *cut, "--dtype", "float32", "--format", "jsonl", *articles]

    def comparable(value):
        """Without times, what names the model, and what the adapter's card calibrates: the folder has no card."""
        if isinstance(value, dict):
            left_out = ("seconds", "provenance", "calibrated")
            return {key: comparable(item) for key, item in value.items() if not key.endswith(left_out)}
        return [comparable(item) for item in value] if isinstance(value, list) else value

    def records(*model):
        return [json.loads(line) for line in patron(*common, *model, stdout=subprocess.PIPE).stdout.splitlines()]

    pairs = list(zip(records("--model", folder), records("--model", "smollm2-135m", "--adapter", ADAPTER)))
    differ = 0
    for merged, original in pairs:
        same = comparable(merged) == comparable(original)
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
