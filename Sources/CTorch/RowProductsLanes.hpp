// Products of rows by dot products in lanes, for instruction sets with vectors of float32. Included once by the file of
// each instruction set, where it is compiled with its instructions, after
//   constexpr int lanes = …;        // of a vector
//   constexpr int64_t groupRows = …;  // rows that are multiplied together: 4 · groupRows vectors are under way at once
//
// Elements of bfloat16 are widened: a pair of them stands in 32 bits, the one of even place in the lower half. Of each
// 2 · lanes elements those of even place come first, then those of odd place, in x when it is packed and in the weights
// when they are read. The lanes of a sum are added up after each part of `inner`, the parts in ascending order.

using Half = c10::BFloat16;
typedef float Vector __attribute__((vector_size(4 * lanes)));
typedef uint32_t Bits __attribute__((vector_size(4 * lanes)));
typedef float Quad __attribute__((vector_size(16)));

#define INLINE inline __attribute__((always_inline))

INLINE Vector readVector(const void *memory) {
  Vector v;
  std::memcpy(&v, memory, sizeof v);
  return v;
}

INLINE Vector multiplyAdd(Vector sum, Vector weight, Vector x) {
#pragma clang fp contract(fast)
  return sum + weight * x;
}

// --- How weights are read: `steps` vectors at a time -------------------------------------------------------------

// float32, or bfloat16 that was widened before.
struct Floats {
  using Element = float;
  static constexpr int64_t bytesOfX = 4;
  static constexpr int steps = 1;
  static constexpr int64_t elements = lanes;
  struct Read {
    Vector values[1];
  };
  static INLINE Read read(const float *w) { return {{readVector(w)}}; }
  static INLINE Vector add(Vector sum, const Read &w, int step, const char *x) {
    return multiplyAdd(sum, w.values[step], readVector(x));
  }
  static INLINE void pack(const float *x, char *target, int64_t) { std::memcpy(target, x, sizeof(Vector)); }
};

struct Halves {
  using Element = Half;
  static constexpr int64_t bytesOfX = 4;
  static constexpr int steps = 2;
  static constexpr int64_t elements = 2 * lanes;
  struct Read {
    Vector values[2];
  };
  static INLINE Read read(const Half *w) {
    Bits both;
    std::memcpy(&both, w, sizeof both);
    return {{(Vector)(both << 16), (Vector)(both & 0xffff0000u)}};
  }
  static INLINE Vector add(Vector sum, const Read &w, int step, const char *x) {
    return multiplyAdd(sum, w.values[step], readVector(x));
  }
  static INLINE void pack(const Half *x, char *target, int64_t stride) {
    const Read both = read(x);
    std::memcpy(target, &both.values[0], sizeof(Vector));
    std::memcpy(target + stride, &both.values[1], sizeof(Vector));
  }
};

// --- Sums ----------------------------------------------------------------------------------------------------------

// In each four lanes of two vectors, for each vector: what lies two apart, or what lies side by side, added up.
template <typename Lanes>
INLINE Lanes addOpposite(Lanes a, Lanes b) {
  if constexpr (sizeof(Lanes) == 16) {
    return __builtin_shufflevector(a, b, 0, 1, 4, 5) + __builtin_shufflevector(a, b, 2, 3, 6, 7);
  } else if constexpr (sizeof(Lanes) == 32) {
    return __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13) +
           __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
  } else {
    return __builtin_shufflevector(a, b, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29) +
           __builtin_shufflevector(a, b, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
  }
}
template <typename Lanes>
INLINE Lanes addNeighbours(Lanes a, Lanes b) {
  if constexpr (sizeof(Lanes) == 16) {
    return __builtin_shufflevector(a, b, 0, 2, 4, 6) + __builtin_shufflevector(a, b, 1, 3, 5, 7);
  } else if constexpr (sizeof(Lanes) == 32) {
    return __builtin_shufflevector(a, b, 0, 2, 8, 10, 4, 6, 12, 14) +
           __builtin_shufflevector(a, b, 1, 3, 9, 11, 5, 7, 13, 15);
  } else {
    return __builtin_shufflevector(a, b, 0, 2, 16, 18, 4, 6, 20, 22, 8, 10, 24, 26, 12, 14, 28, 30) +
           __builtin_shufflevector(a, b, 1, 3, 17, 19, 5, 7, 21, 23, 9, 11, 25, 27, 13, 15, 29, 31);
  }
}
template <typename Lanes>
INLINE Quad addQuads(Lanes v) {
  if constexpr (sizeof(Lanes) == 16) {
    return v;
  } else if constexpr (sizeof(Lanes) == 32) {
    return __builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7);
  } else {
    return addQuads(
        __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
        __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15));
  }
}
// The lanes of each of four vectors added up.
INLINE Quad addLanes(Vector a, Vector b, Vector c, Vector d) {
  return addQuads(addNeighbours(addOpposite(a, b), addOpposite(c, d)));
}

