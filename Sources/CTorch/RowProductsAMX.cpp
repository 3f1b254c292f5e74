// Products of rows of bfloat16 by AMX: a tile of 16 outputs x 32 elements, as it lies in memory, times a tile of the
// same 32 elements of up to 16 rows of x. Sums are those of TDPBF16PS with ascending elements.
#include "RowProducts.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#include <algorithm>
#include <cstring>

#pragma clang attribute push( \
    __attribute__((target("arch=x86-64-v4,avx512bf16,amx-tile,amx-bf16"))), apply_to = function)

namespace ctorch {
namespace {

using Half = c10::BFloat16;

constexpr int64_t tileOutputs = 16, tileRows = 16, tileElements = 32, tileBytes = 1024;
constexpr int64_t panelOutputs = 2 * tileOutputs;
constexpr int64_t rowsOfPart = 512;
// With more rows than this a panel of weights is copied, so that its tiles stand in the cache without gaps.
constexpr int64_t rowsWithoutCopy = 64;
// Outputs whose sums stand in scratch while the parts of `inner` are gone through.
constexpr int64_t outputsOfBlock = 128;
// Tiles of `inner` that are gone through with all rows before the next: the panel's part and that of 32 rows fit the
// nearest cache.
constexpr int64_t tilesOfPart = 9;

int64_t tilesOf(int64_t inner) { return (inner + tileElements - 1) / tileElements; }

// `inner` in parts that are gone through with all rows, one after the other: as tiles.
struct Parts {
  int64_t tiles, ofEach, count;

