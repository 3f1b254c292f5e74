// Rows as whole numbers of two digits.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "Parallel.hpp"
#include "QuantizedProducts.hpp"
#include "RowMath.hpp"

namespace ctorch {
namespace {

// The largest number of two digits, 127 each.
constexpr float largestNumber = 127 * 256 + 127;
constexpr int64_t step = 64;

// One row's digits, `width` of each. Returns its scale.
BODY float digitsBody(const Element *x, int64_t inner, int64_t width, int8_t *high, int8_t *low, int32_t *sums) {
#pragma clang fp contract(off)
  int32_t bits = 0;  // of the largest magnitude: they are in the order of the values, not-a-numbers last
  for (int64_t i = 0; i < inner; ++i) {
    const float value = load(x[i]);
    int32_t magnitude;
    std::memcpy(&magnitude, &value, 4);
    magnitude &= 0x7fffffff;
    bits = magnitude > bits ? magnitude : bits;
  }
  float maximum;
  std::memcpy(&maximum, &bits, 4);
  const float inverse = largestNumber / maximum;
  sums[0] = sums[1] = 0;
  if (!(maximum < INFINITY) || !(inverse < INFINITY)) {
    std::memset(high, 0, size_t(width));
    std::memset(low, 0, size_t(width));
    return maximum < INFINITY ? 0 : NAN;
  }
  int32_t highSum = 0, lowSum = 0;
  for (int64_t i = 0; i < inner; ++i) {
    // Adding and taking away 1.5 · 2²³ rounds to the nearest whole number.
    const float rounded = (load(x[i]) * inverse + 12582912.0f) - 12582912.0f;
    const int32_t number = int32_t(rounded);
    const int32_t upper = (number + 128) >> 8, lower = number - upper * 256;
    high[i] = int8_t(upper);
    low[i] = int8_t(lower);
    highSum += upper;
    lowSum += lower;
  }
  std::memset(high + inner, 0, size_t(width - inner));
  std::memset(low + inner, 0, size_t(width - inner));
  sums[0] = highSum;
  sums[1] = lowSum;
  return maximum / largestNumber;
}

template <typename Element>
struct DigitKernels {
  float (*digits)(const Element *, int64_t, int64_t, int8_t *, int8_t *, int32_t *);
};

template <typename Element>
DigitKernels<Element> kernelsAt(ct_kernels level) {
  return {.digits = Compiled<digitsBody<Element>>::at(level)};
}

// A row's digits as column `column` of its group's tiles.
void setColumn(const int8_t *digits, int64_t width, int64_t columns, int64_t column, int8_t *tiles) {
  for (int64_t digit = 0; digit < 2; ++digit, digits += width) {
    for (int64_t i = 0; i < width; i += 4) {
      const int64_t tile = (i / step) * 2 + digit, row = i % step / 4;
      std::memcpy(tiles + ((tile * 16 + row) * columns + column) * 4, digits + i, 4);
    }
  }
}

int64_t groupsOf(int64_t rows) { return (rows + 15) / 16; }

}  // namespace

Digits::Digits(const void *x, bool isHalf, int64_t rows, int64_t inner, Layout layout)
    : rows(rows),
      inner(inner),
      width((inner + step - 1) / step * step),
      layout(layout),
      columns(std::min<int64_t>(rows, 16)),
      scales_(new float[size_t(groupsOf(rows) * 16)]()),
      sums_(new int32_t[size_t(2 * rows)]) {
  const int64_t places = layout == Layout::tiles ? groupsOf(rows) * columns : rows;
  memory_.reset(new int8_t[size_t(places * 2 * width + 64)]);
  digits_ = memory_.get() + (64 - reinterpret_cast<uintptr_t>(memory_.get()) % 64) % 64;
  const auto &floats = kernelsOfThisThread<kernelsAt<float>>();
  const auto &halves = kernelsOfThisThread<kernelsAt<c10::BFloat16>>();
  const auto make = [&](int64_t r, int8_t *high, int8_t *low) {
    const int64_t first = r * inner;
    scales_[size_t(r)] =
        isHalf ? halves.digits(static_cast<const c10::BFloat16 *>(x) + first, inner, width, high, low, &sums_[2 * r])
               : floats.digits(static_cast<const float *>(x) + first, inner, width, high, low, &sums_[2 * r]);
  };
  const int64_t grain = std::max<int64_t>(16, 16384 / std::max<int64_t>(1, width));
  if (layout == Layout::rows) {
    parallelFor(0, rows, grain, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) make(r, digits_ + r * 2 * width, digits_ + (r * 2 + 1) * width);
    });
    return;
  }
  parallelFor(0, groupsOf(rows), std::max<int64_t>(1, grain / 16), [&](int64_t begin, int64_t end) {
    const std::unique_ptr<int8_t[]> row(new int8_t[size_t(2 * width)]);
    for (int64_t g = begin; g < end; ++g) {
      int8_t *tiles = digits_ + g * 2 * width * columns;
      for (int64_t column = 0; column < columns; ++column) {
        const int64_t r = g * 16 + column;
        if (r < rows) {
          make(r, row.get(), row.get() + width);
        } else {
          std::memset(row.get(), 0, size_t(2 * width));
        }
        setColumn(row.get(), width, columns, column, tiles);
      }
    }
  });
}

}  // namespace ctorch
