import Foundation
import Synchronization

/// Members of a group, as threads of this process.
package enum Members {
  private final class Outcomes<Value: Sendable>: Sendable {
    let values: Mutex<[Int: Result<Value, any Error>]> = Mutex([:])
  }

  /// Runs `body` once for each rank below `count`, all at the same time.
  /// - Returns: what they return or throw, by rank.
  package static func run<Value: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (_ rank: Int) throws -> Value
  ) -> [Result<Value, any Error>] {
    let outcomes = Outcomes<Value>()
    let group = DispatchGroup()
    for rank in 0..<count {
      group.enter()
      // Threads, not a queue, which may give all of them one thread.
      Thread {
        let result = Result { try body(rank) }
        outcomes.values.withLock { $0[rank] = result }
        group.leave()
      }.start()
    }
    group.wait()
    return outcomes.values.withLock { values in (0..<count).map { values[$0]! } }
  }
}

/// Ports of 127.0.0.1.
package enum LocalPort {
  /// One that nothing listened on a moment ago.
  package static func free() throws -> Int {
    let (port, socket) = try taken()
    close(socket)
    return port
  }

  /// One that the socket listens on.
  package static func taken() throws -> (port: Int, socket: Int32) {
    let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(socket, address, size) == 0 && listen(socket, 1) == 0 && getsockname(socket, address, &size) == 0
      }
    }
    guard socket >= 0, status else { throw CocoaError(.fileReadUnknown) }
    return (Int(UInt16(bigEndian: address.sin_port)), socket)
  }
}
