#!/usr/bin/env python3
"""Writes a bfloat16 GGUF of a folder of scripts/make_random_model.py, for llama.cpp's benchmark (needs pip's `gguf`).

The weights' values do not matter there, so the rows of queries and keys are not reordered, and there is no vocabulary.
"""

import json
import sys
from pathlib import Path

import gguf
import numpy as np

folder, output = Path(sys.argv[1]), sys.argv[2]
config = json.loads((folder / "config.json").read_text())
writer = gguf.GGUFWriter(output, "llama", use_temp_file=False)
writer.add_context_length(config["max_position_embeddings"])
writer.add_embedding_length(config["hidden_size"])
writer.add_block_count(config["num_hidden_layers"])
writer.add_feed_forward_length(config["intermediate_size"])
writer.add_head_count(config["num_attention_heads"])
writer.add_head_count_kv(config["num_key_value_heads"])
writer.add_rope_dimension_count(config["head_dim"])
writer.add_rope_freq_base(config["rope_theta"])
writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
writer.add_vocab_size(config["vocab_size"])
writer.add_file_type(gguf.LlamaFileType.MOSTLY_BF16)
writer.add_tokenizer_model("no_vocab")
names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, config["num_hidden_layers"])
tensors = []
for shard in sorted(folder.glob("*.safetensors")):
    with open(shard, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(size))
    data = np.memmap(shard, dtype=np.uint8, mode="r")
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        start, end = (8 + size + offset for offset in entry["data_offsets"])
        raw = data[start:end].view(np.uint16)
        target = names.get_name(name, try_suffixes=(".weight",))
        if len(entry["shape"]) == 1:  # norms are float32 in GGUF files
            raw = (raw.astype(np.uint32) << 16).view(np.float32)
            writer.add_tensor_info(target, raw.shape, np.dtype(np.float32), raw.nbytes)
        else:
            raw = raw.view(np.uint8).reshape(entry["shape"][0], -1)
            writer.add_tensor_info(
                target, raw.shape, np.dtype(np.uint8), raw.nbytes, raw_dtype=gguf.GGMLQuantizationType.BF16)
        tensors.append(raw)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_ti_data_to_file()
for tensor in tensors:
    writer.write_tensor_data(tensor)
writer.close()
