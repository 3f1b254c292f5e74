#!/usr/bin/env python3
"""Loads an adapter that `patron train` wrote in PEFT and compares its logits with Patron's, in float32.
Exits 1 where they differ by more than 1e-3. Needs torch, transformers, peft and safetensors (gguf for a .gguf base).

    python3 scripts/check_adapter.py BASE ADAPTER        BASE: a Hugging Face folder or a .gguf file

PATRON: the program to ask (default: .build/release/patron).
"""

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import peft
import torch
import transformers
from safetensors.torch import load_file

base, adapter = map(Path, sys.argv[1:3])
root = Path(__file__).resolve().parent.parent
patron = os.environ.get("PATRON", root / ".build/release/patron")

if base.suffix == ".gguf":
    where = dict(pretrained_model_name_or_path=base.parent, gguf_file=base.name)
else:
    where = dict(pretrained_model_name_or_path=base)
plain = transformers.AutoModelForCausalLM.from_pretrained(**where, dtype=torch.float32).eval()
random.seed(0)
prompts = [[random.randrange(min(256, plain.config.vocab_size)) for _ in range(length)] for length in (1, 17, 200)]

with torch.inference_mode():
    without = [plain(torch.tensor([ids])).logits[0] for ids in prompts]
    model = peft.PeftModel.from_pretrained(plain, adapter).eval()
    reference = [model(torch.tensor([ids])).logits[0] for ids in prompts]

failures = 0
for merge in ("peft", "none"):
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "logits.safetensors"
        subprocess.run(
            [patron, "logits", "--model", base, "--adapter", adapter, "--merge", merge, "--dtype", "float32",
             "--output", output],
            input="".join(json.dumps(ids) + "\n" for ids in prompts), text=True, check=True)
        found = load_file(output)
    for index, (ids, wanted) in enumerate(zip(prompts, reference)):
        distance = (found[str(index)] - wanted).abs().max().item()
        effect = (wanted - without[index]).abs().max().item()
        good = distance < 1e-3
        failures += not good
        print(f"merge {merge:4}, {len(ids):3} tokens: largest distance {distance:.2e} "
              f"(the adapter moves logits by up to {effect:.2f}){'' if good else '  TOO LARGE'}")
config = model.peft_config["default"]
print(f"PEFT read: r {config.r}, alpha {config.lora_alpha}, dropout {config.lora_dropout}, "
      f"targets {sorted(config.target_modules)}, base {config.base_model_name_or_path}")
sys.exit(1 if failures else 0)
