import Foundation
import Generation
import JSON
import Synchronization

/// What a generator does with many requests at once.
struct RequestBench: Sendable {
  /// Of one request, in seconds since it was submitted.
  struct Timing: Sendable {
    var firstToken: Double
    var end: Double
    var promptTokens: Int
    var newTokens: Int
  }

  let timings: [Timing]
  /// From the first submission to the last result.
  let seconds: Double

  /// Submits all calls, each at its time from a task of its own, and waits for all.
  static func run(_ calls: [RequestMix.Call], with generator: any ChatGenerator) async throws -> RequestBench {
    let start = ContinuousClock.now
    let timings = try await withThrowingTaskGroup(of: [Timing].self) { group in
      for call in calls {
        if call.arrival > 0 { try await Task.sleep(until: start + .seconds(call.arrival), clock: .continuous) }
        group.addImmediateTask { try await time(call.requests, with: generator) }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    return RequestBench(timings: timings, seconds: (ContinuousClock.now - start) / .seconds(1))
  }

  private static func time(
    _ requests: [CompletionRequest], with generator: any ChatGenerator
  ) async throws -> [Timing] {
    let start = ContinuousClock.now
    let times = TokenTimes(count: requests.count)
    let completions = try await generator.complete(requests) { progress in
      if case .token = progress.event { times.note(progress.request) }
      return true
    }
    let end = ContinuousClock.now
    return zip(completions, times.found).map { completion, times in
      Timing(
        firstToken: ((times?.first ?? end) - start) / .seconds(1), end: ((times?.last ?? end) - start) / .seconds(1),
        promptTokens: completion.promptTokens.count, newTokens: completion.tokens.count)
    }
  }

  var promptTokens: Int { timings.reduce(0) { $0 + $1.promptTokens } }
  var newTokens: Int { timings.reduce(0) { $0 + $1.newTokens } }

  /// The smallest of these values that at least `share` of them do not exceed.
  static func percentile(_ share: Double, of values: [Double]) -> Double {
    guard !values.isEmpty else { return 0 }
    let rank = Int((share * Double(values.count)).rounded(.up))
    return values.sorted()[min(max(rank, 1), values.count) - 1]
  }

  /// Names, figures and their units.
  var figures: [(name: String, value: Double, unit: String)] {
    let (firsts, ends) = (timings.map(\.firstToken), timings.map(\.end))
    return [
      ("seconds", seconds, "s"),
      ("prompt_tokens_per_second", Double(promptTokens) / seconds, "tok/s"),
      ("new_tokens_per_second", Double(newTokens) / seconds, "tok/s"),
      ("first_token_p50", Self.percentile(0.5, of: firsts), "s"),
      ("first_token_p95", Self.percentile(0.95, of: firsts), "s"),
      ("latency_p50", Self.percentile(0.5, of: ends), "s"),
      ("latency_p95", Self.percentile(0.95, of: ends), "s"),
    ]
  }
}

/// When the first and the last token of each request came.
private final class TokenTimes: Sendable {
  private let times: Mutex<[(first: ContinuousClock.Instant, last: ContinuousClock.Instant)?]>

  init(count: Int) { times = Mutex(Array(repeating: nil, count: count)) }

  func note(_ request: Int) {
    let now = ContinuousClock.now
    times.withLock { times in
      if times.indices.contains(request) { times[request] = (times[request]?.first ?? now, now) }
    }
  }

  var found: [(first: ContinuousClock.Instant, last: ContinuousClock.Instant)?] { times.withLock { $0 } }
}
