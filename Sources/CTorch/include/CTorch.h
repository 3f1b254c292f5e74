// The C boundary over libtorch: everything Patron uses of it, and the only C++ in the tree.
//
// - Every call returns a status. On a negative one, ct_last_error() of the same thread holds a message that names the
//   operator and its operands; the outputs are then untouched. No C++ exception crosses this header.
// - A `ct_tensor *` written to `out` is owned by the caller, who frees it with ct_tensor_free. Arguments are borrowed.
// - Views share memory with their source, as in libtorch; each handle keeps the memory alive.
#ifndef PATRON_CTORCH_H
#define PATRON_CTORCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ct_tensor ct_tensor;
typedef struct ct_generator ct_generator;
typedef struct ct_group ct_group;

typedef enum {
  CT_OK = 0,
  CT_ERROR_OPERATOR = -1,  // libtorch refused the operands or failed
  CT_ERROR_MEMORY = -2,    // an allocation failed
  CT_ERROR_ARGUMENT = -3,  // an argument is outside what this boundary accepts
  CT_ERROR_DEVICE = -4,    // the device, or the library for it, is not there
  CT_ERROR_UNKNOWN = -5,
  CT_ERROR_GROUP = -6,  // another process of the group did not come, ended, or did not answer in time
} ct_status;

typedef enum {
  CT_FLOAT32 = 0,
  CT_FLOAT64,
  CT_FLOAT16,
  CT_BFLOAT16,
  CT_INT64,
  CT_INT32,
  CT_INT16,
  CT_INT8,
  CT_UINT8,
  CT_BOOL,
} ct_dtype;

typedef struct {
  int32_t type;   // 0 CPU, 1 CUDA
  int32_t index;  // of the GPU; 0 for the CPU
} ct_device;

// The message of this thread's last failed call; valid until its next one. Never null.
const char *ct_last_error(void);

// --- The library -----------------------------------------------------------------------------------------------

// Version of the libtorch that is loaded, such as "2.11.0". Static.
const char *ct_torch_version(void);
// Version of the libtorch whose headers this was compiled with. Static.
const char *ct_compiled_torch_version(void);
// Vector instructions that ATen chose on this processor, such as "AVX512". Static.
const char *ct_cpu_capability(void);
// Whether the processor multiplies bfloat16 in hardware (AVX512-BF16 or AMX-BF16).
bool ct_cpu_has_fast_bfloat16(void);
int32_t ct_thread_count(void);
ct_status ct_set_thread_count(int32_t count);
// Threads that this library's own loops run on: 1, whatever the thread count, where libtorch's OpenMP runtime is not
// found. 0 where the environment asks for paths that cannot be (see ct_get_processor_paths).
int32_t ct_loop_thread_count(void);
// Tells the C library to keep freed memory for the next operator instead of giving it back to the system each time; for
// programs that do little else than run models. Call it before threads are started.
void ct_keep_freed_memory(void);
// The same for blocks of any size, which otherwise come from the system anew each time, page by page; for training,
// whose steps all need the same blocks. The peak may be a little higher.
void ct_keep_all_freed_memory(void);
// Loads libtorch_cuda beside the loaded libtorch_cpu if it is there, and starts the driver. Idempotent.
ct_status ct_cuda_load(void);
int32_t ct_cuda_device_count(void);
ct_status ct_cuda_synchronize(void);
// Bytes that are free on the current GPU; 0 where the runtime does not tell.
int64_t ct_cuda_free_memory(void);

// --- Processor paths -------------------------------------------------------------------------------------------

// Instruction sets that this library's own loops are compiled for. On processors other than x86-64 there is the first
// only.
typedef enum {
  CT_KERNELS_PLAIN = 0,
  CT_KERNELS_AVX2,         // x86-64-v3
  CT_KERNELS_AVX512,       // x86-64-v4
  CT_KERNELS_AVX512_BF16,  // and products of bfloat16 by the processor's own instructions
  CT_KERNELS_AMX,          // and those by its tiles, where the system lets the process use them
} ct_kernels;

