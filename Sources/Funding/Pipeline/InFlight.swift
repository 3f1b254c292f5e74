/// Works on many inputs at once and hands on what comes of them in the inputs' order.
///
/// An input is taken only when fewer than `limit` are held: those that are worked on, and those that are done and wait
/// for an earlier one. So a slow first input holds back at most `limit` - 1 results, and no more texts than that are in
/// memory.
///
/// ```swift
/// try await InFlight(limit: 16).run {
///   articles.next().map(InFlight.Step.work)
/// } work: { article in
///   try await extractor.extract(id: article.id, contents: article.contents)
/// } deliver: { record in
///   try writer.write(record)
/// }
/// ```
package struct InFlight: Sendable {
  /// What is there of an input.
  package enum Step<Input: Sendable, Output: Sendable>: Sendable {
    case work(Input)
    /// Known without work, such as that a file cannot be read. It waits for its turn like all others.
    case done(Output)
  }

  /// Most inputs that are held at a time; 1: one after the other.
  package let limit: Int

  package init(limit: Int) { self.limit = max(limit, 1) }

  /// - Parameters:
  ///   - next: the next input, nil at the end. Called in the calling task, like `deliver`.
  ///   - work: runs in a task of its own, which begins where the input was taken: what it does before it first waits,
  ///     such as submitting its requests, comes before what the next input's does.
  ///   - deliver: gets each result once, in the inputs' order, as soon as those before it are delivered.
  /// - Throws: what any of the three throws, at once. The other tasks are cancelled and have ended then. What belongs to
  ///   one input only is for `Output` to carry.
  package func run<Input: Sendable, Output: Sendable>(
    next: () async throws -> Step<Input, Output>?,
    work: @escaping @Sendable (Input) async throws -> Output,
    deliver: (Output) async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: (index: Int, output: Output).self) { group in
      var taken = 0
      var delivered = 0
      var waiting: [Int: Output] = [:]
      var isAtEnd = false
      while true {
        while let output = waiting.removeValue(forKey: delivered) {
          delivered += 1
          try await deliver(output)
        }
        if !isAtEnd, taken - delivered < limit {
          try Task.checkCancellation()
          guard let step = try await next() else {
            isAtEnd = true
            continue
          }
          let index = taken
          taken += 1
          switch step {
          case .work(let input): group.addImmediateTask { (index, try await work(input)) }
          case .done(let output): waiting[index] = output
          }
        } else {
          // Nothing runs: whatever was taken is delivered.
          guard let done = try await group.next() else { return }
          waiting[done.index] = done.output
        }
      }
    }
  }
}
