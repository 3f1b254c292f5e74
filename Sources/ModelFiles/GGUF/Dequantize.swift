/// Decodes ggml blocks to Float32 with the float operations, in the order, of the `gguf` Python package's
/// `dequantize`, so that the values agree bit for bit.
///
/// The loops use wrapping arithmetic on raw pointers: nothing here can overflow for any input byte, release builds
/// vectorise them, and debug builds stay usable on whole models.
enum Dequantize {
  /// Decodes whole blocks.
  /// - Parameters:
  ///   - source: `blockCount * type.blockByteCount` bytes, of any alignment.
  ///   - destination: room for `blockCount * type.blockLength` values.
  ///
  /// Never inlined: Swift 6.3.1's optimiser loses the error register of a throwing caller (which then returns with a
  /// wild error) when that caller ends in a memory copy, as the Float32 case does.
  @inline(never)
  static func blocks(
    _ type: GGMLType, from source: UnsafePointer<UInt8>, to destination: UnsafeMutablePointer<Float>, blockCount: Int
  ) {
    switch type {
    case .f32:
      UnsafeMutableRawPointer(destination).copyMemory(from: source, byteCount: blockCount * 4)
    case .f16: halves(source, destination, blockCount, widen)
    case .bf16:
      halves(source, destination, blockCount) { Float(bitPattern: UInt32(truncatingIfNeeded: $0) &<< 16) }
    case .q4_0: each(.q4_0, source, destination, blockCount, q4_0)
    case .q4_1: each(.q4_1, source, destination, blockCount, q4_1)
    case .q5_0: each(.q5_0, source, destination, blockCount, q5_0)
    case .q5_1: each(.q5_1, source, destination, blockCount, q5_1)
    case .q8_0: each(.q8_0, source, destination, blockCount, q8_0)
    case .q4_K: each(.q4_K, source, destination, blockCount, q4_K)
    case .q5_K: each(.q5_K, source, destination, blockCount, q5_K)
    case .q6_K: each(.q6_K, source, destination, blockCount, q6_K)
    }
  }

  /// Decodes one block after the other.
  @inline(__always)
  private static func each(
    _ type: GGMLType, _ source: UnsafePointer<UInt8>, _ destination: UnsafeMutablePointer<Float>, _ count: Int,
    _ decode: (UnsafePointer<UInt8>, UnsafeMutablePointer<Float>) -> Void
  ) {
    let (byteCount, length) = (type.blockByteCount, type.blockLength)
    var block = source
    var out = destination
    var b = 0
    while b < count {
      decode(block, out)
      block += byteCount
      out += length
      b &+= 1
    }
  }

  // MARK: Unquantised

