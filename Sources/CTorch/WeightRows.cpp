// Blocks of ggml and rows of whole numbers: the float operations, and their order, are those of the `gguf` Python
// package's `dequantize` (as in ModelFiles' Dequantize.swift), so that the values agree bit for bit.
#include "WeightRows.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "QuantizedProducts.hpp"
#include "RowMath.hpp"

namespace ctorch {

int64_t blockLength(ct_weight_format format) {
  switch (format) {
    case CT_WEIGHT_PLAIN:
    case CT_WEIGHT_INT8:
    case CT_WEIGHT_INT4: return 0;
    case CT_WEIGHT_Q4_0:
    case CT_WEIGHT_Q4_1:
    case CT_WEIGHT_Q8_0: return 32;
    case CT_WEIGHT_Q4_K:
    case CT_WEIGHT_Q6_K: return 256;
  }
  return 0;
}

int64_t blockBytes(ct_weight_format format) {
  switch (format) {
    case CT_WEIGHT_PLAIN:
    case CT_WEIGHT_INT8:
    case CT_WEIGHT_INT4: return 0;
    case CT_WEIGHT_Q4_0: return 2 + 16;
    case CT_WEIGHT_Q4_1: return 4 + 16;
    case CT_WEIGHT_Q8_0: return 2 + 32;
    case CT_WEIGHT_Q4_K: return 4 + 12 + 128;
    case CT_WEIGHT_Q6_K: return 128 + 64 + 16 + 2;
  }
  return 0;
}

namespace {

#define INLINE static inline __attribute__((always_inline))

INLINE float bitsAsFloat(uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

// Exact value of an IEEE half.
INLINE float half(const uint8_t *bytes) {
  const uint32_t bits = uint32_t(bytes[0]) | uint32_t(bytes[1]) << 8;
  const uint32_t sign = (bits & 0x8000) << 16, magnitude = bits & 0x7fff, exponent = magnitude >> 10;
  uint32_t small;
  const float subnormal = float(int32_t(magnitude)) * 0x1p-24f;
  std::memcpy(&small, &subnormal, 4);
  const uint32_t normal = (magnitude << 13) + (112u << 23), special = (magnitude << 13) | 0x7f800000u;
  return bitsAsFloat(sign | (exponent == 0 ? small : exponent == 31 ? special : normal));
}

// The nearest IEEE half, ties to even, of a number that has one.
INLINE uint16_t nearestHalf(float value) {
#pragma clang fp contract(off)
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  const uint16_t sign = uint16_t(bits >> 16 & 0x8000);
  bits &= 0x7fffffff;
  if (bits < 113u << 23) {  // below the least normal half: steps of 2⁻²⁴
    return uint16_t(sign | uint32_t((bitsAsFloat(bits) * 0x1p24f + 12582912.0f) - 12582912.0f));
  }
  return uint16_t(sign | ((bits - (112u << 23) + 0xfff + (bits >> 13 & 1)) >> 13));
}

// Low and high halves of 16 bytes, [d · (q + offset) + m]: contraction would round otherwise.
BODY void nibbles16(const uint8_t *nibbles, float d, float m, int32_t offset, bool adds, Element *out) {
#pragma clang fp contract(off)
  for (int i = 0; i < 16; ++i) {
    const float low = d * float(int32_t(nibbles[i] & 15) + offset);
    const float high = d * float(int32_t(nibbles[i] >> 4) + offset);
    out[i] = store<Element>(adds ? low + m : low);
    out[i + 16] = store<Element>(adds ? high + m : high);
  }
}

// Scale and minimum of sub-block j of a Q4_K block: GGUF/Dequantize.swift has the layout.
INLINE void scaleAndMinimum(const uint8_t *block, int j, float &scale, float &minimum) {
  const uint8_t *packed = block + 4;
  const int s = j < 4 ? packed[j] & 63 : (packed[j + 4] & 15) | (packed[j - 4] >> 2 & 0x30);
  const int m = j < 4 ? packed[j + 4] & 63 : packed[j + 4] >> 4 | (packed[j] >> 2 & 0x30);
  scale = half(block) * float(s);
  minimum = half(block + 2) * float(m);
}

BODY void blockQ4_K(const uint8_t *block, Element *out) {
#pragma clang fp contract(off)
  for (int j = 0; j < 8; j += 2, out += 64) {
    float scale[2], minimum[2];
    scaleAndMinimum(block, j, scale[0], minimum[0]);
    scaleAndMinimum(block, j + 1, scale[1], minimum[1]);
    const uint8_t *nibbles = block + 16 + j * 16;
    for (int i = 0; i < 32; ++i) out[i] = store<Element>(scale[0] * float(nibbles[i] & 15) - minimum[0]);
    for (int i = 0; i < 32; ++i) out[i + 32] = store<Element>(scale[1] * float(nibbles[i] >> 4) - minimum[1]);
  }
}

BODY void blockQ6_K(const uint8_t *block, Element *out) {
#pragma clang fp contract(off)
  const float d = half(block + 208);
  for (int part = 0; part < 2; ++part, out += 128) {
    const uint8_t *low = block + part * 64, *high = block + 128 + part * 32;
    const auto *scales = reinterpret_cast<const int8_t *>(block + 192 + part * 8);
    for (int group = 0; group < 2; ++group) {
      float s[4];
      for (int k = 0; k < 4; ++k) s[k] = d * float(scales[group + 2 * k]);
      for (int i = group * 16; i < group * 16 + 16; ++i) {
        const int a = low[i], c = low[i + 32], bits = high[i];
        out[i] = store<Element>(s[0] * float(((a & 15) | (bits & 3) << 4) - 32));
        out[i + 32] = store<Element>(s[1] * float(((c & 15) | (bits & 12) << 2) - 32));
        out[i + 64] = store<Element>(s[2] * float((a >> 4 | (bits & 48)) - 32));
        out[i + 96] = store<Element>(s[3] * float((c >> 4 | (bits & 192) >> 2) - 32));
      }
    }
  }
}

template <typename Element, typename Block>
INLINE void eachBlock(const uint8_t *row, int64_t bytes, int64_t length, int64_t inner, Element *out, Block block) {
  for (int64_t i = 0; i < inner; i += length, row += bytes, out += length) block(row, out);
}

BODY void readRow(const StoredWeight &w, int64_t stored, Element *out) {
  const int64_t n = w.inner, bytes = blockBytes(w.format), length = blockLength(w.format);
  const auto *row = static_cast<const uint8_t *>(w.values) + (length ? n / length * bytes : 0) * stored;
  switch (w.format) {
    case CT_WEIGHT_PLAIN: {
      const int64_t first = stored * n;
      if (w.element == PlainElement::float32) {
        const auto *values = static_cast<const float *>(w.values) + first;
        for (int64_t i = 0; i < n; ++i) out[i] = store<Element>(values[i]);
      } else if (w.element == PlainElement::bfloat16) {
        const auto *values = static_cast<const c10::BFloat16 *>(w.values) + first;
        for (int64_t i = 0; i < n; ++i) out[i] = store<Element>(load(values[i]));
      } else {
        const auto *values = static_cast<const uint8_t *>(w.values) + 2 * first;
        for (int64_t i = 0; i < n; ++i) out[i] = store<Element>(half(values + 2 * i));
      }
      return;
    }
    case CT_WEIGHT_INT8: {
      const auto *values = static_cast<const int8_t *>(w.values) + stored * n;
      for (int64_t i = 0; i < n; ++i) out[i] = store<Element>(float(values[i]) * w.scales[stored]);
      return;
    }
    case CT_WEIGHT_INT4: {
      const int64_t groups = n / int4Length, o = stored % int4Outputs;
      const auto *group = static_cast<const uint8_t *>(w.values) + stored / int4Outputs * groups * int4Bytes;
      for (int64_t g = 0; g < groups; ++g, group += int4Bytes, out += int4Length) {
        const float d = half(group + 256 + 2 * o);
        for (int i = 0; i < 16; ++i) {
          const uint8_t byte = group[i / 4 * 64 + o * 4 + i % 4];
          out[i] = store<Element>(d * float((byte & 15) - 8));
          out[i + 16] = store<Element>(d * float((byte >> 4) - 8));
        }
      }
      return;
    }
    case CT_WEIGHT_Q4_0:
      return eachBlock(row, bytes, length, n, out, [](const uint8_t *b, Element *o) __attribute__((always_inline)) {
        nibbles16(b + 2, half(b), 0, -8, false, o);
      });
    case CT_WEIGHT_Q4_1:
      return eachBlock(row, bytes, length, n, out, [](const uint8_t *b, Element *o) __attribute__((always_inline)) {
        nibbles16(b + 4, half(b), half(b + 2), 0, true, o);
      });
    case CT_WEIGHT_Q8_0:
      return eachBlock(row, bytes, length, n, out, [](const uint8_t *b, Element *o) __attribute__((always_inline)) {
        const float d = half(b);
        for (int i = 0; i < 32; ++i) o[i] = store<Element>(float(int8_t(b[2 + i])) * d);
      });
    case CT_WEIGHT_Q4_K:
      return eachBlock(row, bytes, length, n, out, [](const uint8_t *b, Element *o) __attribute__((always_inline)) {
        blockQ4_K(b, o);
      });
    case CT_WEIGHT_Q6_K:
      return eachBlock(row, bytes, length, n, out, [](const uint8_t *b, Element *o) __attribute__((always_inline)) {
        blockQ6_K(b, o);
      });
  }
}

BODY void readRowsBody(const StoredWeight &w, int64_t begin, int64_t end, Element *out) {
  for (int64_t o = begin; o < end; ++o, out += w.inner) readRow(w, w.storedRow(o), out);
}

BODY float makeInt8Body(const Element *row, int64_t inner, int8_t *out) {
#pragma clang fp contract(off)
  int32_t bits = 0;  // of the largest magnitude; not-a-numbers are beyond all others
  for (int64_t i = 0; i < inner; ++i) {
    int32_t magnitude;
    std::memcpy(&magnitude, &row[i], 4);
    magnitude &= 0x7fffffff;
    bits = magnitude > bits ? magnitude : bits;
  }
  const float maximum = bitsAsFloat(uint32_t(bits));
  const float inverse = 127.0f / maximum;
  if (!(maximum < INFINITY) || !(inverse < INFINITY)) {
    std::memset(out, 0, size_t(inner));
    return maximum < INFINITY ? 0 : maximum;
  }
  for (int64_t i = 0; i < inner; ++i) {
    // Adding and taking away 1.5 · 2²³ rounds to the nearest whole number.
    out[i] = int8_t(int32_t((row[i] * inverse + 12582912.0f) - 12582912.0f));
  }
  return maximum / 127.0f;
}

// The sum of squared errors of a block with this scale, whose values become -8 ... 7 times it.
INLINE float errorOf(const float *x, float scale) {
#pragma clang fp contract(off)
  const float inverse = 1.0f / scale;
  float errors[32];
  for (int i = 0; i < 32; ++i) {
    const float rounded = (x[i] * inverse + 12582912.0f) - 12582912.0f;
    const float kept = rounded < -8.0f ? -8.0f : rounded > 7.0f ? 7.0f : rounded;
    const float error = x[i] - kept * scale;
    errors[i] = error * error;
  }
  for (int step = 16; step > 0; step /= 2) {
    for (int i = 0; i < step; ++i) errors[i] += errors[i + step];
  }
  return errors[0];
}

// The value of the largest magnitude of a block; infinite where one of them is not finite.
INLINE float largestOf(const float *x) {
  float most = x[0], least = x[0];
  int32_t bits = 0;
  for (int i = 0; i < 32; ++i) {
    most = x[i] > most ? x[i] : most;
    least = x[i] < least ? x[i] : least;
    int32_t magnitude;
    std::memcpy(&magnitude, &x[i], 4);
    magnitude &= 0x7fffffff;
    bits = magnitude > bits ? magnitude : bits;
  }
  return bits >= 0x7f800000 ? INFINITY : most >= -least ? most : least;
}

// Of scales near the one that makes the largest value -8 (ggml's choice), the one with the least squared error.
BODY bool makeQ4_0Body(const Element *row, int64_t inner, uint8_t *out) {
#pragma clang fp contract(off)
  for (int64_t first = 0; first < inner; first += 32, out += 18) {
    const float *x = row + first;
    const float largest = largestOf(x);
    if (!(std::fabs(largest) <= 8 * 65504.0f)) return false;
    uint16_t best = 0;
    float bestScale = 0, bestError = INFINITY;
    for (int candidate = 0; candidate < 12; ++candidate) {
      const uint16_t bits = nearestHalf(largest / (-8.0f + 0.2f * float(candidate - 4)));
      const uint8_t bytes[2] = {uint8_t(bits), uint8_t(bits >> 8)};
      const float scale = half(bytes);
      if (scale == 0 || !(std::fabs(scale) < INFINITY)) continue;
      const float error = errorOf(x, scale);
      if (error < bestError) best = bits, bestScale = scale, bestError = error;
    }
    out[0] = uint8_t(best);
    out[1] = uint8_t(best >> 8);
    const float inverse = bestScale == 0 ? 0 : 1.0f / bestScale;
    uint8_t numbers[32];
    for (int i = 0; i < 32; ++i) {
      const int32_t number = int32_t((x[i] * inverse + 12582912.0f) - 12582912.0f);
      numbers[i] = uint8_t((number < -8 ? -8 : number > 7 ? 7 : number) + 8);
    }
    for (int i = 0; i < 16; ++i) out[2 + i] = uint8_t(numbers[i] | numbers[i + 16] << 4);
  }
  return true;
}

template <ct_kernels level>
void readHalves(const StoredWeight &weight, int64_t begin, int64_t end, void *out) {
  Compiled<readRowsBody<c10::BFloat16>>::at(level)(weight, begin, end, static_cast<c10::BFloat16 *>(out));
}

template <ct_kernels level>
WeightRowKernels kernels() {
  return {
      .readFloats = Compiled<readRowsBody<float>>::at(level),
      .readHalves = readHalves<level>,
      .makeInt8 = Compiled<makeInt8Body<float>>::at(level),
      .makeQ4_0 = Compiled<makeQ4_0Body<float>>::at(level),
  };
}

#if defined(__x86_64__)
void readHalvesBF16(const StoredWeight &weight, int64_t begin, int64_t end, void *out) {
  if (!readHalvesByTables(weight, begin, end, out)) readHalves<CT_KERNELS_AVX512>(weight, begin, end, out);
}
#endif

WeightRowKernels kernelsAt(ct_kernels level) {
  switch (level) {
    case CT_KERNELS_AVX2: return kernels<CT_KERNELS_AVX2>();
    case CT_KERNELS_AVX512: return kernels<CT_KERNELS_AVX512>();
#if defined(__x86_64__)
    case CT_KERNELS_AVX512_BF16:
    case CT_KERNELS_AMX: {
      WeightRowKernels all = kernels<CT_KERNELS_AVX512>();
      all.readHalves = readHalvesBF16;
      return all;
    }
#endif
    default: return kernels<CT_KERNELS_PLAIN>();
  }
}

}  // namespace

void setInt4Output(const uint8_t *blocks, int64_t inner, int64_t output, uint8_t *tile) {
  for (int64_t i = 0; i < inner; i += int4Length, blocks += 18, tile += int4Bytes) {
    for (int64_t part = 0; part < 4; ++part) std::memcpy(tile + part * 64 + output * 4, blocks + 2 + part * 4, 4);
    std::memcpy(tile + 256 + output * 2, blocks, 2);
  }
}

const WeightRowKernels &weightRowKernels() { return kernelsOfThisThread<kernelsAt>(); }

}  // namespace ctorch
