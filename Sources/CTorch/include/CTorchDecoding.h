// Part of CTorch.h: a model that reads and writes. Nothing here records gradients.
#ifndef PATRON_CTORCHDECODING_H
#define PATRON_CTORCHDECODING_H

#include "CTorch.h"

#ifdef __cplusplus
extern "C" {
#endif

// --- Fused operators of the inference path (no gradients) ------------------------------------------------------

// x [.., width] normalised by its root mean square in float32, rounded to x's dtype, times weight [width]. Where ATen
// computes it (ct_processor_paths, GPUs) only the product is rounded.
ct_status ct_rms_norm(const ct_tensor *x, const ct_tensor *weight, double epsilon, ct_tensor **out);
// silu(gate) * up, both [.., rows, width]; rows may be strided.
ct_status ct_silu_multiply(const ct_tensor *gate, const ct_tensor *up, ct_tensor **out);
// Causal attention of the newest rows of several sequences whose keys and values stand in one pool.
//   queries [T, H·D]: the sequences one after the other; rows may be strided;
//   pool [rows, 2·groups·D]: a position's keys, then its values; a sequence's positions stand one after the other;
//   places: where the rows of each sequence begin and the last ends [sequences + 1], its first row in the pool
//   [sequences + 1, the last is not looked at], and how many positions it has with the new ones [sequences];
//   places_on_device: the same numbers, int32 on the device of the queries; out [T, H·D].
ct_status ct_pooled_attention(
    const ct_tensor *queries, const ct_tensor *pool, int64_t groups, const int32_t *places,
    const ct_tensor *places_on_device, int32_t sequences, double scale, ct_tensor **out);

// How a matrix of weights is stored.
typedef enum {
  CT_WEIGHT_PLAIN = 0,  // values [out, in], of the dtype of what is multiplied
  CT_WEIGHT_INT8,       // values int8 [out, in]; scales float32 [out]
  CT_WEIGHT_INT4,       // values uint8 [out / 16, in / 32 · 288]: QuantizedProducts.hpp has what lies in them
  CT_WEIGHT_Q4_0,       // ggml's blocks, and so on: values uint8 [out, bytes of a row]
  CT_WEIGHT_Q4_1,
  CT_WEIGHT_Q8_0,
  CT_WEIGHT_Q4_K,
  CT_WEIGHT_Q6_K,
} ct_weight_format;
typedef struct {
  ct_weight_format format;
  const ct_tensor *values;
  const ct_tensor *scales;  // null where the format has none
  int64_t head_dimension;   // rows stand as llama.cpp interleaves the halves of heads of so many rows; 0: in order
} ct_weight;
// Makes a weight of format CT_WEIGHT_INT8, CT_WEIGHT_INT4 or CT_WEIGHT_Q4_0 (scales null) of one on the CPU: a plain
// one of float32, float16 or bfloat16, or blocks; rows are put in order. A number that is not finite is an error.
ct_status ct_make_weight(
    const ct_weight *weight, ct_weight_format format, ct_tensor **values, ct_tensor **scales);
// Rows (int64 [n]; null: all, in order) of a weight on the CPU as numbers, in float32 or bfloat16: [n, in].
ct_status ct_weight_rows(const ct_weight *weight, const ct_tensor *rows, ct_dtype dtype, ct_tensor **out);
// x [rows, in] times the transposes of weights that read the same input, side by side (+ residual, may be null):
// [rows, sum of their outputs], without gradients. On a CPU, in float32 and bfloat16, a row of the result is, bit for
// bit, a function of its own row of x, whatever the number of rows and threads (unless own_row_kernels is off).
ct_status ct_multiply_rows(
    const ct_tensor *x, const ct_weight *weights, int32_t count, const ct_tensor *residual, ct_tensor **out);

// Which rows of a step belong to which sequence, and which blocks of a store hold its keys and values.
typedef struct ct_block_plan ct_block_plan;
// bounds [sequences + 1]: where the rows of each sequence begin and the last ends, bounds[0] = 0; starts [sequences]:
// position of each one's first row; blocks: of each sequence the blocks that hold its positions 0 ..< start + rows in
// order, block_size positions each, the sequences one after the other; block_ids: how many these are in all. Blocks may
// be several sequences'; what rows write may not.
ct_status ct_block_plan_create(
    const int32_t *bounds, const int32_t *starts, int32_t sequences, const int32_t *blocks, int64_t block_ids,
    int32_t block_size, ct_block_plan **out);
void ct_block_plan_free(ct_block_plan *plan);
// Causal attention of a step. Rotates queries and keys of all rows, writes keys and values into their blocks,
// and mixes. On a CPU, in float32 and bfloat16, a row of the result is, bit for bit, a function of its own query and of
// the keys and values before it, whatever else is in the step (unless own_row_kernels is off).
//   joined [T, (H + 2·G)·D]: queries, keys, values of each row; may be overwritten;
//   cosine, sine [P, D/2] float32; out [T, H·D];
//   keys [blocks, G, D/2, block_size, 2], values [blocks, G, block_size/2, D, 2]: pairs of elements of a position, and
//   of positions of an element, side by side, as the processor's products of pairs take them. D and block_size are
//   even; own kernels take blocks of 32 positions. What stands in a block after a sequence's last position is not
//   looked at.
ct_status ct_block_attention(
    const ct_block_plan *plan, ct_tensor *joined, const ct_tensor *cosine, const ct_tensor *sine, ct_tensor *keys,
    ct_tensor *values, double scale, ct_tensor **out);

// --- Choosing tokens -------------------------------------------------------------------------------------------

typedef struct {
  int64_t begin, end;
} ct_range;

typedef enum {
  CT_ALLOW_ALL = 0,
  CT_ALLOW_LISTED,            // the listed tokens
  CT_ALLOW_LISTED_AND_OTHERS, // and all that are not among the missing ones
} ct_allowed;

// What is asked of one row of logits.
typedef struct {
  int64_t row;
  int64_t token;  // the token that is asked about; negative: one is chosen
  ct_allowed allowed;
  ct_range listed;   // where the ids of allowed tokens stand, each once, in any order
  ct_range missing;  // where the ids stand that a large set of allowed tokens lacks, ascending
  double temperature;  // 0 or less: the most probable token
  double top_p;        // 1 or more: all
  int64_t top_k;       // 0 or less: all
  double uniform;      // what the draw is made with, in [0, 1)
  double log_probability_temperature;  // what logits are divided by before log-probabilities are taken
} ct_row_question;

typedef struct {
  int64_t id;
  float log_probability;              // before top-k and top-p, among all tokens
  float constrained_log_probability;  // the same among the allowed ones
} ct_row_answer;

// Answers questions about rows of logits [rows, V] in one call, without gradients.
//
// The most probable token is the one of the lowest id on a tie; NaN never is. A draw takes logits divided by the
// temperature, of these all that reach the top_k-th largest, of these the smallest set of the most probable whose
// probability reaches top_p (of equal ones those of the lowest ids), and of these, ascending by id, the first whose
// cumulative probability exceeds `uniform`. Where no allowed token has a probability it is the one of the lowest id.
//
// On a CPU, in float32 and bfloat16, an answer is, bit for bit, a function of its question and its row, whatever the
// other rows and the number of threads; the logits are read as they are (unless own_row_kernels is off). On a GPU the
// answers come in one copy.
ct_status ct_choose_rows(
    const ct_tensor *logits, const ct_row_question *questions, int32_t count, const int32_t *ids, int64_t id_count,
    ct_row_answer *answers);

#ifdef __cplusplus
}
#endif
#endif
