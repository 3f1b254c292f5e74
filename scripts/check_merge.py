#!/usr/bin/env python3
"""Loads two model folders in transformers and compares their greedy tokens and logits: one that `patron merge` wrote,
and PEFT's own merge of the same adapters. Exits 1 where they differ.

    python3 scripts/check_merge.py MERGED BASE ADAPTER [ADAPTER …]
"""

import sys

import peft
import torch
import transformers

merged_folder, base_folder, *adapters = sys.argv[1:]
torch.manual_seed(0)


def load(folder):
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype="auto").eval()


merged, reference = load(merged_folder), load(base_folder)
for adapter in adapters:
    reference = peft.PeftModel.from_pretrained(reference, adapter).merge_and_unload()
assert merged.dtype == reference.dtype, (merged.dtype, reference.dtype)

different = [
    name for name, weight in reference.state_dict().items() if not torch.equal(weight, merged.state_dict()[name])]
failures = len(different)
with torch.inference_mode():
    for length in (5, 40, 200):
        ids = torch.randint(0, min(256, merged.config.vocab_size), (1, length))
        a = merged.generate(ids, max_new_tokens=32, do_sample=False)
        b = reference.generate(ids, max_new_tokens=32, do_sample=False)
        distance = (merged(ids).logits.float() - reference(ids).logits.float()).abs().max().item()
        same = torch.equal(a, b)
        failures += not same
        print(f"prompt of {length}: greedy tokens {'equal' if same else 'DIFFER'}, largest logit distance {distance:g}")
print(f"{merged.dtype}: {len(different)} of {len(reference.state_dict())} tensors differ from PEFT's {different[:5]}")
sys.exit(1 if failures else 0)