// What is computed in one of several ways. They differ in speed and in rounding, not in what they compute.
typedef struct {
  ct_kernels kernels;
  bool native_bfloat16_products;  // libtorch's products of bfloat16 matrices; else the matrices are widened to float32
  bool own_row_kernels;           // this library's loops over rows; else ATen's operators
  bool own_loop_threads;          // those loops on all threads; else on the one that calls
} ct_processor_paths;

// Whether this processor can run them.
bool ct_processor_runs(ct_kernels kernels);
// The paths of the calling thread. Without ct_set_processor_paths they are the process's: the fastest on this
// processor, unless PATRON_KERNELS (plain, avx2, avx512, avx512bf16, amx), PATRON_BF16_PRODUCTS (native, widened),
// PATRON_ROW_KERNELS (own, aten) or PATRON_LOOP_THREADS (own, one) say otherwise. Values that are unknown or that the
// processor cannot run are an error, here and in each operator that asks.
ct_status ct_get_processor_paths(ct_processor_paths *out);
// For the calling thread alone, so that other threads do not notice; null: back to the process's.
ct_status ct_set_processor_paths(const ct_processor_paths *paths);

// --- Creation --------------------------------------------------------------------------------------------------

ct_status ct_empty(const int64_t *shape, int32_t rank, ct_dtype dtype, ct_device device, ct_tensor **out);
ct_status ct_full(
    const int64_t *shape, int32_t rank, double value, ct_dtype dtype, ct_device device, ct_tensor **out);
ct_status ct_arange(double start, double end, double step, ct_dtype dtype, ct_device device, ct_tensor **out);
// Copies `bytes` (row-major, dense) into a new CPU tensor. byte_count must be what shape and dtype need.
ct_status ct_from_bytes(
    const void *bytes, size_t byte_count, const int64_t *shape, int32_t rank, ct_dtype dtype, ct_tensor **out);
// A CPU tensor over the caller's memory, without a copy. `release(context)` is called once, when the last tensor that
// uses the memory goes; on failure it is not called.
ct_status ct_from_memory(
    void *memory, size_t byte_count, const int64_t *shape, int32_t rank, ct_dtype dtype, void (*release)(void *),
    void *context, ct_tensor **out);
// Uniform in [0, 1) / standard normal / uniform integers in [low, high), drawn from the generator.
ct_status ct_rand(
    const int64_t *shape, int32_t rank, ct_generator *generator, ct_dtype dtype, ct_device device, ct_tensor **out);
ct_status ct_randn(
    const int64_t *shape, int32_t rank, ct_generator *generator, ct_dtype dtype, ct_device device, ct_tensor **out);
ct_status ct_randint(
    int64_t low, int64_t high, const int64_t *shape, int32_t rank, ct_generator *generator, ct_dtype dtype,
    ct_device device, ct_tensor **out);
void ct_tensor_free(ct_tensor *tensor);

ct_status ct_generator_create(uint64_t seed, ct_device device, ct_generator **out);
void ct_generator_free(ct_generator *generator);
// State as bytes: the size first (buffer null), then the bytes.
ct_status ct_generator_get_state(const ct_generator *generator, uint8_t *buffer, size_t *byte_count);
ct_status ct_generator_set_state(ct_generator *generator, const uint8_t *buffer, size_t byte_count);

// --- What a tensor is ------------------------------------------------------------------------------------------

int32_t ct_rank(const ct_tensor *tensor);
int64_t ct_size(const ct_tensor *tensor, int32_t dimension);
int64_t ct_stride(const ct_tensor *tensor, int32_t dimension);
int64_t ct_element_count(const ct_tensor *tensor);
ct_dtype ct_tensor_dtype(const ct_tensor *tensor);
ct_device ct_tensor_device(const ct_tensor *tensor);
bool ct_is_contiguous(const ct_tensor *tensor);
// Address of the first element of a CPU tensor; valid as long as a handle on it lives. Null for other devices.
void *ct_data(const ct_tensor *tensor);
// Row-major bytes of the tensor, whatever its device and strides, copied into `bytes`.
ct_status ct_copy_out(const ct_tensor *tensor, void *bytes, size_t byte_count);

