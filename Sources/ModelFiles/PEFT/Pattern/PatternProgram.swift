/// A regular expression as instructions, and what runs them over a name.
///
/// No instruction is run twice at one place of a name: what failed there fails again. So a match takes at most as many
/// steps as there are instructions and places, whatever the expression; each look-around and atomic group is a match of
/// its own. What takes more steps than `maximumStepCount` with those is refused.
struct PatternProgram: Sendable {
  enum Instruction: Sendable {
    case character(ASCIISet)
    case place(PatternPlace)
    /// Goes on at `first`, and where that fails at `second`.
    case either(first: Int, second: Int)
    case jump(Int)
    /// Remembers the place as the beginning or the end of the wanted group.
    case mark(isEnd: Bool)
    /// A match of its own, of the instructions from the next one on; the expression goes on at `end`.
    case look(end: Int, behind: Int?, isNegated: Bool)
    case atomic(end: Int)
    case done
  }

  private(set) var instructions: [Instruction] = []

  static let maximumInstructionCount = 10_000
  static let maximumStepCount = 2_000_000

  /// - Throws: `PatternProblem` for an expression that is too long with its quantifiers written out.
  init(_ node: PatternNode) throws {
    try add(node)
    try append(.done)
  }

  // MARK: Making

  private mutating func append(_ instruction: Instruction) throws {
    guard instructions.count < Self.maximumInstructionCount else {
      throw PatternProblem.unsupported(
        "more than \(Self.maximumInstructionCount) parts with all repetitions written out", "shorten it")
    }
    instructions.append(instruction)
  }

  private mutating func add(_ node: PatternNode) throws {
    switch node {
    case .character(let set): try append(.character(set))
    case .place(let place): try append(.place(place))
    case .sequence(let parts): for part in parts { try add(part) }
    case .choice(let parts): try addChoice(parts)
    case .repetition(let part, let minimum, let maximum, let isLazy):
      for _ in 0..<minimum { try add(part) }
      if let maximum {
        try addOptional(part, count: maximum - minimum, isLazy: isLazy)
      } else {
        try addLoop(part, isLazy: isLazy)
      }
    case .captured(let part):
      try append(.mark(isEnd: false))
      try add(part)
      try append(.mark(isEnd: true))
    case .look(let part, let behind, let isNegated):
      try addMatch(part) { .look(end: $0, behind: behind, isNegated: isNegated) }
    case .atomic(let part): try addMatch(part) { .atomic(end: $0) }
    }
  }

  private mutating func addChoice(_ parts: [PatternNode]) throws {
    var jumps: [Int] = []
    for part in parts.dropLast() {
      let fork = instructions.count
      try append(.done)
      try add(part)
      jumps.append(instructions.count)
      try append(.done)
      instructions[fork] = .either(first: fork + 1, second: instructions.count)
    }
    if let last = parts.last { try add(last) }
    for jump in jumps { instructions[jump] = .jump(instructions.count) }
  }

  private mutating func addLoop(_ part: PatternNode, isLazy: Bool) throws {
    let fork = instructions.count
    try append(.done)
    try add(part)
    try append(.jump(fork))
    instructions[fork] = Self.fork(into: fork + 1, orOver: instructions.count, isLazy: isLazy)
  }

  private mutating func addOptional(_ part: PatternNode, count: Int, isLazy: Bool) throws {
    var forks: [Int] = []
    for _ in 0..<count {
      forks.append(instructions.count)
      try append(.done)
      try add(part)
    }
    for fork in forks { instructions[fork] = Self.fork(into: fork + 1, orOver: instructions.count, isLazy: isLazy) }
  }

  private static func fork(into: Int, orOver over: Int, isLazy: Bool) -> Instruction {
    isLazy ? .either(first: over, second: into) : .either(first: into, second: over)
  }

  private mutating func addMatch(_ part: PatternNode, _ instruction: (_ end: Int) -> Instruction) throws {
    let start = instructions.count
    try append(.done)
    try add(part)
    try append(.done)
    instructions[start] = instruction(instructions.count)
  }

  // MARK: Running

  /// A match at the beginning of `name`.
  /// - Returns: nil where there is none; else the wanted group, if it took part.
  /// - Throws: `PatternProblem` where it takes too many steps.
  func match(_ name: [UInt8]) throws -> (group: Range<Int>?, end: Int)? {
    var run = PatternRun(instructions: instructions, name: name)
    guard let end = try run.match(from: 0, to: instructions.count, at: 0) else { return nil }
    return (run.group, end)
  }
}

/// One match of a program.
private struct PatternRun {
  let instructions: [PatternProgram.Instruction]
  let name: [UInt8]
  private(set) var start: Int?
  private(set) var end: Int?
  private var stepCount = 0

  init(instructions: [PatternProgram.Instruction], name: [UInt8]) {
    self.instructions = instructions
    self.name = name
  }

  var group: Range<Int>? {
    guard let start, let end, start <= end else { return nil }
    return start..<end
  }

  /// What is left to try.
  private enum Task {
    case run(instruction: Int, place: Int)
    case restore(start: Int?, end: Int?)
  }

  /// Runs the instructions of `first..<last`, the last of which is `done`.
  /// - Returns: where the match ends.
  mutating func match(from first: Int, to last: Int, at place: Int) throws -> Int? {
    let width = name.count + 1
    var visited = [Bool](repeating: false, count: (last - first) * width)
    try count((last - first) * width / 64 + 1)
    var tasks = [Task.run(instruction: first, place: place)]
    while let task = tasks.popLast() {
      guard case .run(var instruction, var place) = task else {
        if case .restore(let oldStart, let oldEnd) = task { (start, end) = (oldStart, oldEnd) }
        continue
      }
      steps: while true {
        let key = (instruction - first) * width + place
        if visited[key] { break }
        visited[key] = true
        try count(1)
        switch instructions[instruction] {
        case .character(let set):
          guard place < name.count, set.contains(name[place]) else { break steps }
          place += 1
          instruction += 1
        case .place(let kind):
          guard holds(kind, at: place) else { break steps }
          instruction += 1
        case .either(let first, let second):
          tasks.append(.run(instruction: second, place: place))
          instruction = first
        case .jump(let target): instruction = target
        case .mark(let isEnd):
          tasks.append(.restore(start: start, end: end))
          if isEnd { end = place } else { start = place }
          instruction += 1
        case .look(let next, let behind, let isNegated):
          let from = place - (behind ?? 0)
          let isFound = try from >= 0 && match(from: instruction + 1, to: next, at: from) != nil
          guard isFound != isNegated else { break steps }
          instruction = next
        case .atomic(let next):
          guard let end = try match(from: instruction + 1, to: next, at: place) else { break steps }
          place = end
          instruction = next
        case .done: return place
        }
      }
    }
    return nil
  }

  private mutating func count(_ steps: Int) throws {
    stepCount += steps
    guard stepCount <= PatternProgram.maximumStepCount else {
      throw PatternProblem.unsupported(
        "more than \(PatternProgram.maximumStepCount) steps to match \(name.count) characters",
        "write it with fewer look-arounds")
    }
  }

  private func holds(_ place: PatternPlace, at index: Int) -> Bool {
    switch place {
    case .start: index == 0
    case .end: index == name.count
    case .wordBoundary: isWordBoundary(index)
    case .noWordBoundary: !isWordBoundary(index)
    }
  }

  private func isWordBoundary(_ index: Int) -> Bool {
    let before = index > 0 && ASCIISet.wordCharacters.contains(name[index - 1])
    let after = index < name.count && ASCIISet.wordCharacters.contains(name[index])
    return before != after
  }
}
