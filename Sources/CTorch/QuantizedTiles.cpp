// Products of digits with weights of 8 bits by matrix instructions (AMX-INT8): the weights are the left operand, 16
// outputs times 64 values as they lie in memory; the digits of up to 16 rows are the right one.
#include "QuantizedLanes.hpp"
#include "QuantizedProducts.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>
#include <cstring>

#define TILES __attribute__((target("arch=x86-64-v4,amx-tile,amx-int8")))

namespace ctorch {

bool hasInt8Tiles() { return __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("amx-int8"); }

namespace {

constexpr int64_t step = 64;     // values of a row that one instruction takes
constexpr int64_t tile = 16;     // outputs, and rows, that one instruction takes
constexpr int64_t block = 32;    // outputs that are multiplied together
constexpr int64_t tileBytes = 1024;

// Tiles 0 to 3: sums of high and low digits of the first 16 outputs, then of the others; 4 and 5: weights; 6 and 7:
// high and low digits.
struct alignas(64) Configuration {
  uint8_t palette = 1, start = 0, reserved[14] = {};
  uint16_t rowBytes[16] = {};
  uint8_t rows[16] = {};

  explicit Configuration(int64_t columns) {
    for (int t = 0; t < 8; ++t) {
      rows[t] = 16;
      rowBytes[t] = uint16_t(t == 4 || t == 5 ? step : 4 * columns);
    }
  }
};

// Weights of 32 outputs as tiles: rows `stride` bytes apart, steps `next`, the second 16 outputs `second`.
struct Panel {
  const int8_t *weights;
  int64_t stride, next, second;
};

struct alignas(64) Sums {
  int32_t values[4][tile][tile];
};

// All values of 32 outputs and of one group of rows. `ahead` is fetched meanwhile, `lines` of 64 bytes at each step.
TILES inline void multiplyPanel(
    const Panel &panel, const int8_t *digits, int64_t steps, int64_t columns, const char *ahead, int64_t lines,
    Sums &sums) {
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  const int64_t digitBytes = tile * columns * 4;
  for (int64_t s = 0; s < steps; ++s) {
    const int8_t *weights = panel.weights + s * panel.next;
    _tile_loadd(6, digits, columns * 4);
    _tile_loadd(7, digits + digitBytes, columns * 4);
    _tile_loadd(4, weights, panel.stride);
    _tile_dpbssd(0, 4, 6);
    _tile_dpbssd(1, 4, 7);
    _tile_loadd(5, weights + panel.second, panel.stride);
    _tile_dpbssd(2, 5, 6);
    _tile_dpbssd(3, 5, 7);
    digits += 2 * digitBytes;
    for (int64_t line = 0; line < lines; ++line, ahead += 64) _mm_prefetch(ahead, _MM_HINT_T1);
  }
  const int64_t rowBytes = columns * 4;
  _tile_stored(0, sums.values[0], rowBytes);
  _tile_stored(1, sums.values[1], rowBytes);
  _tile_stored(2, sums.values[2], rowBytes);
  _tile_stored(3, sums.values[3], rowBytes);
}

// [16 outputs][16 rows] -> [16 rows][16 outputs]
TILES inline void transpose(__m512 (&m)[16]) {
  __m512 t[16];
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(m[i], m[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(m[i], m[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    const auto pair = [&](int a) __attribute__((always_inline, target("arch=x86-64-v4"))) {
      return _mm512_castps_pd(t[i + a]);
    };
    m[i] = _mm512_castpd_ps(_mm512_unpacklo_pd(pair(0), pair(2)));
    m[i + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(pair(0), pair(2)));
    m[i + 2] = _mm512_castpd_ps(_mm512_unpacklo_pd(pair(1), pair(3)));
    m[i + 3] = _mm512_castpd_ps(_mm512_unpackhi_pd(pair(1), pair(3)));
  }
  for (int i = 0; i < 4; ++i) {
    t[i] = _mm512_shuffle_f32x4(m[i], m[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_f32x4(m[i], m[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_f32x4(m[i + 8], m[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_f32x4(m[i + 8], m[i + 12], 0xdd);
  }
  for (int i = 0; i < 4; ++i) {
    m[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
    m[i + 4] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0x88);
    m[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
    m[i + 12] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0xdd);
  }
}

TILES inline __m512 joined(__m512i high, __m512i low) {
  return _mm512_fmadd_ps(_mm512_cvtepi32_ps(high), _mm512_set1_ps(256), _mm512_cvtepi32_ps(low));
}

// What becomes of the sums of a group of rows and 32 outputs, of which `count` are there.
TILES inline void finish(
    const Digits &x, const Int8Product &product, int64_t group, int64_t o, int64_t count, const Sums &sums) {
  const int64_t rows = std::min(tile, x.rows - group * tile);
  for (int64_t half = 0; half * tile < count; ++half, o += tile) {
    const int64_t outputs = std::min(tile, count - half * tile);
    const __mmask16 mask = __mmask16((1u << outputs) - 1);
    const auto *high = &sums.values[2 * half][0][0], *low = &sums.values[2 * half + 1][0][0];
    const float *rowScales = x.scales() + group * tile;
    if (x.columns == 1) {
      const __m512 scales = _mm512_maskz_loadu_ps(mask, product.scales + o);
      const __m512 sum = _mm512_mul_ps(joined(_mm512_load_si512(high), _mm512_load_si512(low)), scales);
      writeLanes(product, 0, o, mask, sum, rowScales[0]);
      continue;
    }
    __m512 values[tile];
    for (int64_t i = 0; i < tile; ++i) {
      if (i >= outputs) {
        values[i] = _mm512_setzero_ps();
        continue;
      }
      const __m512 sum =
          joined(_mm512_loadu_si512(high + i * x.columns), _mm512_loadu_si512(low + i * x.columns));
      values[i] = _mm512_mul_ps(sum, _mm512_set1_ps(product.scales[o + i]));
    }
    transpose(values);
    for (int64_t r = 0; r < rows; ++r) writeLanes(product, group * tile + r, o, mask, values[r], rowScales[r]);
  }
}

// Weights of up to 32 outputs, tile after tile, with zeros where there are none.
void copyPanel(const int8_t *weights, int64_t count, int64_t inner, int64_t steps, int8_t *panel) {
  for (int64_t s = 0; s < steps; ++s) {
    const int64_t bytes = std::min(step, inner - s * step);
    for (int64_t o = 0; o < block; ++o) {
      int8_t *place = panel + (s * block + o) * step;
      if (o < count) {
        std::memcpy(place, weights + o * inner + s * step, size_t(bytes));
      } else {
        std::memset(place, 0, size_t(bytes));
      }
    }
  }
}

}  // namespace

TILES void multiplyInt8ByTiles(const Digits &x, const Int8Product &product, int64_t begin, int64_t end) {
  const Configuration configuration(x.columns);
  _tile_loadconfig(&configuration);
  const int64_t steps = x.width / step, groups = (x.rows + tile - 1) / tile;
  // Weights of a part stay in the cache while all rows pass.
  const int64_t part = std::clamp<int64_t>((768 << 10) / x.width / block, 1, 8) * block;
  // Where many rows pass they are copied to where tiles lie together.
  const bool copies = groups >= 4;
  std::unique_ptr<int8_t[]> memory;
  Sums sums;
  for (int64_t first = begin; first < end; first += part) {
    const int64_t last = std::min(first + part, end);
    Panel panels[8];
    for (int64_t o = first, p = 0; o < last; o += block, ++p) {
      const int8_t *weights = product.weights + o * x.inner;
      const int64_t count = std::min(block, last - o);
      // A tile of the last values of a row reaches into the next row, where digits are 0, but not beyond the matrix.
      const bool isInside = count == block && (x.inner == x.width || o + block < product.outputs);
      if (isInside && !copies) {
        panels[p] = {weights, x.inner, step, tile * x.inner};
        continue;
      }
      if (!memory) memory.reset(new int8_t[size_t(part * x.width + step)]);
      const auto address = reinterpret_cast<uintptr_t>(memory.get());
      int8_t *copy = memory.get() + (step - address % step) % step + p * block * x.width;
      copyPanel(weights, count, x.inner, steps, copy);
      panels[p] = {copy, step, 2 * tileBytes, tileBytes};
    }
    for (int64_t g = 0; g < groups; ++g) {
      for (int64_t o = first, p = 0; o < last; o += block, ++p) {
        const auto *ahead = reinterpret_cast<const char *>(product.weights + (o + block) * x.inner);
        const bool fetches = groups == 1 && o + block < end;
        multiplyPanel(panels[p], x.group(g), steps, x.columns, ahead, fetches ? block : 0, sums);
        finish(x, product, g, o, std::min(block, last - o), sums);
      }
    }
  }
  _tile_release();
}

}  // namespace ctorch

#else

namespace ctorch {
bool hasInt8Tiles() { return false; }
void multiplyInt8ByTiles(const Digits &, const Int8Product &, int64_t, int64_t) {}
}  // namespace ctorch

#endif