// --- Moving and viewing ----------------------------------------------------------------------------------------

ct_status ct_to(const ct_tensor *tensor, ct_dtype dtype, ct_device device, ct_tensor **out);
ct_status ct_clone(const ct_tensor *tensor, ct_tensor **out);
ct_status ct_contiguous(const ct_tensor *tensor, ct_tensor **out);
ct_status ct_detach(const ct_tensor *tensor, ct_tensor **out);
// Copies source into destination (same shape after broadcasting; dtypes and devices may differ).
ct_status ct_copy_into(ct_tensor *destination, const ct_tensor *source);
ct_status ct_reshape(const ct_tensor *tensor, const int64_t *shape, int32_t rank, ct_tensor **out);
ct_status ct_expand(const ct_tensor *tensor, const int64_t *shape, int32_t rank, ct_tensor **out);
ct_status ct_permute(const ct_tensor *tensor, const int64_t *order, int32_t rank, ct_tensor **out);
ct_status ct_transpose(const ct_tensor *tensor, int64_t first, int64_t second, ct_tensor **out);
ct_status ct_slice(
    const ct_tensor *tensor, int64_t dimension, int64_t start, int64_t end, int64_t step, ct_tensor **out);
ct_status ct_select(const ct_tensor *tensor, int64_t dimension, int64_t index, ct_tensor **out);
ct_status ct_unsqueeze(const ct_tensor *tensor, int64_t dimension, ct_tensor **out);
ct_status ct_squeeze(const ct_tensor *tensor, int64_t dimension, ct_tensor **out);
ct_status ct_concatenate(const ct_tensor *const *tensors, int32_t count, int64_t dimension, ct_tensor **out);
ct_status ct_stack(const ct_tensor *const *tensors, int32_t count, int64_t dimension, ct_tensor **out);
ct_status ct_index_select(
    const ct_tensor *tensor, int64_t dimension, const ct_tensor *indices, ct_tensor **out);
ct_status ct_gather(const ct_tensor *tensor, int64_t dimension, const ct_tensor *indices, ct_tensor **out);
ct_status ct_where(
    const ct_tensor *condition, const ct_tensor *if_true, const ct_tensor *if_false, ct_tensor **out);
ct_status ct_masked_fill(const ct_tensor *tensor, const ct_tensor *mask, double value, ct_tensor **out);
// The lower triangle (diagonal 0) of the last two dimensions; `upper` for the other side.
ct_status ct_triangle(const ct_tensor *tensor, int64_t diagonal, bool upper, ct_tensor **out);

// --- Arithmetic ------------------------------------------------------------------------------------------------

typedef enum {
  CT_NEGATE = 0,
  CT_EXP,
  CT_LOG,
  CT_SQRT,
  CT_RSQRT,
  CT_ABS,
  CT_SIN,
  CT_COS,
  CT_SIGMOID,
  CT_SILU,
  CT_IS_FINITE,
  CT_LOGICAL_NOT,
} ct_unary_op;

typedef enum {
  CT_ADD = 0,
  CT_SUBTRACT,
  CT_MULTIPLY,
  CT_DIVIDE,
  CT_POWER,
  CT_MINIMUM,
  CT_MAXIMUM,
  CT_EQUAL,
  CT_LESS,
  CT_GREATER,
} ct_binary_op;

ct_status ct_unary(ct_unary_op op, const ct_tensor *tensor, ct_tensor **out);
ct_status ct_binary(ct_binary_op op, const ct_tensor *left, const ct_tensor *right, ct_tensor **out);
ct_status ct_binary_scalar(ct_binary_op op, const ct_tensor *left, double right, ct_tensor **out);
// Add, subtract, multiply, divide only; the result is written into `left`.
ct_status ct_binary_in_place(ct_binary_op op, ct_tensor *left, const ct_tensor *right);
ct_status ct_binary_scalar_in_place(ct_binary_op op, ct_tensor *left, double right);
// left += right * scale
ct_status ct_add_scaled_in_place(ct_tensor *left, const ct_tensor *right, double scale);
ct_status ct_clamp(const ct_tensor *tensor, double minimum, double maximum, ct_tensor **out);

