// Part of CTorch.h: a model that is trained.
#ifndef PATRON_CTORCHTRAINING_H
#define PATRON_CTORCHTRAINING_H

#include "CTorch.h"

#ifdef __cplusplus
extern "C" {
#endif

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

#ifdef __cplusplus
}
#endif
#endif
