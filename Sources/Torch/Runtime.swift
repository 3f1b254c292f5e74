import CTorch

/// The libtorch that is loaded, and the machine it runs on.
public enum Runtime {
  /// Version of the loaded libtorch, such as "2.11.0".
  public static var version: String { String(cString: ct_torch_version()) }

  /// Version of the libtorch that Patron was compiled against.
  public static var compiledVersion: String { String(cString: ct_compiled_torch_version()) }

  /// Throws when the loaded libtorch is not the one that Patron was compiled against: its classes may be laid out
  /// differently, and calls would go astray.
  public static func checkVersion() throws(TorchError) {
    guard version == compiledVersion else {
      throw TorchError(
        .device,
        "found libtorch \(version), expected \(compiledVersion): "
          + "build with the libtorch that runs (LIBTORCH=…), or point LD_LIBRARY_PATH at \(compiledVersion)")
    }
  }

  /// Vector instructions that libtorch uses on this processor, such as "AVX512".
  public static var cpuCapability: String { String(cString: ct_cpu_capability()) }

  /// Whether the processor multiplies bfloat16 in hardware, so that it is the faster dtype.
  public static var cpuHasFastBFloat16: Bool { ct_cpu_has_fast_bfloat16() }

  /// Threads that an operator uses.
  public static var threadCount: Int { Int(ct_thread_count()) }

  /// Threads that the fused operators of this module run on; other than ``threadCount`` only where libtorch comes with
  /// an OpenMP runtime that they do not find. Runs a loop to see.
  public static var loopThreadCount: Int { Int(ct_loop_thread_count()) }

  public static func setThreadCount(_ count: Int) throws(TorchError) {
    try check(ct_set_thread_count(Int32(clamping: count)))
  }

  /// Keeps freed memory for the next operator instead of giving it back to the system each time, for the whole process.
  /// For programs that do little else than run models; call it once, first.
  public static func keepFreedMemory() { ct_keep_freed_memory() }

  /// The same for blocks of any size, which otherwise come from the system anew each time; for training, whose steps
  /// all need the same blocks.
  public static func keepAllFreedMemory() { ct_keep_all_freed_memory() }

  /// Loads CUDA support if the libtorch has it. Call before the first use of `Device.cuda`; further calls do nothing.
  public static func loadCUDA() throws(TorchError) { try check(ct_cuda_load()) }

  /// GPUs that can be used; 0 before ``loadCUDA()``.
  public static var cudaDeviceCount: Int { Int(ct_cuda_device_count()) }

  /// Waits until the GPU has done all that it was given (before reading a clock).
  public static func synchronize() throws(TorchError) { try check(ct_cuda_synchronize()) }

  /// Bytes that are free on the current GPU; nil where the runtime does not tell.
  public static func freeDeviceMemory() -> Int? {
    let bytes = Int(ct_cuda_free_memory())
    return bytes > 0 ? bytes : nil
  }
}