// --- Products, reductions, networks ----------------------------------------------------------------------------

ct_status ct_matmul(const ct_tensor *left, const ct_tensor *right, ct_tensor **out);
// input [.., in] · weight [out, in]^T (+ bias [out], may be null)
ct_status ct_linear(const ct_tensor *input, const ct_tensor *weight, const ct_tensor *bias, ct_tensor **out);
// table [rows, width], indices of any shape -> [.., width]
ct_status ct_embedding(const ct_tensor *table, const ct_tensor *indices, ct_tensor **out);

typedef enum {
  CT_SUM = 0,
  CT_MEAN,
  CT_MAX,
  CT_MIN,
  CT_ARGMAX,
  CT_LOGSUMEXP,
  CT_NORM2,
  CT_ALL,
  CT_ANY,
} ct_reduction;

// Over one dimension, or over all elements (has_dimension false; not for CT_LOGSUMEXP). CT_ARGMAX gives int64.
ct_status ct_reduce(
    ct_reduction op, const ct_tensor *tensor, bool has_dimension, int64_t dimension, bool keep, ct_tensor **out);
ct_status ct_variance(const ct_tensor *tensor, int64_t dimension, bool unbiased, bool keep, ct_tensor **out);
ct_status ct_cumulative_sum(const ct_tensor *tensor, int64_t dimension, ct_tensor **out);
ct_status ct_softmax(const ct_tensor *tensor, int64_t dimension, ct_tensor **out);
ct_status ct_log_softmax(const ct_tensor *tensor, int64_t dimension, ct_tensor **out);
ct_status ct_sort(
    const ct_tensor *tensor, int64_t dimension, bool descending, ct_tensor **values, ct_tensor **indices);
ct_status ct_top_k(
    const ct_tensor *tensor, int64_t k, int64_t dimension, ct_tensor **values, ct_tensor **indices);
// Zeroes elements with the given probability and scales the others by 1/(1-p), drawn from the generator.
ct_status ct_dropout(const ct_tensor *tensor, double probability, ct_generator *generator, ct_tensor **out);
// query [B, H, L, D], key and value [B, Hkv, S, D], H a multiple of Hkv; mask (may be null) broadcasts to [B, H, L, S].
ct_status ct_attention(
    const ct_tensor *query, const ct_tensor *key, const ct_tensor *value, const ct_tensor *mask, bool causal,
    double scale, ct_tensor **out);

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

// --- Operators of the training path: backward passes written out, nothing recorded ----------------------------------

// out = beta · out + alpha · left · right (matrices; views allowed). Dtypes may differ. Where bfloat16 products are
// native, and on a GPU, the wider operand is first rounded to the dtype of the narrower; where they are widened, and
// for float16 on a CPU, both are widened to float32, which rounds nothing. On a CPU the sum is then made in float32 or
// wider, and the result is rounded once, to out's dtype. On a GPU the sum is rounded to the operands' dtype before a
// wider out takes it.
//
// For training this means: the ways differ by the rounding of operands to bfloat16 (8 bits: up to 2^-8 of a value), as
// torch's autocast rounds them; losses, logits and the adapter's gradients, which are float32, never lose bits of their
// sums.
ct_status ct_multiply_into(
    ct_tensor *out, const ct_tensor *left, const ct_tensor *right, double beta, double alpha);
// sum [rows, width] += gradient of ct_rms_norm with respect to x, for `gradient` with respect to its result.
ct_status ct_rms_norm_backward(
    const ct_tensor *x, const ct_tensor *weight, const ct_tensor *gradient, double epsilon, ct_tensor *sum);