  explicit Parts(int64_t inner) : tiles(tilesOf(inner)) {
    count = std::max<int64_t>(1, (tiles + tilesOfPart - 1) / tilesOfPart);
    ofEach = (tiles + count - 1) / count;
  }
  int64_t first(int64_t part) const { return std::min(part * ofEach, tiles); }
};

// Columns of the tiles of x: all 16, unless there are fewer rows in all.
int64_t tileColumns(int64_t rows) { return std::min(rows, tileRows); }

size_t packedBytes(int64_t rows, int64_t inner) {
  return size_t((rows + tileRows - 1) / tileRows * tilesOf(inner) * tileBytes);
}

// Of the sums of a block: for each 32 rows and 32 outputs four tiles.
size_t sumBytes(int64_t rows) {
  const int64_t pairs = (std::min(rows, rowsOfPart) + 2 * tileRows - 1) / (2 * tileRows);
  return size_t(outputsOfBlock / tileOutputs * 2 * pairs * tileBytes);
}

// Sums of a block, then part of a panel of weights.
size_t scratchBytes(int64_t rows) {
  return sumBytes(rows) + size_t(2 * tilesOfPart * tileBytes);
}

__mmask16 firstLanes(int64_t count) { return __mmask16((1u << std::clamp<int64_t>(count, 0, 16)) - 1); }

__mmask32 firstElements(int64_t count) {
  return count >= 32 ? ~__mmask32(0) : (__mmask32(1) << std::max<int64_t>(0, count)) - 1;
}

// Rows and columns of 16 x 16 values of 32 bits change places.
inline __attribute__((always_inline)) void transpose(__m512i (&v)[16]) {
  __m512i t[16];
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(v[i], v[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(v[i], v[i + 1]);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i += 4) {
    v[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    v[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    v[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    v[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; ++i) {
    t[i] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(v[i], v[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(v[i + 8], v[i + 12], 0xdd);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; ++i) {
    v[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    v[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
    v[i + 4] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0x88);
    v[i + 12] = _mm512_shuffle_i32x4(t[i + 4], t[i + 12], 0xdd);
  }
}

// x as tiles [rowsOfPart, parts of inner, rows / 16, inner / 32, pairs of elements 16, rows 16, 2]: what is multiplied
// together lies together. What is missing is 0.
char *packedTile(const RowProduct<Half> &product, const Parts &parts, int64_t row, int64_t part) {
  const int64_t begin = row / rowsOfPart * rowsOfPart, first = parts.first(part);
  const int64_t rowTiles = (std::min(rowsOfPart, product.rows - begin) + tileRows - 1) / tileRows;
  const int64_t place = begin / tileRows * parts.tiles + first * rowTiles +
                        (row - begin) / tileRows * (parts.first(part + 1) - first);
  return static_cast<char *>(product.packed) + place * 64 * tileColumns(product.rows);
}

void pack(const RowProduct<Half> &product, const Half *x, int64_t firstRow, int64_t lastRow) {
  const Parts parts(product.inner);
  const int64_t columns = tileColumns(product.rows);
  const __mmask16 lanes = firstLanes(columns);
  for (int64_t row = firstRow; row < lastRow; row += tileRows) {
    const int64_t count = std::min(tileRows, product.rows - row);
    for (int64_t part = 0; part < parts.count; ++part) {
      char *target = packedTile(product, parts, row, part);
      for (int64_t tile = parts.first(part); tile < parts.first(part + 1); ++tile, target += 64 * columns) {
        const __mmask32 mask = firstElements(product.inner - tile * tileElements);
        const Half *source = x + row * product.inner + tile * tileElements;
        __m512i v[16];
        for (int64_t r = 0; r < 16; ++r) {
          v[r] = r < count ? _mm512_maskz_loadu_epi16(mask, source + r * product.inner) : _mm512_setzero_si512();
        }
        transpose(v);
        for (int64_t pair = 0; pair < 16; ++pair) _mm512_mask_storeu_epi32(target + 4 * columns * pair, lanes, v[pair]);
      }
    }
  }
}

// Tiles 0 to 3: sums, of the first 16 outputs with the first and second rows, then of the second; 4 and 5: weights;
// 6 and 7: x.
struct alignas(64) TileConfiguration {
  uint8_t palette = 1, start = 0, reserved[14] = {};
  uint16_t bytesOfRow[16] = {};
  uint8_t rows[16] = {};

  explicit TileConfiguration(int64_t columns) {
    for (int tile = 0; tile < 8; ++tile) {
      rows[tile] = 16;
      bytesOfRow[tile] = tile == 4 || tile == 5 ? 64 : uint16_t(4 * columns);
    }
  }
};

// Where the tiles of a panel of weights lie: a tile's rows are `stride` bytes apart, the next tile of the same outputs
// begins `next` bytes on, that of the next 16 outputs `second`.
struct Panel {
  const char *weights;
  int64_t stride, next, second;
};

// Where the tiles of x lie for 32 rows: those of the second 16 begin `second` bytes after those of the first.
struct Rows {
  const char *x;
  int64_t columns, second;
};

// What is prefetched with each tile of `inner`: lines `stride` bytes apart, for the next tile `next` bytes on.
struct Ahead {
  const char *memory;
  int64_t lines, stride, next;
};

// sums (+)= panel · x for `tiles` tiles.
template <int outputTiles, int rowTiles>
inline __attribute__((always_inline)) void multiplyTiles(
    const Panel &panel, const Rows &rows, int64_t tiles, bool continues, char *sums, Ahead ahead) {
  const int64_t xStride = 4 * rows.columns, xNext = 64 * rows.columns;
  if (continues) {
    _tile_loadd(0, sums, xStride);
    if constexpr (rowTiles > 1) _tile_loadd(1, sums + tileBytes, xStride);
    if constexpr (outputTiles > 1) _tile_loadd(2, sums + 2 * tileBytes, xStride);
    if constexpr (outputTiles > 1 && rowTiles > 1) _tile_loadd(3, sums + 3 * tileBytes, xStride);
  } else {
    _tile_zero(0);
    if constexpr (rowTiles > 1) _tile_zero(1);
    if constexpr (outputTiles > 1) _tile_zero(2);
    if constexpr (outputTiles > 1 && rowTiles > 1) _tile_zero(3);
  }
  const char *weights = panel.weights, *x = rows.x;
  for (int64_t tile = 0; tile < tiles; ++tile) {
    _tile_loadd(4, weights, panel.stride);
    _tile_loadd(6, x, xStride);
    for (int64_t line = 0; line < ahead.lines; ++line) _mm_prefetch(ahead.memory + line * ahead.stride, _MM_HINT_T1);
    ahead.memory += ahead.next;
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (rowTiles > 1) {
      _tile_loadd(7, x + rows.second, xStride);
      _tile_dpbf16ps(1, 4, 7);
    }
    if constexpr (outputTiles > 1) {
      _tile_loadd(5, weights + panel.second, panel.stride);
      _tile_dpbf16ps(2, 5, 6);
      if constexpr (rowTiles > 1) _tile_dpbf16ps(3, 5, 7);
    }
    weights += panel.next;
    x += xNext;
  }
  _tile_stored(0, sums, xStride);
  if constexpr (rowTiles > 1) _tile_stored(1, sums + tileBytes, xStride);
  if constexpr (outputTiles > 1) _tile_stored(2, sums + 2 * tileBytes, xStride);
  if constexpr (outputTiles > 1 && rowTiles > 1) _tile_stored(3, sums + 3 * tileBytes, xStride);
}

void multiplyTiles(
    int64_t outputTiles, int64_t rowTiles, const Panel &panel, const Rows &rows, int64_t tiles, bool continues,
    char *sums, const Ahead &ahead) {
  if (outputTiles == 2 && rowTiles == 2) {
    multiplyTiles<2, 2>(panel, rows, tiles, continues, sums, ahead);
  } else if (outputTiles == 2) {
    multiplyTiles<2, 1>(panel, rows, tiles, continues, sums, ahead);
  } else if (rowTiles == 2) {
    multiplyTiles<1, 2>(panel, rows, tiles, continues, sums, ahead);
  } else {
    multiplyTiles<1, 1>(panel, rows, tiles, continues, sums, ahead);
  }
}

// Copies tiles of up to 32 rows of weights, [tiles, 2, 16, 32]; what is missing is 0.
void copyPanel(const Half *weights, int64_t inner, int64_t outputs, int64_t firstTile, int64_t tiles, char *target) {
  const int64_t rows = (outputs + tileOutputs - 1) / tileOutputs * tileOutputs;
  for (int64_t output = 0; output < rows; ++output) {
    char *line = target + output / tileOutputs * tileBytes + output % tileOutputs * 64;
    const Half *source = weights + output * inner;
    for (int64_t tile = 0; tile < tiles; ++tile, line += 2 * tileBytes) {
      const int64_t element = (firstTile + tile) * tileElements, left = output < outputs ? inner - element : 0;
      _mm512_store_si512(line, _mm512_maskz_loadu_epi16(firstElements(left), source + element));
    }
  }
}

// A tile of sums [16 outputs, columns] as rows, with what is added to them.
inline __attribute__((always_inline)) void readSums(
    const char *sums, int64_t columns, const Half *residual, int64_t stride, int64_t rows, int64_t outputs,
    __m512 (&found)[16]) {
  const __mmask16 lanes = firstLanes(columns), read = firstLanes(outputs);
  __m512i v[16];
  for (int64_t i = 0; i < 16; ++i) v[i] = _mm512_maskz_loadu_epi32(lanes, sums + 4 * columns * i);
  transpose(v);
  for (int64_t r = 0; r < 16; ++r) {
    found[r] = _mm512_castsi512_ps(v[r]);
    if (!residual || r >= rows) continue;
    const __m512i added = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(read, residual + r * stride));
    found[r] = _mm512_add_ps(found[r], _mm512_castsi512_ps(_mm512_slli_epi32(added, 16)));
  }
}

// The sums of a panel with up to 32 rows -> out, rounded once: whole lines of memory where it can be.
void finish(
    const char *sums, const RowProduct<Half> &product, int64_t row, int64_t lastRow, int64_t column, int64_t outputs) {
  const int64_t columns = tileColumns(product.rows);
  const __mmask32 written = firstElements(outputs);
  for (; row < lastRow; row += tileRows, sums += tileBytes) {
    const int64_t rows = std::min(tileRows, lastRow - row), place = row * product.columns + column;
    const Half *residual = product.residual ? product.residual + place : nullptr;
    __m512 first[16], second[16] = {};
    readSums(sums, columns, residual, product.columns, rows, outputs, first);
    if (outputs > tileOutputs) {
      readSums(
          sums + 2 * tileBytes, columns, residual ? residual + tileOutputs : nullptr, product.columns, rows,
          outputs - tileOutputs, second);
    }
    for (int64_t r = 0; r < rows; ++r) {
      const __m512i rounded = (__m512i)_mm512_cvtne2ps_pbh(second[r], first[r]);
      _mm512_mask_storeu_epi16(product.out + place + r * product.columns, written, rounded);
    }
  }
}

// Few rows: panel after panel, as memory has them. Many rows: a block of panels stays while the rows go by, part of
// `inner` after part, with sums in scratch; each part of a panel is copied once for all rows.
struct Work {
  const RowProduct<Half> &product;
  const RowProductPart<Half> &part;
  char *sums, *copy;
  Parts parts = Parts(product.inner);
  int64_t columns = tileColumns(product.rows);
  int64_t rowTiles = (part.lastRow - part.firstRow + tileRows - 1) / tileRows, rowPairs = (rowTiles + 1) / 2;
  bool isMany = product.rows > rowsWithoutCopy;

  // What is copied after a panel: the same part of the next one; at the end of a block the next part of its first, or
  // the next block.
  const Half *panelAfter(int64_t begin, int64_t end, int64_t output, int64_t i) const {
    const int64_t place = parts.first(i) * tileElements;
    if (output + panelOutputs < end) return part.weight + (output + panelOutputs) * product.inner + place;
    if (i + 1 < parts.count) return part.weight + begin * product.inner + parts.first(i + 1) * tileElements;
    return part.weight + end * product.inner;
  }

  // Part i of the panel at `output`, in the block begin ..< end, with all rows.
  void multiplyPanel(int64_t begin, int64_t end, int64_t output, int64_t i) const {
    const int64_t inner = product.inner, tile = parts.first(i), count = parts.first(i + 1) - tile;
    const int64_t outputs = std::min(panelOutputs, end - output), tiles = (outputs + tileOutputs - 1) / tileOutputs;
    const Half *weights = part.weight + output * inner;
    // Tiles that are read where they are; the others are copied.
    const bool isCopied = isMany || (end - begin) % tileOutputs != 0;
    const int64_t direct = isCopied ? 0 : std::min(count, inner / tileElements - tile), rest = count - direct;
    copyPanel(weights, inner, outputs, tile + direct, rest, copy);
    const Panel read = {
        reinterpret_cast<const char *>(weights + tile * tileElements), 2 * inner, 64, 2 * inner * tileOutputs};
    const Panel copied = {copy, 64, 2 * tileBytes, tileBytes};
    const char *after = reinterpret_cast<const char *>(panelAfter(begin, end, output, i));
    const char *nextPanel = reinterpret_cast<const char *>(weights + outputs * inner) + tile * tiles * tileBytes;
    for (int64_t pair = 0; pair < rowPairs; ++pair) {
      const int64_t together = std::min<int64_t>(2, rowTiles - 2 * pair), row = part.firstRow + 2 * pair * tileRows;
      char *target = sums + ((output - begin) / tileOutputs * rowPairs + pair * tiles) * 2 * tileBytes;
      Rows x = {packedTile(product, parts, row, i), columns, count * 64 * columns};
      if (direct > 0) {
        // As many lines of the next panel as this one has, in the order of memory.
        const Ahead ahead = {nextPanel, pair > 0 ? 0 : 16 * tiles, 64, tiles * tileBytes};
        multiplyTiles(tiles, together, read, x, direct, tile > 0, target, ahead);
        x.x += direct * 64 * columns;
      }
      if (rest > 0 || parts.tiles == 0) {
        // Some rows of what is copied next: all of them come up while the pairs go by.
        const int64_t lines = isMany ? panelOutputs / rowPairs : 0;
        const Ahead ahead = {after + pair * lines * 2 * inner, lines, 2 * inner, 64};
        multiplyTiles(tiles, together, copied, x, rest, tile + direct > 0, target, ahead);
      }
      if (i + 1 == parts.count) {
        finish(target, product, row, std::min(part.lastRow, row + 2 * tileRows), part.column + output, outputs);
      }
    }
  }
};

void multiply(const RowProduct<Half> &product, const RowProductPart<Half> &part, void *scratch) {
  char *sums = static_cast<char *>(scratch);
  const Work work = {.product = product, .part = part, .sums = sums, .copy = sums + sumBytes(product.rows)};
  const TileConfiguration configuration(work.columns);
  _tile_loadconfig(&configuration);
  const int64_t block = work.isMany ? outputsOfBlock : panelOutputs;
  for (int64_t begin = 0; begin < part.outputs; begin += block) {
    const int64_t end = std::min(begin + block, part.outputs);
    for (int64_t i = 0; i < work.parts.count; ++i) {
      for (int64_t output = begin; output < end; output += panelOutputs) work.multiplyPanel(begin, end, output, i);
    }
  }
  _tile_release();
}

}  // namespace

RowProductKernels<c10::BFloat16> amxRowProducts() {
  return {
      .packedRows = tileRows,
      .rowsOfPart = rowsOfPart,
      .outputGroup = tileOutputs,
      .packedBytes = packedBytes,
      .pack = pack,
      .scratchBytes = scratchBytes,
      .multiply = multiply,
  };
}

}  // namespace ctorch

#pragma clang attribute pop
#endif
