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

#ifdef __cplusplus
}
#endif

#include "CTorchDecoding.h"
#include "CTorchProcesses.h"
#include "CTorchTraining.h"
#endif