// Writes the gradients of silu(gate) · up over gate and up [rows, width] (rows may be strided).
ct_status ct_silu_multiply_backward(ct_tensor *gate, ct_tensor *up, const ct_tensor *gradient);
// Rotates the first `heads` heads of each row in place: x [T, >= heads·D] (rows may be strided); cosine, sine [T, D/2]
// float32. `inverse` turns back, which is the gradient.
ct_status ct_rotate_in_place(
    ct_tensor *x, int64_t heads, const ct_tensor *cosine, const ct_tensor *sine, bool inverse);
// Causal attention within segments of packed rows. packed [T, (heads + 2·groups)·D]: queries, keys, values of each
// token; segment i is the rows bounds[i] ..< bounds[i + 1], bounds[0] = 0, bounds[segments] = T. Where `prefixes` is
// not null and prefixes[i] >= 0, segment i continues the earlier segment of that number, which itself continues none,
// and sees its rows too: several sequences share their beginning. out [T, heads·D]; normalizers: log-sum-exp of each
// row of scores, float32 [groups, heads/groups, T].
ct_status ct_causal_attention(
    const ct_tensor *packed, int64_t heads, int64_t groups, const int64_t *bounds, const int64_t *prefixes,
    int32_t segments, double scale, ct_tensor **out, ct_tensor **normalizers);
// The gradient with respect to `packed`, of its shape, for `gradient` with respect to out.
ct_status ct_causal_attention_backward(
    const ct_tensor *packed, const ct_tensor *out, const ct_tensor *normalizers, const ct_tensor *gradient,
    int64_t heads, int64_t groups, const int64_t *bounds, const int64_t *prefixes, int32_t segments, double scale,
    ct_tensor **result);
// Dropout with a mask that the seed and the element's index decide: the same call gives the same mask, so that none has
// to be kept. The second form adds the result to `sum`: the backward pass.
ct_status ct_counted_dropout(const ct_tensor *x, double probability, uint64_t seed, ct_tensor **out);
ct_status ct_add_counted_dropout(ct_tensor *sum, const ct_tensor *x, double probability, uint64_t seed);
// losses [rows] = -log softmax(logits)[target]; logits [rows, V] float32 become (softmax - one-hot) · scale. targets
// int64.
ct_status ct_cross_entropy(ct_tensor *logits, const ct_tensor *targets, double scale, ct_tensor **losses);
// Weights of one token's terms in a loss that is a sum over tokens; with the token's log-probability l at the
// temperature, ratio r = exp(l - old) and entropy H:
//   - gain · min(r, 1 + clip_high) + loss · min(max(r, 1 - clip_low), dual_clip) + divergence · k3 - entropy · H
typedef struct {
  float gain;  // the sum of the positive advantages of what the token stands for
  float loss;  // the sum of the negative ones, without their sign
  float divergence;
  float entropy;
} ct_policy_weights;
typedef struct {
  float temperature;  // what logits are divided by
  float clip_low, clip_high;
  float dual_clip;  // infinity: none
} ct_policy_options;
typedef struct {
  float log_probability, entropy;
  float ratio;       // 1 where there is no log-probability before the update
  float divergence;  // k3 = exp(d) - d - 1 of d = reference - l, at most 10; 0 without a reference
} ct_policy_figures;
// figures [rows, 4] float32, the members of ct_policy_figures, of each row of logits [rows, V] float32. Where
// `gradient` is wanted and there are `weights` [rows, 4], the members of ct_policy_weights, the logits become the
// loss's gradient. targets int64; old, reference [rows] float32 and weights may be null. Log-ratios beyond +-20 and k3
// beyond 10 are held there, and nothing flows back through them.
ct_status ct_policy_rows(
    ct_tensor *logits, const ct_tensor *targets, const ct_tensor *old, const ct_tensor *reference,
    const ct_tensor *weights, ct_policy_options options, bool gradient, ct_tensor **figures);
