#!/usr/bin/env python3
"""Writes a Hugging Face folder of a Llama model with random bfloat16 weights, for measurements at a size that cannot be
downloaded here. Python's standard library only.

    scripts/make_random_model.py OUTPUT                        the shape of Llama-3.1-8B, 16 GB
    scripts/make_random_model.py OUTPUT --shape smollm2-135m
    scripts/make_random_model.py OUTPUT --tokenizer DIR        with DIR's tokenizer and chat template

Without --tokenizer the folder gets a tokenizer of single bytes and a ChatML template, which is enough for benchmarks.
"""

import argparse
import gzip
import json
import os
import random
import shutil
import struct
import sys
from pathlib import Path

SHAPES = {
    "llama-3.1-8b": dict(
        vocab_size=128256, hidden_size=4096, intermediate_size=14336, num_hidden_layers=32, num_attention_heads=32,
        num_key_value_heads=8, head_dim=128, rope_theta=500000.0, max_position_embeddings=131072,
        rms_norm_eps=1e-5, tie_word_embeddings=False, bos_token_id=128000, eos_token_id=[128001, 128008, 128009],
        rope_scaling=dict(factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                          original_max_position_embeddings=8192, rope_type="llama3")),
    "smollm2-135m": dict(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
        num_key_value_heads=3, head_dim=64, rope_theta=100000.0, max_position_embeddings=8192, rms_norm_eps=1e-5,
        tie_word_embeddings=True, bos_token_id=1, eos_token_id=[2], rope_scaling=None),
    "tiny": dict(
        vocab_size=300, hidden_size=64, intermediate_size=160, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, rope_theta=10000.0, max_position_embeddings=2048, rms_norm_eps=1e-5,
        tie_word_embeddings=True, bos_token_id=1, eos_token_id=[2], rope_scaling=None),
}
SHARD_BYTES = 5_000_000_000


def tensors(config):
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    queries = config["num_attention_heads"] * config["head_dim"]
    keys = config["num_key_value_heads"] * config["head_dim"]
    yield "model.embed_tokens.weight", [config["vocab_size"], hidden]
    for layer in range(config["num_hidden_layers"]):
        prefix = f"model.layers.{layer}."
        yield prefix + "input_layernorm.weight", [hidden]
        yield prefix + "self_attn.q_proj.weight", [queries, hidden]
        yield prefix + "self_attn.k_proj.weight", [keys, hidden]
        yield prefix + "self_attn.v_proj.weight", [keys, hidden]
        yield prefix + "self_attn.o_proj.weight", [hidden, queries]
        yield prefix + "post_attention_layernorm.weight", [hidden]
        yield prefix + "mlp.gate_proj.weight", [inner, hidden]
        yield prefix + "mlp.up_proj.weight", [inner, hidden]
        yield prefix + "mlp.down_proj.weight", [hidden, inner]
    yield "model.norm.weight", [hidden]
    if not config["tie_word_embeddings"]:
        yield "lm_head.weight", [config["vocab_size"], hidden]


def noise(generator, count):
    """bfloat16 bytes of normal values with deviation 0.02: the upper halves of float32."""
    values = struct.pack(f"<{count}f", *(generator.gauss(0, 0.02) for _ in range(count)))
    return b"".join(values[i + 2:i + 4] for i in range(0, len(values), 4))


def byte_tokenizer(vocab_size):
    # The printable stand-ins of byte-level BPE: printable Latin-1 keeps its place, the others move above U+0100.
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    moved = [byte for byte in range(256) if byte not in kept]
    letters = {**{byte: chr(byte) for byte in kept}, **{byte: chr(256 + i) for i, byte in enumerate(moved)}}
    special = ["<|im_start|>", "<|im_end|>"]
    return {
        "version": "1.0", "normalizer": None,
        "added_tokens": [
            dict(id=256 + i, content=content, special=True, normalized=False, lstrip=False, rstrip=False,
                 single_word=False) for i, content in enumerate(special)],
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Digits", "individual_digits": True},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}]},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "vocab": {letters[byte]: byte for byte in range(256)}, "merges": []},
    }


CHATML = (
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}"
    "{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}")


def write_weights(folder, config, seed):
    generator = random.Random(seed)
    block = noise(generator, 1 << 20)
    shards, sizes = [[]], [0]
    for name, shape in tensors(config):
        size = 2
        for extent in shape:
            size *= extent
        if sizes[-1] and sizes[-1] + size > SHARD_BYTES:
            shards.append([])
            sizes.append(0)
        shards[-1].append((name, shape, size))
        sizes[-1] += size
    index = {}
    for number, shard in enumerate(shards, 1):
        file_name = "model.safetensors" if len(shards) == 1 else f"model-{number:05}-of-{len(shards):05}.safetensors"
        header, offset = {"__metadata__": {"format": "pt"}}, 0
        for name, shape, size in shard:
            header[name] = dict(dtype="BF16", shape=shape, data_offsets=[offset, offset + size])
            index[name] = file_name
            offset += size
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        with open(folder / file_name, "wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for name, shape, size in shard:
                if len(shape) == 1:
                    file.write(b"\x80\x3f" * shape[0])  # norms are 1
                    continue
                while size:  # another start each time, so that no two rows are alike
                    start = 2 * generator.randrange(len(block) // 4)
                    part = block[start:start + min(size, len(block) - start)]
                    file.write(part)
                    size -= len(part)
        print(f"{file_name}: {offset / 1e9:.2f} GB", file=sys.stderr)
    if len(shards) > 1:
        (folder / "model.safetensors.index.json").write_text(
            json.dumps(dict(metadata=dict(total_size=sum(sizes)), weight_map=index), indent=2))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("output")
    parser.add_argument("--shape", choices=SHAPES, default="llama-3.1-8b")
    parser.add_argument(
        "--tokenizer", help="folder with tokenizer.json[.gz], tokenizer_config.json, chat_template.jinja")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    folder, config = Path(arguments.output), SHAPES[arguments.shape]
    folder.mkdir(parents=True, exist_ok=True)
    write_weights(folder, config, arguments.seed)
    (folder / "config.json").write_text(json.dumps(dict(
        architectures=["LlamaForCausalLM"], model_type="llama", hidden_act="silu", attention_bias=False,
        mlp_bias=False, torch_dtype="bfloat16", **config), indent=2))
    (folder / "generation_config.json").write_text(json.dumps(dict(eos_token_id=config["eos_token_id"])))
    if arguments.tokenizer:
        source = Path(arguments.tokenizer)
        for name in ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja"]:
            if (source / name).exists():
                shutil.copy(source / name, folder / name)
            elif (source / (name + ".gz")).exists():
                with gzip.open(source / (name + ".gz")) as packed, open(folder / name, "wb") as plain:
                    shutil.copyfileobj(packed, plain)
    else:
        (folder / "tokenizer.json").write_text(json.dumps(byte_tokenizer(config["vocab_size"])))
        (folder / "tokenizer_config.json").write_text(json.dumps(dict(tokenizer_class="PreTrainedTokenizerFast")))
        (folder / "chat_template.jinja").write_text(CHATML)
    os.sync()


if __name__ == "__main__":
    main()
