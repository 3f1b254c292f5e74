// Products of rows with weights of 8 bits: whole numbers times a scale for each output.
//
// Rows become whole numbers too: x ≈ scale · (256 · high + low), two digits of 8 bits, which is as exact as 15.99 bits
// relative to the row's largest value. Sums of products of digits are exact, and what is computed of them in float32
// follows one formula: a result is the same, bit for bit, on every path and in any company.
#pragma once

#include <cstdint>
#include <memory>

#include "CTorch.h"

namespace ctorch {

// Digits of rows, for one call.
class Digits {
 public:
  // How the digits lie.
  enum class Layout {
    rows,   // high and low of each row one after the other: [rows][2][width]
    tiles,  // as a matrix instruction takes them: [groups of 16 rows][width / 64][2][16][columns][4]
  };

  // From rows of float32 or bfloat16 (two bytes each), one after the other.
  Digits(const void *x, bool isHalf, int64_t rows, int64_t inner, Layout layout);

  const int64_t rows, inner;
  // `inner` in whole steps of 64; the digits beyond it are 0.
  const int64_t width;
  const Layout layout;
  // Columns of a tile: rows that are multiplied together.
  const int64_t columns;

  // A row's largest value by the largest of both digits; not a number where the row has values that are not finite.
  const float *scales() const { return scales_.get(); }
  // Sums of high, then of low digits of a row: [rows][2].
  const int32_t *sums() const { return sums_.get(); }
  const int8_t *row(int64_t r) const { return digits_ + r * 2 * width; }
  const int8_t *group(int64_t g) const { return digits_ + g * 2 * width * columns; }

 private:
  std::unique_ptr<int8_t[]> memory_;
  int8_t *digits_;  // in it, at a multiple of 64 bytes
  std::unique_ptr<float[]> scales_;
  std::unique_ptr<int32_t[]> sums_;
};

// The digits' sums hold 2^31 / (128 · 128) products.
constexpr int64_t largestInner = (1 << 17) - 1;

// One matrix of weights and where its results go.
struct Int8Product {
  const int8_t *weights;  // [outputs, inner]
  const float *scales;    // [outputs]
  int64_t outputs;
  // Of the first row; rows are `stride` elements apart. `residual` may be null. Float32, or bfloat16 where `isHalf`.
  const void *residual;
  void *out;
  int64_t stride;
  bool isHalf;
};

// out[r][o] = scale[r] · weightScale[o] · (digits[r] · weights[o]) (+ residual[r][o]), rounded once to float32 and once
// to what `out` holds, for the outputs begin ..< end.
using MultiplyInt8 = void (*)(const Digits &x, const Int8Product &product, int64_t begin, int64_t end);

struct Int8Kernels {
  Digits::Layout layout;
  MultiplyInt8 multiply;
  // Outputs that are multiplied together; parts of a matrix begin at multiples of it.
  int64_t group;
};

// The kernels of the calling thread's processor paths for so many rows. To be asked for outside of parallel loops.
const Int8Kernels &int8Kernels(int64_t rows);

// Whether this processor has matrix instructions for whole numbers; the system permits them with CT_KERNELS_AMX.
bool hasInt8Tiles();
// The same products by matrix instructions; in a file of its own.
void multiplyInt8ByTiles(const Digits &x, const Int8Product &product, int64_t begin, int64_t end);

}  // namespace ctorch