// sum[places[i]] += rows[i]; places int64.
ct_status ct_add_rows(ct_tensor *sum, const ct_tensor *places, const ct_tensor *rows);
// tensor[places[i]] = rows[i]; places int64, none of them twice.
ct_status ct_set_rows(ct_tensor *tensor, const ct_tensor *places, const ct_tensor *rows);
// One AdamW update in place; `step` counts from 1.
ct_status ct_adamw(
    ct_tensor *values, const ct_tensor *gradients, ct_tensor *first_moments, ct_tensor *second_moments, int64_t step,
    double learning_rate, double beta1, double beta2, double epsilon, double weight_decay);

// --- Gradients -------------------------------------------------------------------------------------------------

bool ct_gradients_enabled(void);           // of this thread
void ct_set_gradients_enabled(bool enabled);  // of this thread
bool ct_requires_gradient(const ct_tensor *tensor);
ct_status ct_set_requires_gradient(ct_tensor *tensor, bool required);
// Accumulates d(scalar)/d(leaf) into the leaves' gradients.
ct_status ct_backward(const ct_tensor *scalar);
// The gradient that a leaf has accumulated; *out is null when there is none.
ct_status ct_gradient(const ct_tensor *tensor, ct_tensor **out);
ct_status ct_clear_gradient(ct_tensor *tensor);
// Vector-Jacobian products: gradients of `outputs` (weighted by `seeds`) with respect to each input, into out[count].
ct_status ct_vector_jacobian(
    const ct_tensor *const *outputs, const ct_tensor *const *seeds, int32_t output_count,
    const ct_tensor *const *inputs, int32_t input_count, ct_tensor **out);

// --- Processes -------------------------------------------------------------------------------------------------
//
// Processes that compute together find one another by a store, a server of small values that one of them (or torchrun)
// runs. Every collective (sum, max, broadcast, barrier) is called by all of them in the same order, from one thread;
// the others may be called from any thread. Once one has failed with CT_ERROR_GROUP the group is of no more use.

typedef struct {
  int32_t rank;          // of this process, from 0
  int32_t count;         // of processes
  const char *host;      // of the store
  int32_t port;          // of the store
  bool serves_store;     // whether this process is to run it
  bool is_local;         // all processes are on this machine: everything is bound to 127.0.0.1, `host` is not looked at
  const char *prefix;    // of the store's keys; another one for each attempt, as a store may outlive it
  double join_seconds;   // how long the others are waited for here
  double wait_seconds;   // how long they are in each collective
  bool uses_nccl;        // for tensors on `device`, a GPU; else they go by way of the CPU, as CPU tensors do, by Gloo
  ct_device device;
} ct_group_options;

// Waits until all processes have joined. *out is freed with ct_group_free.
ct_status ct_group_join(const ct_group_options *options, ct_group **out);
// In place, of dense tensors of the same shape and dtype on all processes: sum, largest element, rank 0's values. Sums
// are formed in an order that depends on the number of processes alone.
ct_status ct_group_sum(ct_group *group, ct_tensor *tensor);
ct_status ct_group_max(ct_group *group, ct_tensor *tensor);
ct_status ct_group_broadcast(ct_group *group, ct_tensor *tensor);
// Returns once all processes have called it.
ct_status ct_group_barrier(ct_group *group, double seconds);
// The store: a value of any length by its key, over what was there.
ct_status ct_group_put(ct_group *group, const char *key, const void *bytes, size_t byte_count);
// The value as a tensor of uint8; *out is null where none is there within the time. 0 seconds: only looks.
ct_status ct_group_get(ct_group *group, const char *key, double seconds, ct_tensor **out);
// The process whose connection to this one broke without a word: it has ended, or was ended. -1: none. Each process
// watches the one before it, rank 0 the last.
int32_t ct_group_lost(const ct_group *group);
// A barrier, after which processes may end without being missed.
ct_status ct_group_leave(ct_group *group, double seconds);
void ct_group_free(ct_group *group);
// Version of NCCL, such as 22809, with all functions that are called here: of the one that is loaded (with
// libtorch_cuda), or of this library, which is then loaded.
ct_status ct_nccl_version(const char *library, int32_t *out);

#ifdef __cplusplus
}
#endif
#endif