// What a block reads and where its sums go: x of `rows` rows, [steps, rows, lanes], and weights `stride` elements
// apart; `length` elements of each. sums[row * sumStride + output].
template <typename Element>
struct Block {
  const char *x;
  const Element *weights;
  int64_t stride, length;
  float *sums;
  int64_t sumStride;
  bool continues;  // whether sums are there already
  int64_t ahead;   // how many elements on weights are prefetched; 0: none
};

// Adds a step of all rows and outputs to their sums.
template <typename Weights, int rows, int outputs, int count>
INLINE void addStep(
    Vector (&sums)[count][rows], const typename Weights::Element *weights, int64_t stride, const char *x) {
#pragma clang loop unroll(full)
  for (int o = 0; o < outputs; ++o) {
    const typename Weights::Read read = Weights::read(weights + o * stride);
#pragma clang loop unroll(full)
    for (int step = 0; step < Weights::steps; ++step) {
#pragma clang loop unroll(full)
      for (int r = 0; r < rows; ++r) {
        sums[o][r] = Weights::add(sums[o][r], read, step, x + (step * rows + r) * int64_t(sizeof(Vector)));
      }
    }
  }
}

// The sums of all rows and outputs of a block are under way at once, because each waits for its last addition.
template <typename Weights, int rows, int outputs>
void multiplyBlock(const Block<typename Weights::Element> &block) {
  constexpr int count = (outputs + 3) / 4 * 4;
  Vector sums[count][rows] = {};
  const char *x = block.x;
  constexpr int64_t elements = Weights::elements, bytesOfStep = Weights::steps * rows * int64_t(sizeof(Vector));
  int64_t i = 0;
  if (block.ahead != 0) {
    for (; i + elements <= block.length; i += elements, x += bytesOfStep) {
#pragma clang loop unroll(full)
      for (int o = 0; o < outputs; ++o) {
        __builtin_prefetch(block.weights + o * block.stride + i + block.ahead, 0, 2);
      }
      addStep<Weights, rows, outputs>(sums, block.weights + i, block.stride, x);
    }
  }
  for (; i + elements <= block.length; i += elements, x += bytesOfStep) {
    if constexpr (sizeof(Vector) == 64) {
      // From the second cache to the first.
#pragma clang loop unroll(full)
      for (int o = 0; o < outputs; ++o) __builtin_prefetch(block.weights + o * block.stride + i + 8 * elements);
    }
    addStep<Weights, rows, outputs>(sums, block.weights + i, block.stride, x);
  }
  if (i < block.length) {
    typename Weights::Element rest[outputs][elements] = {};
    for (int o = 0; o < outputs; ++o) {
      std::memcpy(rest[o], block.weights + o * block.stride + i, sizeof rest[o][0] * size_t(block.length - i));
    }
    addStep<Weights, rows, outputs>(sums, rest[0], elements, x);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < rows; ++r) {
#pragma clang loop unroll(full)
    for (int o = 0; o < count; o += 4) {
      Quad sum = addLanes(sums[o][r], sums[o + 1][r], sums[o + 2][r], sums[o + 3][r]);
      float *target = block.sums + r * block.sumStride + o;
      if constexpr (outputs % 4 == 0) {
        Quad before = {};
        if (block.continues) std::memcpy(&before, target, sizeof before);
        if (block.continues) sum = before + sum;
        std::memcpy(target, &sum, sizeof sum);
      } else {
        *target = block.continues ? *target + sum[0] : sum[0];
      }
    }
  }
}