  @inline(__always)
  private static func halves(
    _ source: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>, _ count: Int, _ widen: (UInt16) -> Float
  ) {
    let raw = UnsafeRawPointer(source)
    var i = 0
    while i < count {
      out[i] = widen(UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: i &* 2, as: UInt16.self)))
      i &+= 1
    }
  }

  /// Exact Float32 value of an IEEE half. Branch-free, and without Float32 subnormals on the way, so that it does not
  /// depend on a thread's flush-to-zero mode.
  @inline(__always)
  static func widen(_ half: UInt16) -> Float {
    let bits = UInt32(truncatingIfNeeded: half)
    let sign = (bits & 0x8000) &<< 16
    let magnitude = bits & 0x7FFF
    let exponent = magnitude &>> 10
    let small = (Float(Int32(truncatingIfNeeded: magnitude)) * 0x1p-24).bitPattern  // subnormal halves
    let normal = (magnitude &<< 13) &+ (112 &<< 23)
    let special = (magnitude &<< 13) | 0x7F80_0000  // infinity, NaN
    return Float(bitPattern: sign | (exponent == 0 ? small : (exponent == 31 ? special : normal)))
  }

  @inline(__always)
  private static func half(_ block: UnsafePointer<UInt8>, _ offset: Int) -> Float {
    widen(UInt16(truncatingIfNeeded: block[offset]) | UInt16(truncatingIfNeeded: block[offset &+ 1]) &<< 8)
  }

  @inline(__always)
  private static func float(_ value: UInt8) -> Float { Float(Int32(truncatingIfNeeded: value)) }

  // MARK: Blocks of 32
  // Byte i of the nibbles holds value i in its low and value i + 16 in its high half.

  @inline(__always)
  private static func q4_0(_ block: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    let d = half(block, 0)
    let nibbles = block + 2
    var i = 0
    while i < 16 {
      let byte = nibbles[i]
      out[i] = d * Float(Int32(truncatingIfNeeded: byte & 15) &- 8)
      out[i &+ 16] = d * Float(Int32(truncatingIfNeeded: byte &>> 4) &- 8)
      i &+= 1
    }
  }

  @inline(__always)
  private static func q4_1(_ block: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    let d = half(block, 0)
    let m = half(block, 2)
    let nibbles = block + 4
    var i = 0
    while i < 16 {
      let byte = nibbles[i]
      out[i] = d * float(byte & 15) + m
      out[i &+ 16] = d * float(byte &>> 4) + m
      i &+= 1
    }
  }

  @inline(__always)
  private static func q5_0(_ block: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    let d = half(block, 0)
    fiveBits(high: block + 2, nibbles: block + 6) { i, low, upper in
      out[i] = d * Float(low &- 16)
      out[i &+ 16] = d * Float(upper &- 16)
    }
  }

  @inline(__always)
  private static func q5_1(_ block: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    let d = half(block, 0)
    let m = half(block, 2)
    fiveBits(high: block + 4, nibbles: block + 8) { i, low, upper in
      out[i] = d * Float(low) + m
      out[i &+ 16] = d * Float(upper) + m
    }
  }

  /// Values i and i + 16 of a block; bit i of the four high bytes is the fifth bit of value i.
  @inline(__always)
  private static func fiveBits(
    high bytes: UnsafePointer<UInt8>, nibbles: UnsafePointer<UInt8>, _ body: (Int, Int32, Int32) -> Void
  ) {
    let high = UInt32(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt32.self))
    var i: UInt32 = 0
    while i < 16 {
      let at = Int(truncatingIfNeeded: i)
      let byte = UInt32(truncatingIfNeeded: nibbles[at])
      let low = (byte & 15) | ((high &>> i) & 1) &<< 4
      let upper = (byte &>> 4) | ((high &>> (i &+ 16)) & 1) &<< 4
      body(at, Int32(truncatingIfNeeded: low), Int32(truncatingIfNeeded: upper))
      i &+= 1
    }
  }

  @inline(__always)
  private static func q8_0(_ block: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    let d = half(block, 0)
    let values = block + 2
    var i = 0
    while i < 32 {
      out[i] = signed(values[i]) * d
      i &+= 1
    }
  }

  // MARK: Super-blocks of 256

  /// Scale and minimum of sub-block `j` (0..<8): the block's times six bits each out of 12 packed bytes, which follow
  /// the block's two. Sub-blocks 0..<4 lie in the low six bits of bytes `j` and `j + 4`; the others have four bits in
  /// byte `j + 4` and their top two in the bytes before.
  @inline(__always)
  private static func scaleAndMinimum(_ block: UnsafePointer<UInt8>, _ j: Int) -> (scale: Float, minimum: Float) {
    let packed = block + 4
    let (scale, minimum): (UInt8, UInt8) =
      j < 4
      ? (packed[j] & 63, packed[j &+ 4] & 63)
      : ((packed[j &+ 4] & 15) | (packed[j &- 4] &>> 2) & 0x30, (packed[j &+ 4] &>> 4) | (packed[j] &>> 2) & 0x30)
    return (half(block, 0) * float(scale), half(block, 2) * float(minimum))
  }

  @inline(__always)
  private static func q4_K(_ block: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    var j = 0
    while j < 8 {  // two sub-blocks of 32 share 32 bytes: the first has the low nibbles
      let first = scaleAndMinimum(block, j)
      let second = scaleAndMinimum(block, j &+ 1)
      let nibbles = block + (16 &+ j &* 16)
      let out = out + j &* 32
      var i = 0
      while i < 32 {
        let byte = nibbles[i]
        out[i] = first.scale * float(byte & 15) - first.minimum
        out[i &+ 32] = second.scale * float(byte &>> 4) - second.minimum
        i &+= 1
      }
      j &+= 2
    }
  }

  @inline(__always)
  private static func q5_K(_ block: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    let high = block + 16
    var j = 0
    while j < 8 {  // bit j of high[i] is the fifth bit of value i of sub-block j
      let first = scaleAndMinimum(block, j)
      let second = scaleAndMinimum(block, j &+ 1)
      let nibbles = block + (48 &+ j &* 16)
      let out = out + j &* 32
      let shift = UInt8(truncatingIfNeeded: j)
      var i = 0
      while i < 32 {
        let byte = nibbles[i]
        let bits = high[i] &>> shift
        out[i] = first.scale * float((byte & 15) | (bits & 1) &<< 4) - first.minimum
        out[i &+ 32] = second.scale * float((byte &>> 4) | (bits & 2) &<< 3) - second.minimum
        i &+= 1
      }
      j &+= 2
    }
  }

  @inline(__always)
  private static func q6_K(_ block: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>) {
    let d = half(block, 208)
    var out = out
    var low = block
    var high = block + 128
    var scales = block + 192
    var part = 0
    while part < 2 {  // 128 values: 64 bytes of nibbles, 32 of bit pairs, 8 scales (one per 16 values)
      var group = 0
      while group < 2 {  // within each run of 32 values, the two halves have scales of their own
        let s0 = d * signed(scales[group])
        let s1 = d * signed(scales[group &+ 2])
        let s2 = d * signed(scales[group &+ 4])
        let s3 = d * signed(scales[group &+ 6])
        var i = group &* 16
        let end = i &+ 16
        while i < end {
          let a = low[i]
          let c = low[i &+ 32]
          let bits = high[i]
          out[i] = s0 * sixBit((a & 15) | (bits & 3) &<< 4)
          out[i &+ 32] = s1 * sixBit((c & 15) | (bits & 12) &<< 2)
          out[i &+ 64] = s2 * sixBit((a &>> 4) | (bits & 48))
          out[i &+ 96] = s3 * sixBit((c &>> 4) | (bits & 192) &>> 2)
          i &+= 1
        }
        group &+= 1
      }
      low += 64
      high += 32
      scales += 8
      out += 128
      part &+= 1
    }
  }

  @inline(__always)
  private static func signed(_ byte: UInt8) -> Float { Float(Int32(truncatingIfNeeded: Int8(bitPattern: byte))) }

  @inline(__always)
  private static func sixBit(_ value: UInt8) -> Float { Float(Int32(truncatingIfNeeded: value) &- 32) }
}
