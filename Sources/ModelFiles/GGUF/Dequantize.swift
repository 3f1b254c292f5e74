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
    case .f16: float16(source, destination, blockCount)
    case .bf16: bfloat16(source, destination, blockCount)
    case .q4_0: q4_0(source, destination, blockCount)
    case .q4_1: q4_1(source, destination, blockCount)
    case .q5_0: q5_0(source, destination, blockCount)
    case .q5_1: q5_1(source, destination, blockCount)
    case .q8_0: q8_0(source, destination, blockCount)
    case .q4_K: q4_K(source, destination, blockCount)
    case .q5_K: q5_K(source, destination, blockCount)
    case .q6_K: q6_K(source, destination, blockCount)
    }
  }

  // MARK: Unquantised

  private static func float16(_ source: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>, _ count: Int) {
    let raw = UnsafeRawPointer(source)
    var i = 0
    while i < count {
      out[i] = widen(UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: i &* 2, as: UInt16.self)))
      i &+= 1
    }
  }

  private static func bfloat16(_ source: UnsafePointer<UInt8>, _ out: UnsafeMutablePointer<Float>, _ count: Int) {
    let raw = UnsafeRawPointer(source)
    var i = 0
    while i < count {
      let bits = UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: i &* 2, as: UInt16.self))
      out[i] = Float(bitPattern: UInt32(truncatingIfNeeded: bits) &<< 16)
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

  private static func q4_0(_ source: UnsafePointer<UInt8>, _ destination: UnsafeMutablePointer<Float>, _ count: Int) {
    var block = source
    var out = destination
    var b = 0
    while b < count {
      let d = half(block, 0)
      let nibbles = block + 2
      var i = 0
      while i < 16 {
        let byte = nibbles[i]
        out[i] = d * Float(Int32(truncatingIfNeeded: byte & 15) &- 8)
        out[i &+ 16] = d * Float(Int32(truncatingIfNeeded: byte &>> 4) &- 8)
        i &+= 1
      }
      block += 18
      out += 32
      b &+= 1
    }
  }

  private static func q4_1(_ source: UnsafePointer<UInt8>, _ destination: UnsafeMutablePointer<Float>, _ count: Int) {
    var block = source
    var out = destination
    var b = 0
    while b < count {
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
      block += 20
      out += 32
      b &+= 1
    }
  }

  private static func q5_0(_ source: UnsafePointer<UInt8>, _ destination: UnsafeMutablePointer<Float>, _ count: Int) {
    var block = source
    var out = destination
    var b = 0
    while b < count {
      let d = half(block, 0)
      let high = fifthBits(block + 2)
      let nibbles = block + 6
      var i: UInt32 = 0
      while i < 16 {
        let at = Int(truncatingIfNeeded: i)
        let byte = UInt32(truncatingIfNeeded: nibbles[at])
        let low = (byte & 15) | ((high &>> i) & 1) &<< 4
        let upper = (byte &>> 4) | ((high &>> (i &+ 16)) & 1) &<< 4
        out[at] = d * Float(Int32(truncatingIfNeeded: low) &- 16)
        out[at &+ 16] = d * Float(Int32(truncatingIfNeeded: upper) &- 16)
        i &+= 1
      }
      block += 22
      out += 32
      b &+= 1
    }
  }

  private static func q5_1(_ source: UnsafePointer<UInt8>, _ destination: UnsafeMutablePointer<Float>, _ count: Int) {
    var block = source
    var out = destination
    var b = 0
    while b < count {
      let d = half(block, 0)
      let m = half(block, 2)
      let high = fifthBits(block + 4)
      let nibbles = block + 8
      var i: UInt32 = 0
      while i < 16 {
        let at = Int(truncatingIfNeeded: i)
        let byte = UInt32(truncatingIfNeeded: nibbles[at])
        let low = (byte & 15) | ((high &>> i) & 1) &<< 4
        let upper = (byte &>> 4) | ((high &>> (i &+ 16)) & 1) &<< 4
        out[at] = d * Float(Int32(truncatingIfNeeded: low)) + m
        out[at &+ 16] = d * Float(Int32(truncatingIfNeeded: upper)) + m
        i &+= 1
      }
      block += 24
      out += 32
      b &+= 1
    }
  }

  @inline(__always)
  private static func fifthBits(_ bytes: UnsafePointer<UInt8>) -> UInt32 {
    UInt32(littleEndian: UnsafeRawPointer(bytes).loadUnaligned(as: UInt32.self))
  }

  private static func q8_0(_ source: UnsafePointer<UInt8>, _ destination: UnsafeMutablePointer<Float>, _ count: Int) {
    var block = source
    var out = destination
    var b = 0
    while b < count {
      let d = half(block, 0)
      let values = block + 2
      var i = 0
      while i < 32 {
        out[i] = Float(Int32(truncatingIfNeeded: Int8(bitPattern: values[i]))) * d
        i &+= 1
      }
      block += 34
      out += 32
      b &+= 1
    }
  }

  // MARK: Super-blocks of 256

  /// 6-bit scale and minimum of sub-block `j` (0..<8) out of the 12 packed bytes: sub-blocks 0..<4 lie in the low six
  /// bits of bytes `j` and `j + 4`; the others have four bits in byte `j + 4` and their top two in the bytes before.
  @inline(__always)
  private static func scaleAndMinimum(_ packed: UnsafePointer<UInt8>, _ j: Int) -> (scale: UInt8, minimum: UInt8) {
    if j < 4 { return (packed[j] & 63, packed[j &+ 4] & 63) }
    return (
      (packed[j &+ 4] & 15) | (packed[j &- 4] &>> 2) & 0x30,
      (packed[j &+ 4] &>> 4) | (packed[j] &>> 2) & 0x30
    )
  }

  private static func q4_K(_ source: UnsafePointer<UInt8>, _ destination: UnsafeMutablePointer<Float>, _ count: Int) {
    var block = source
    var out = destination
    var b = 0
    while b < count {
      let d = half(block, 0)
      let dmin = half(block, 2)
      var nibbles = block + 16
      var j = 0
      while j < 8 {  // two sub-blocks of 32 share 32 bytes: the first has the low nibbles
        let first = scaleAndMinimum(block + 4, j)
        let second = scaleAndMinimum(block + 4, j &+ 1)
        let d1 = d * float(first.scale)
        let m1 = dmin * float(first.minimum)
        let d2 = d * float(second.scale)
        let m2 = dmin * float(second.minimum)
        var i = 0
        while i < 32 {
          let byte = nibbles[i]
          out[i] = d1 * float(byte & 15) - m1
          out[i &+ 32] = d2 * float(byte &>> 4) - m2
          i &+= 1
        }
        nibbles += 32
        out += 64
        j &+= 2
      }
      block += 144
      b &+= 1
    }
  }

  private static func q5_K(_ source: UnsafePointer<UInt8>, _ destination: UnsafeMutablePointer<Float>, _ count: Int) {
    var block = source
    var out = destination
    var b = 0
    while b < count {
      let d = half(block, 0)
      let dmin = half(block, 2)
      let high = block + 16
      var nibbles = block + 48
      var j = 0
      while j < 8 {  // bit j of high[i] is the fifth bit of value i of sub-block j
        let first = scaleAndMinimum(block + 4, j)
        let second = scaleAndMinimum(block + 4, j &+ 1)
        let d1 = d * float(first.scale)
        let m1 = dmin * float(first.minimum)
        let d2 = d * float(second.scale)
        let m2 = dmin * float(second.minimum)
        let shift = UInt8(truncatingIfNeeded: j)
        var i = 0
        while i < 32 {
          let byte = nibbles[i]
          let bits = high[i] &>> shift
          out[i] = d1 * float((byte & 15) | (bits & 1) &<< 4) - m1
          out[i &+ 32] = d2 * float((byte &>> 4) | (bits & 2) &<< 3) - m2
          i &+= 1
        }
        nibbles += 32
        out += 64
        j &+= 2
      }
      block += 176
      b &+= 1
    }
  }

  private static func q6_K(_ source: UnsafePointer<UInt8>, _ destination: UnsafeMutablePointer<Float>, _ count: Int) {
    var block = source
    var out = destination
    var b = 0
    while b < count {
      let d = half(block, 208)
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
      block += 210
      b &+= 1
    }
  }

  @inline(__always)
  private static func signed(_ byte: UInt8) -> Float { Float(Int32(truncatingIfNeeded: Int8(bitPattern: byte))) }

  @inline(__always)
  private static func sixBit(_ value: UInt8) -> Float { Float(Int32(truncatingIfNeeded: value) &- 32) }
}