// Some outputs with rows of one group. One row takes more outputs at once, so that enough sums are under way.
template <typename Weights, int rows>
void multiplyGroup(Block<typename Weights::Element> block, int64_t outputs) {
  constexpr int together = rows == 1 ? 8 : 4;
  while (outputs > 0) {
    const int64_t count = outputs >= together ? together : 1;
    if (count == together) {
      multiplyBlock<Weights, rows, together>(block);
    } else {
      multiplyBlock<Weights, rows, 1>(block);
    }
    outputs -= count;
    block.weights += count * block.stride;
    block.sums += count;
  }
}

template <typename Weights>
void multiplyGroup(int64_t rows, const Block<typename Weights::Element> &block, int64_t outputs) {
  static_assert(groupRows <= 6);
  switch (std::min(rows, groupRows)) {
    case 1: return multiplyGroup<Weights, 1>(block, outputs);
    case 2: return multiplyGroup<Weights, 2>(block, outputs);
    case 3: return multiplyGroup<Weights, 3>(block, outputs);
    case 4: return multiplyGroup<Weights, std::min<int>(4, groupRows)>(block, outputs);
    case 5: return multiplyGroup<Weights, std::min<int>(5, groupRows)>(block, outputs);
    case 6: return multiplyGroup<Weights, std::min<int>(6, groupRows)>(block, outputs);
  }
}

// --- The whole -----------------------------------------------------------------------------------------------------

constexpr int64_t rowsOfPart = 80 * groupRows;
// Outputs that are gone through with all rows before the next part of `inner`: their weights fit the second cache.
constexpr int64_t outputsOfBlock = 32;
// Elements after which the lanes of a sum are added up, at most: six rows of x fit the nearest cache.
constexpr int64_t largestPart = 1024;

int64_t roundedUp(int64_t count, int64_t unit) { return (count + unit - 1) / unit * unit; }

// A function of `inner` alone.
int64_t elementsOfPart(int64_t inner) {
  const int64_t parts = std::max<int64_t>(1, (inner + largestPart - 1) / largestPart);
  return std::max<int64_t>(2 * lanes, roundedUp((inner + parts - 1) / parts, 2 * lanes));
}

// x in groups of rows, each [inner / lanes, rows, lanes]; what is missing of `inner` is 0.
template <typename Weights>
int64_t packedBytesOfRow(int64_t inner) {
  return roundedUp(inner, 2 * lanes) * Weights::bytesOfX;
}

template <typename Weights>
size_t packedBytes(int64_t rows, int64_t inner) {
  return size_t(rows * packedBytesOfRow<Weights>(inner));
}

template <typename Weights>
void pack(
    const RowProduct<typename Weights::Element> &product, const typename Weights::Element *x, int64_t first,
    int64_t last) {
  using Element = typename Weights::Element;
  const int64_t rows = product.rows, inner = product.inner;
  constexpr int64_t elements = Weights::elements;
  for (int64_t row = first; row < last; ++row) {
    const int64_t begin = row / groupRows * groupRows, together = std::min(groupRows, rows - begin);
    char *target = static_cast<char *>(product.packed) + begin * packedBytesOfRow<Weights>(inner) +
                   (row - begin) * int64_t(sizeof(Vector));
    const Element *source = x + row * inner;
    for (int64_t i = 0; i < inner; i += elements) {
      Element rest[elements];
      const Element *from = source + i;
      if (inner - i < elements) {
        std::memset(rest, 0, sizeof rest);
        std::memcpy(rest, from, sizeof rest[0] * size_t(inner - i));
        from = rest;
      }
      Weights::pack(from, target, together * int64_t(sizeof(Vector)));
      target += Weights::steps * together * int64_t(sizeof(Vector));
    }
  }
}

size_t sumBytes(int64_t rows) {
  return size_t(roundedUp(std::min(rows, rowsOfPart) * outputsOfBlock * 4, 64));
}

