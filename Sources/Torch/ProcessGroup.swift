import CTorch

/// Processes that compute together, on one machine or several: torch's own process groups, Gloo on CPUs and NCCL on
/// GPUs.
///
/// All processes call the collectives (``sum(_:)``, ``max(_:)``, ``broadcast(_:)``, ``barrier(seconds:)``) in the same
/// order, each from one thread. The store and ``lost`` are for any thread. Once a call has failed with
/// `TorchError.group` the group is of no more use.
public final class ProcessGroup: @unchecked Sendable {
  /// How processes find one another.
  public struct Options: Sendable, Hashable {
    /// Of this process, from 0.
    public var rank: Int
    /// Of processes.
    public var count: Int
    /// Where the store is, through which they find one another.
    public var host: String
    public var port: Int
    /// Whether this process runs the store; else somebody else does.
    public var servesStore: Bool
    /// All processes are on this machine: store and connections are bound to 127.0.0.1 alone, and `host` does not
    /// count.
    public var isLocal: Bool
    /// Of the store's keys. A store may outlive an attempt: the next one needs another prefix.
    public var prefix = "patron"
    /// How long the others are waited for when joining, in seconds.
    public var joinSeconds = 30.0
    /// How long they are waited for in a collective, in seconds.
    public var waitSeconds = 1800.0
    /// The GPU whose tensors NCCL takes; nil: all tensors go by way of the CPU.
    public var ncclDevice: Device?

    public init(rank: Int, count: Int, host: String = "127.0.0.1", port: Int, servesStore: Bool, isLocal: Bool) {
      self.rank = rank
      self.count = count
      self.host = host
      self.port = port
      self.servesStore = servesStore
      self.isLocal = isLocal
    }
  }

  public let options: Options
  private let pointer: OpaquePointer

  public var rank: Int { options.rank }
  public var count: Int { options.count }

  /// Waits until all processes have joined.
  /// - Throws: `TorchError.group` that names who did not, after ``Options/joinSeconds``.
  public init(_ options: Options) throws(TorchError) {
    self.options = options
    var out: OpaquePointer?
    let status = options.host.withCString { host in
      options.prefix.withCString { prefix in
        var code = ct_group_options()
        code.rank = Int32(clamping: options.rank)
        code.count = Int32(clamping: options.count)
        code.host = host
        code.port = Int32(clamping: options.port)
        code.serves_store = options.servesStore
        code.is_local = options.isLocal
        code.prefix = prefix
        code.join_seconds = options.joinSeconds
        code.wait_seconds = options.waitSeconds
        code.uses_nccl = options.ncclDevice != nil
        code.device = (options.ncclDevice ?? .cpu).code
        return ct_group_join(&code, &out)
      }
    }
    try check(status)
    guard let out else { throw TorchError(.unknown, "joining returned nothing") }
    pointer = out
  }

  deinit { ct_group_free(pointer) }

  // MARK: Collectives

  /// Adds up the tensors of all processes, in place. The order of the sums depends on the number of processes alone.
  public func sum(_ tensor: Tensor) throws(TorchError) { try check(ct_group_sum(pointer, tensor.pointer)) }

  /// The largest of each element, in place.
  public func max(_ tensor: Tensor) throws(TorchError) { try check(ct_group_max(pointer, tensor.pointer)) }

  /// Rank 0's values, in place.
  public func broadcast(_ tensor: Tensor) throws(TorchError) {
    try check(ct_group_broadcast(pointer, tensor.pointer))
  }

  /// Returns once all processes have come here.
  public func barrier(seconds: Double? = nil) throws(TorchError) {
    try check(ct_group_barrier(pointer, seconds ?? options.waitSeconds))
  }

  /// A barrier, after which a process may end without being missed.
  public func leave(seconds: Double? = nil) throws(TorchError) {
    try check(ct_group_leave(pointer, seconds ?? options.waitSeconds))
  }

  // MARK: The store

  /// Stores a value for all processes, over what was there.
  public func put(_ key: String, _ bytes: [UInt8]) throws(TorchError) {
    try check(ct_group_put(pointer, key, bytes, bytes.count))
  }

  /// - Parameter seconds: how long to wait for the value; 0: not at all.
  /// - Returns: nil where none is there.
  public func get(_ key: String, seconds: Double = 0) throws(TorchError) -> [UInt8]? {
    var out: OpaquePointer?
    try check(ct_group_get(pointer, key, seconds, &out))
    guard let out else { return nil }
    return try Tensor(owning: out).bytes()
  }

  /// The process before this one, where its connection broke without a farewell: it has ended. Each process watches the
  /// one before it, rank 0 the last.
  public var lost: Int? {
    let rank = Int(ct_group_lost(pointer))
    return rank < 0 ? nil : rank
  }

  /// Version of NCCL, such as 22809, where all functions that are called are there.
  /// - Parameter library: a file, which is then loaded; nil: what is loaded.
  public static func ncclVersion(library: String? = nil) throws(TorchError) -> Int {
    var version: Int32 = 0
    try check(ct_nccl_version(library, &version))
    return Int(version)
  }
}
