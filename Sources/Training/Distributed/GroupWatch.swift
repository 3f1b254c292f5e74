import Foundation
import Synchronization
import Torch

/// A thread that listens to the other processes of a group, so that one that has ended is known of within moments,
/// whatever this process computes or waits for.
///
/// Each process keeps its last words in the store, anew each second; the one that sees another end says so there.
/// Nothing but this thread asks the store once the group is up: where the store's process is stopped the answer never
/// comes, and all that is then told is what was heard before.
final class GroupWatch: Sendable {
  /// Another process that has ended.
  struct Loss: Sendable, Equatable {
    /// nil: the store ended, with torchrun's agent.
    var rank: Int?
    /// Why, in its own words; empty where it had no time for them.
    var reason = ""
  }

  /// What another process said last.
  struct Words: Sendable {
    /// Counts on with each second that the process lives.
    var beat = ""
    var text = ""
    /// When the beat and the text last changed, by the clock here.
    var beatTime = ContinuousClock.now
    var textTime = ContinuousClock.now
  }

  private struct State {
    var ownWords = "starting"
    var words: [Int: Words] = [:]
    var loss: Loss?
    var awaitedKey: String?
    var awaitedValue: [UInt8]?
    /// Why this process ends, until the others can hear of it.
    var confession: String?
    /// The thread that trains deals with the loss itself, or is done.
    var isSettled = false
    var isOver = false
  }

  private let group: ProcessGroup
  private let state = Mutex(State())
  /// Ends the process where the thread that trains is too busy to do it.
  private let onLoss: @Sendable (Loss) -> Void
  /// How long that thread has, in seconds.
  private let grace: Double
  /// The process that runs the store; nil: torchrun's agent does.
  private let storeRank: Int?

  init(
    _ group: ProcessGroup, storeRank: Int?, grace: Double = 2, onLoss: @escaping @Sendable (Loss) -> Void
  ) {
    self.group = group
    self.storeRank = storeRank
    self.grace = grace
    self.onLoss = onLoss
    Thread { self.run() }.start()
  }

  // MARK: For the thread that trains

  var loss: Loss? { state.withLock { $0.loss } }

  func say(_ words: String) { state.withLock { $0.ownWords = words } }

  var ownWords: String { state.withLock { $0.ownWords } }

  func words(of rank: Int) -> Words? { state.withLock { $0.words[rank] } }

  /// From now on the process ends by itself.
  func settle() { state.withLock { $0.isSettled = true } }

  /// Ends the thread, unless it waits for a store that does not answer.
  func end() {
    state.withLock {
      $0.isSettled = true
      $0.isOver = true
    }
  }

  /// Asks for a value of the store until it is there; nil as long as it is not.
  func value(_ key: String) -> [UInt8]? {
    state.withLock { state in
      if state.awaitedKey != key { (state.awaitedKey, state.awaitedValue) = (key, nil) }
      return state.awaitedValue
    }
  }

  /// The loss, where it becomes known within a moment.
  func loss(within seconds: Double) -> Loss? {
    let end = ContinuousClock.now + .seconds(seconds)
    while loss == nil, ContinuousClock.now < end { usleep(10_000) }
    return loss
  }

  // MARK: The thread

  private static let lossKey = "lost"

  static func lossValue(_ loss: Loss) -> [UInt8] { Array("\(loss.rank ?? -1)|\(loss.reason)".utf8) }

  private static func loss(_ value: [UInt8]) -> Loss {
    let parts = String(decoding: value, as: UTF8.self).split(separator: "|", maxSplits: 1)
    let rank = parts.first.flatMap { Int($0) }
    return Loss(rank: rank.flatMap { $0 < 0 ? nil : $0 }, reason: parts.count > 1 ? String(parts[1]) : "")
  }

  /// Tells the others that this process ends, and why.
  func confess(_ reason: String) {
    guard loss == nil else { return }
    state.withLock { $0.confession = reason }
    let end = ContinuousClock.now + .seconds(1)
    while state.withLock({ $0.confession != nil }), loss == nil, ContinuousClock.now < end { usleep(5_000) }
    linger()
  }

  /// The process with the store ends last, so that the others hear whom they lost.
  func linger() { if group.options.servesStore, group.count > 1 { usleep(500_000) } }

  private func run() {
    var beat = 0
    var said = ""
    var nextBeat = ContinuousClock.now
    while !state.withLock({ $0.isOver }) {
      do {
        let words = ownWords
        let isBeat = ContinuousClock.now >= nextBeat
        if isBeat || words != said {
          if isBeat { (beat, nextBeat) = (beat + 1, .now + .seconds(1)) }
          said = words
          try group.put("alive/\(group.rank)", Array("\(beat)|\(words)".utf8))
        }
        if isBeat { try listen() }
        if let key = state.withLock({ $0.awaitedValue == nil ? $0.awaitedKey : nil }), let value = try group.get(key) {
          state.withLock { if $0.awaitedKey == key { $0.awaitedValue = value } }
        }
        if let reason = state.withLock({ $0.confession }) {
          try group.put(Self.lossKey, Self.lossValue(Loss(rank: group.rank, reason: reason)))
          return state.withLock { $0.confession = nil }
        }
        if let value = try group.get(Self.lossKey) {
          try? listen()
          return lose(Self.loss(value))
        }
        if let rank = group.lost {
          // Perhaps it had words for it.
          let loss = try group.get(Self.lossKey).map(Self.loss) ?? Loss(rank: rank)
          try? group.put(Self.lossKey, Self.lossValue(loss))
          try? listen()
          return lose(loss)
        }
      } catch {
        // The store is gone, and with it the process that ran it.
        if state.withLock({ $0.isOver }) { return }
        usleep(200_000)
        return lose(Loss(rank: storeRank ?? group.lost))
      }
      usleep(50_000)
    }
  }

  private func listen() throws {
    for rank in 0..<group.count where rank != group.rank {
      if let value = try group.get("alive/\(rank)") { hear(rank, String(decoding: value, as: UTF8.self)) }
    }
  }

  private func hear(_ rank: Int, _ value: String) {
    let parts = value.split(separator: "|", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return }
    state.withLock { state in
      var words = state.words[rank] ?? Words()
      if words.beat != parts[0] { words.beatTime = .now }
      if words.text != parts[1] { words.textTime = .now }
      (words.beat, words.text) = (parts[0], parts[1])
      state.words[rank] = words
    }
  }

  private func lose(_ loss: Loss) {
    state.withLock { $0.loss = loss }
    let end = ContinuousClock.now + .seconds(grace)
    while ContinuousClock.now < end {
      if state.withLock({ $0.isSettled }) { return }
      usleep(10_000)
    }
    if !state.withLock({ $0.isSettled }) { onLoss(loss) }
  }
}
