import Generation
import JSON

extension DataRecipe {
  /// As the configuration of a run and an adapter's `patron.json` hold it.
  public var json: JSON {
    .object([
      (
        "files",
        .array(files.map { .object([("path", .string($0.path)), ("weight", .number($0.weight))]) })
      ),
      (
        "task_weights",
        .object(
          Stage?.tasks.compactMap { task in
            taskWeights[task].map { (task.taskName, .number($0)) }
          })
      ),
      ("licenses", .string(licenses.rawValue)),
      ("skips_bad_rows", .bool(skipsBadRows)),
      ("seed", .string(String(seed))),
      ("chunk_tokens", .number(chunkTokens)),
      ("overlap_tokens", .number(overlapTokens)),
      ("negatives_per_positive", negativesPerPositive.map(JSON.number) ?? .null),
      ("hard_negative_share", .number(hardNegativeShare)),
      ("requires_verbatim_values", .bool(requiresVerbatimValues)),
      ("joined_share", .number(joinedShare)),
      ("supervised_turns", .string(supervisedTurns.rawValue)),
      (
        "noise",
        .object([
          ("share", .number(noise.share)),
          ("kinds", .array(DataNoise.Kind.allCases.filter(noise.kinds.contains).map { .string($0.rawValue) })),
        ])
      ),
      ("maximum_length", .number(maximumLength)),
    ])
  }

  /// Reads what `json` wrote; what is not named keeps its default.
  /// - Throws: `DataError.invalidRecipe` for unknown members and values of the wrong kind or range.
  public init(_ json: JSON) throws(DataError) {
    var reader = try RecipeReader(json, place: "the data recipe")
    var recipe = DataRecipe(files: [])
    for (index, element) in try reader.array("files").enumerated() {
      var file = try RecipeReader(element, place: "files[\(index)]")
      var entry = DataFile("")
      guard let path = try file.string("path") else { throw file.wrong("no path", "the path of a data file") }
      entry.path = path
      try file.read("weight", into: &entry.weight)
      try file.finish()
      recipe.files.append(entry)
    }
    if var weights = try reader.object("task_weights") {
      for task in Stage?.tasks {
        var weight = 1.0
        if try weights.read(task.taskName, into: &weight) { recipe.taskWeights[task] = weight }
      }
      try weights.finish()
    }
    try reader.read("licenses", into: &recipe.licenses)
    try reader.read("skips_bad_rows", into: &recipe.skipsBadRows)
    try reader.read("seed", into: &recipe.seed)
    try reader.read("chunk_tokens", into: &recipe.chunkTokens)
    try reader.read("overlap_tokens", into: &recipe.overlapTokens)
    try reader.read("negatives_per_positive", into: &recipe.negativesPerPositive)
    try reader.read("hard_negative_share", into: &recipe.hardNegativeShare)
    try reader.read("requires_verbatim_values", into: &recipe.requiresVerbatimValues)
    try reader.read("joined_share", into: &recipe.joinedShare)
    try reader.read("supervised_turns", into: &recipe.supervisedTurns)
    if var noise = try reader.object("noise") {
      try noise.read("share", into: &recipe.noise.share)
      if let kinds = try noise.choices("kinds", of: DataNoise.Kind.self) { recipe.noise.kinds = Set(kinds) }
      try noise.finish()
    }
    try reader.read("maximum_length", into: &recipe.maximumLength)
    try reader.finish()
    try recipe.check()
    self = recipe
  }
}

/// Reads the members of an object one by one, and knows which were not asked for.
struct RecipeReader {
  private let object: JSONObject
  private let place: String
  private var known: [String] = []

  init(_ json: JSON, place: String) throws(DataError) {
    guard let object = json.object else {
      throw DataError(.invalidRecipe, "\(place): found \(json.kindDescription), expected an object")
    }
    self.object = object
    self.place = place
  }

  func wrong(_ found: String, _ expected: String) -> DataError {
    DataError(.invalidRecipe, "\(place): found \(found), expected \(expected)")
  }

  /// - Throws: `DataError.invalidRecipe` that names a member that nothing asked for.
  func finish() throws(DataError) {
    if let key = object.keys.first(where: { !known.contains($0) }) {
      throw wrong("the member \(JSON.string(key))", known.joined(separator: ", "))
    }
  }

  private mutating func value(_ key: String) -> JSON? {
    known.append(key)
    return object[key]
  }

  private func wrong(_ key: String, _ value: JSON, _ expected: String) -> DataError {
    wrong("\(value.text().prefix(60)) as \(key)", expected)
  }

  mutating func array(_ key: String) throws(DataError) -> [JSON] {
    guard let value = value(key) else { return [] }
    guard let array = value.array else { throw wrong(key, value, "an array") }
    return array
  }

  mutating func object(_ key: String) throws(DataError) -> RecipeReader? {
    guard let value = value(key) else { return nil }
    return try RecipeReader(value, place: "\(place): \(key)")
  }

  mutating func string(_ key: String) throws(DataError) -> String? {
    guard let value = value(key) else { return nil }
    guard let string = value.string else { throw wrong(key, value, "a string") }
    return string
  }

  /// - Returns: whether the member was there.
  @discardableResult
  mutating func read(_ key: String, into target: inout Double) throws(DataError) -> Bool {
    guard let value = value(key) else { return false }
    guard let number = value.double, number.isFinite else { throw wrong(key, value, "a number") }
    target = number
    return true
  }

  mutating func read(_ key: String, into target: inout Double?) throws(DataError) {
    guard let value = value(key) else { return }
    guard !value.isNull else { return target = nil }
    guard let number = value.double, number.isFinite else { throw wrong(key, value, "a number or null") }
    target = number
  }

  mutating func read(_ key: String, into target: inout Int) throws(DataError) {
    guard let value = value(key) else { return }
    guard let number = value.int else { throw wrong(key, value, "an integer") }
    target = number
  }

  /// Seeds go beyond what other readers of JSON hold exactly, hence the string.
  mutating func read(_ key: String, into target: inout UInt64) throws(DataError) {
    guard let value = value(key) else { return }
    guard let number = (value.string ?? value.number?.literal).flatMap({ UInt64($0) }) else {
      throw wrong(key, value, "an integer of 64 bits, 0 or more")
    }
    target = number
  }

  mutating func read(_ key: String, into target: inout Bool) throws(DataError) {
    guard let value = value(key) else { return }
    guard let flag = value.bool else { throw wrong(key, value, "true or false") }
    target = flag
  }

  mutating func choices<Choice: RawRepresentable & CaseIterable>(
    _ key: String, of type: Choice.Type
  ) throws(DataError) -> [Choice]? where Choice.RawValue == String {
    guard let value = value(key) else { return nil }
    var choices: [Choice] = []
    for element in value.array ?? [.null] {
      guard let choice = element.string.flatMap(Choice.init) else {
        throw wrong(key, value, "an array of some of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      choices.append(choice)
    }
    return choices
  }

  mutating func read<Choice: RawRepresentable & CaseIterable>(
    _ key: String, into target: inout Choice
  ) throws(DataError) where Choice.RawValue == String {
    guard let value = value(key) else { return }
    guard let choice = value.string.flatMap(Choice.init) else {
      throw wrong(key, value, Choice.allCases.map(\.rawValue).joined(separator: ", "))
    }
    target = choice
  }
}
