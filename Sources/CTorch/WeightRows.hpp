// Rows of weights in the formats that they are stored in: read as numbers, made from numbers.
#pragma once

#include <cstdint>

#include "CTorch.h"

namespace ctorch {

// Values of a block of this format, and its bytes; 0 where the format has no blocks.
int64_t blockLength(ct_weight_format format);
int64_t blockBytes(ct_weight_format format);

// What numbers of a plain weight are.
enum class PlainElement { float32, float16, bfloat16 };

// A matrix of weights as it is stored.
struct StoredWeight {
  ct_weight_format format;
  const void *values;  // rows one after the other
  const float *scales;
  int64_t outputs, inner;
  int64_t headDimension;  // 0: rows are in order
  PlainElement element;   // of the plain format

  // Where the row of an output is: llama.cpp stores the halves of each head of queries and keys interleaved.
  int64_t storedRow(int64_t output) const {
    if (headDimension == 0) return output;
    const int64_t half = headDimension / 2, i = output % headDimension;
    return output - i + 2 * (i % half) + i / half;
  }
};

struct WeightRowKernels {
  // The numbers of the rows of outputs begin ..< end, one after the other: in float32, or rounded to bfloat16.
  void (*readFloats)(const StoredWeight &weight, int64_t begin, int64_t end, float *out);
  void (*readHalves)(const StoredWeight &weight, int64_t begin, int64_t end, void *out);
  // `inner` numbers as whole ones of 8 bits, the largest 127. Returns their scale; not finite where one of them is not.
  float (*makeInt8)(const float *row, int64_t inner, int8_t *out);
  // `inner` numbers as blocks of Q4_0. False where one of them is not finite or too large for a scale.
  bool (*makeQ4_0)(const float *row, int64_t inner, uint8_t *out);
};

// The same as readHalves by AVX-512 with bfloat16, for the formats that it has a way for: false for the others.
bool readHalvesByTables(const StoredWeight &weight, int64_t begin, int64_t end, void *out);

// The kernels of the calling thread's processor paths. To be asked for outside of parallel loops.
const WeightRowKernels &weightRowKernels();

}  // namespace ctorch
