extension ModelFamily {
  /// Llama 2 and 3, SmolLM2 and others of their kind: grouped-query attention, rotary embedding, RMSNorm, SwiGLU, no
  /// biases.
  public static let llama = ModelFamily(
    huggingFaceClass: "LlamaForCausalLM", huggingFaceType: "llama", ggufName: "llama",
    embeddings: WeightName(huggingFace: "model.embed_tokens", gguf: "token_embd"),
    finalNorm: WeightName(huggingFace: "model.norm", gguf: "output_norm"),
    head: WeightName(huggingFace: "lm_head", gguf: "output"),
    block: [
      .norm(.attention, "input_layernorm", gguf: "attn_norm"),
      .linear(
        .queryKeyValue, "self_attn.q_proj", gguf: "attn_q", outputs: .queries, inputs: .hidden, isPermutedInGGUF: true),
      .linear(
        .queryKeyValue, "self_attn.k_proj", gguf: "attn_k", outputs: .keys, inputs: .hidden, isPermutedInGGUF: true),
      .linear(.queryKeyValue, "self_attn.v_proj", gguf: "attn_v", outputs: .keys, inputs: .hidden),
      .linear(.output, "self_attn.o_proj", gguf: "attn_output", outputs: .hidden, inputs: .queries),
      .norm(.feedForward, "post_attention_layernorm", gguf: "ffn_norm"),
      .linear(.gateUp, "mlp.gate_proj", gguf: "ffn_gate", outputs: .intermediate, inputs: .hidden),
      .linear(.gateUp, "mlp.up_proj", gguf: "ffn_up", outputs: .intermediate, inputs: .hidden),
      .linear(.down, "mlp.down_proj", gguf: "ffn_down", outputs: .hidden, inputs: .intermediate),
    ])
}