// Sums of a block, then its widened weights.
size_t scratchBytes(int64_t rows) {
  return sumBytes(rows) + size_t(outputsOfBlock * (largestPart + 2 * lanes) * 4);
}

template <typename Weights>
void widen(const Half *weights, int64_t inner, int64_t outputs, int64_t length, float *wide) {
  const int64_t stride = roundedUp(length, 2 * lanes);
  for (int64_t o = 0; o < outputs; ++o) {
    for (int64_t i = 0; i < length; i += 2 * lanes) {
      Half rest[2 * lanes];
      const Half *from = weights + o * inner + i;
      __builtin_prefetch(from + outputsOfBlock * inner, 0, 2);
      if (length - i < 2 * lanes) {
        std::memset(rest, 0, sizeof rest);
        std::memcpy(rest, from, sizeof rest[0] * size_t(length - i));
        from = rest;
      }
      const typename Weights::Read read = Weights::read(from);
      std::memcpy(wide + o * stride + i, read.values, sizeof read.values);
    }
  }
}

// Sums of a row -> out, rounded once.
template <typename Element>
void finish(
    const float *__restrict sums, const Element *__restrict residual, int64_t outputs, Element *__restrict out) {
  if (residual) {
    for (int64_t o = 0; o < outputs; ++o) out[o] = store<Element>(sums[o] + load(residual[o]));
  } else {
    for (int64_t o = 0; o < outputs; ++o) out[o] = store<Element>(sums[o]);
  }
}

// Few rows: eight outputs and then the next, as memory has them. Many rows: a block of outputs stays while the rows go
// by, and weights of Halves are widened once for all.
template <typename Weights>
void multiply(
    const RowProduct<typename Weights::Element> &product, const RowProductPart<typename Weights::Element> &part,
    void *scratch) {
  using Element = typename Weights::Element;
  constexpr bool canWiden = std::is_same_v<Weights, Halves>;
  const int64_t inner = product.inner, rows = part.lastRow - part.firstRow, length = elementsOfPart(inner);
  const int64_t bytesOfRow = packedBytesOfRow<Weights>(inner);
  const bool areFew = rows <= (canWiden && lanes > 8 ? 4 : 6);
  float *sums = static_cast<float *>(scratch);
  float *wide = sums + sumBytes(product.rows) / 4;
  const int64_t block = areFew ? 8 : outputsOfBlock;
  for (int64_t begin = 0; begin < part.outputs; begin += block) {
    const int64_t outputs = std::min(block, part.outputs - begin);
    const Element *weights = part.weight + begin * inner;
    for (int64_t first = 0; first == 0 || first < inner; first += length) {
      const int64_t count = std::min(length, inner - first);
      if constexpr (canWiden) {
        if (!areFew) widen<Weights>(weights + first, inner, outputs, count, wide);
      }
      for (int64_t row = 0; row < rows; row += groupRows) {
        const int64_t together = std::min(groupRows, rows - row);
        const char *x = static_cast<const char *>(product.packed) + (part.firstRow + row) * bytesOfRow +
                        first * together * Weights::bytesOfX;
        float *target = sums + row * outputsOfBlock;
        if (canWiden && !areFew) {
          const int64_t stride = roundedUp(count, 2 * lanes);
          multiplyGroup<Floats>(
              together, {x, wide, stride, stride, target, outputsOfBlock, first > 0, 0}, outputs);
        } else {
          const int64_t ahead = row == 0 ? block * inner : 0;
          multiplyGroup<Weights>(
              together, {x, weights + first, inner, count, target, outputsOfBlock, first > 0, ahead}, outputs);
        }
      }
    }
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t place = (part.firstRow + row) * product.columns + part.column + begin;
      const Element *residual = product.residual ? product.residual + place : nullptr;
      finish(sums + row * outputsOfBlock, residual, outputs, product.out + place);
    }
  }
}

template <typename Weights>
RowProductKernels<typename Weights::Element> kernels() {
  return {
      .packedRows = groupRows,
      .rowsOfPart = rowsOfPart,
      .outputGroup = 8,
      .packedBytes = packedBytes<Weights>,
      .pack = pack<Weights>,
      .scratchBytes = scratchBytes,
      .multiply = multiply<Weights>,
  };
}
