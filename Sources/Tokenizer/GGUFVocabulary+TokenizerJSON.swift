import JSON

// The tokenizer as Hugging Face's files describe it, so that transformers' fast tokenizers give the same ids.
extension GGUFVocabulary {
  /// A `tokenizer.json`, as the published files of these models write it.
  ///
  /// - Throws: `TokenizerError`: `.malformedFile`, or `.unsupported` with the name of what is not implemented.
  public func tokenizerJSON() throws -> JSON {
    let rule = try rule()
    try check()
    let added = addedTokens
    return [
      "version": "1.0",
      "truncation": .null,
      "padding": .null,
      "added_tokens": .array(added.map(\.tokenizerJSON)),
      "normalizer": .null,
      "pre_tokenizer": rule.tokenizerJSON,
      "post_processor": postProcessor(rule),
      "decoder": .byteLevel(addsPrefixSpace: true),
      "model": [
        "type": "BPE",
        "dropout": .null,
        "unk_token": .null,
        "continuing_subword_prefix": .null,
        "end_of_word_suffix": .null,
        "fuse_unk": false,
        "byte_fallback": false,
        "ignore_merges": .bool(Self.ignoresMerges(rule)),
        "vocab": .object(try wordVocabulary(without: added)),
        "merges": .array(merges.map(JSON.string)),
      ],
    ]
  }

  /// The `tokenizer_config.json`: special tokens by name, and the chat template.
  ///
  /// The class is the plain fast tokenizer, which takes `tokenizer.json` as it stands; the classes of model families
  /// build parts of it anew. The template stands here and not in a file of its own, because every version reads it
  /// here.
  public func tokenizerConfiguration(contextLength: Int) throws -> JSON {
    try check()
    func token(_ id: Int?) -> JSON? { id.map { .string(tokens[$0]) } }
    let members: [(String, JSON?)] = [
      ("add_prefix_space", false),
      ("bos_token", token(bosTokenID)),
      ("chat_template", chatTemplate.map { .string($0) }),
      ("clean_up_tokenization_spaces", false),
      ("eos_token", token(eosTokenID)),
      ("model_max_length", .number(contextLength)),
      ("pad_token", token(paddingTokenID)),
      ("tokenizer_class", "PreTrainedTokenizerFast"),
      ("unk_token", token(unknownTokenID)),
    ]
    return .object(members.compactMap { key, value in value.map { (key, $0) } })
  }

  /// The ids of the byte-pair vocabulary by text. Added tokens at the end are left out, as in Llama 3's file: they get
  /// the same ids from the list of added tokens. Those among the others stay, as in SmolLM2's, where they would get
  /// other ids.
  private func wordVocabulary(without added: [AddedToken]) throws -> JSONObject {
    let addedIDs = Set(added.map(\.id))
    let end = (tokens.indices.last { !addedIDs.contains($0) } ?? -1) + 1
    let vocabulary = JSONObject(tokens[..<end].enumerated().map { ($1, .number($0)) })
    guard vocabulary.count == end else {
      throw TokenizerError(
        .malformedFile, "tokenizer.ggml.tokens has \(end - vocabulary.count) texts twice, expected a text for each id")
    }
    return vocabulary
  }

  /// What is added around a text that is encoded by itself. Llama 3's file puts the begin-of-text token before it;
  /// chats do not get a second one, because their template writes it and they are encoded without additions.
  private func postProcessor(_ rule: PreTokenizer) -> JSON {
    // As llama.cpp does where the metadata says nothing.
    guard addsBOS ?? (rule == .llama3), let bosTokenID else { return .null }
    let content = JSON.string(tokens[bosTokenID])
    func special(_ type: Int) -> JSON { ["SpecialToken": ["id": content, "type_id": .number(type)]] }
    func sequence(_ name: JSON, _ type: Int) -> JSON { ["Sequence": ["id": name, "type_id": .number(type)]] }
    let token: JSON = ["id": content, "ids": [.number(bosTokenID)], "tokens": [content]]
    let template: JSON = [
      "type": "TemplateProcessing",
      "single": [special(0), sequence("A", 0)],
      "pair": [special(0), sequence("A", 0), special(1), sequence("B", 1)],
      "special_tokens": .object([(tokens[bosTokenID], token)]),
    ]
    return [
      "type": "Sequence", "processors": [.byteLevel(addsPrefixSpace: true, trimsOffsets: false), template],
    ]
  }
}

extension AddedToken {
  /// Matched as it stands: nothing normalises texts, and of tokens that are matched together the longest wins, as here.
  fileprivate var tokenizerJSON: JSON {
    [
      "id": .number(id), "content": .string(content), "single_word": false, "lstrip": false, "rstrip": false,
      "normalized": false, "special": .bool(isSpecial),
    ]
  }
}
