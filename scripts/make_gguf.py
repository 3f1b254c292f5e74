#!/usr/bin/env python3
"""Writes a GGUF of a model folder, for llama.cpp's benchmark (needs pip's `gguf`).

    python3 scripts/make_gguf.py FOLDER OUTPUT [--like FILE.gguf] [--type bf16|q8_0]

Without --like: of a folder of scripts/make_random_model.py. The weights' values do not matter there, so the rows of
queries and keys are not reordered, and there is no vocabulary. With --like: of a folder that `patron merge` wrote from
this GGUF file. Its vocabulary and settings are taken over, and the model computes what the folder's does.
"""

import argparse
import json
from pathlib import Path

import gguf
import numpy as np

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("folder", type=Path)
parser.add_argument("output")
parser.add_argument("--like")
parser.add_argument("--type", choices=("bf16", "q8_0"), default="bf16")
arguments = parser.parse_args()
folder = arguments.folder
config = json.loads((folder / "config.json").read_text())
file_type, weight_type = {
    "bf16": (gguf.LlamaFileType.MOSTLY_BF16, gguf.GGMLQuantizationType.BF16),
    "q8_0": (gguf.LlamaFileType.MOSTLY_Q8_0, gguf.GGMLQuantizationType.Q8_0)}[arguments.type]
writer = gguf.GGUFWriter(arguments.output, "llama", use_temp_file=False)


def copy_metadata(path):
    """Everything but what the writer writes itself, and how the weights are stored."""
    for name, field in gguf.GGUFReader(path).fields.items():
        if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type",
                                                "general.quantization_version"):
            continue
        is_list = field.types[0] == gguf.GGUFValueType.ARRAY
        writer.add_key_value(name, field.contents(), field.types[0], field.types[-1] if is_list else None)


def write_settings():
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
    writer.add_tokenizer_model("no_vocab")


def interleaved(rows, heads):
    """The rows of each head as llama.cpp rotates them: neighbours, where Hugging Face rotates the two halves."""
    return rows.reshape(heads, 2, rows.shape[0] // heads // 2, *rows.shape[1:]).swapaxes(1, 2).reshape(rows.shape)


def wide(raw):
    return (raw.astype(np.uint32) << 16).view(np.float32)


if arguments.like:
    copy_metadata(arguments.like)
else:
    write_settings()
writer.add_file_type(file_type)
writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
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
        if entry["dtype"] != "BF16":
            raise SystemExit(f"{shard}: found {name} in {entry['dtype']}, expected BF16")
        start, end = (8 + size + offset for offset in entry["data_offsets"])
        raw = data[start:end].view(np.uint16).reshape(entry["shape"])
        target = names.get_name(name, try_suffixes=(".weight",))
        if arguments.like and ".q_proj." in name:
            raw = interleaved(raw, config["num_attention_heads"])
        if arguments.like and ".k_proj." in name:
            raw = interleaved(raw, config["num_key_value_heads"])
        if raw.ndim == 1:  # norms are float32 in GGUF files
            raw = wide(raw)
            writer.add_tensor_info(target, raw.shape, np.dtype(np.float32), raw.nbytes)
        else:
            if arguments.type == "q8_0":
                raw = gguf.quants.quantize(wide(raw), weight_type)
            else:
                raw = np.ascontiguousarray(raw).view(np.uint8)
            writer.add_tensor_info(target, raw.shape, np.dtype(np.uint8), raw.nbytes, raw_dtype=weight_type)
        tensors.append(raw)
writer.write_header_to_file()
writer.write_kv_data_to_file()
writer.write_ti_data_to_file()
for tensor in tensors:
    writer.write_tensor_data(tensor)
writer.close()
