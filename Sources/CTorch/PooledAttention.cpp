// Attention of many sequences whose keys and values stand in one pool, in as many calls as for one sequence. A GPU runs
// it: the step of 16 sequences is then no more kernels than that of one. ATen's flash attention is for 16-bit floats on
// a GPU; all others go sequence by sequence.
#include <ATen/core/grad_mode.h>
#include <dlfcn.h>

#include <algorithm>

#include "CachedAttention.hpp"
#include "Elements.hpp"
#include "Support.hpp"

using namespace ctorch;

namespace {

// Whether a GPU is of NVIDIA's compute capability 8.0 or newer, which flash attention needs. The driver's own function,
// as this target is compiled without CUDA's headers.
bool isAmpereOrNewer(const at::Device &device) {
  using GetAttribute = int (*)(int *, int, int);
  static const auto query = [] {
    void *driver = dlopen("libcuda.so.1", RTLD_NOW);
    return driver ? reinterpret_cast<GetAttribute>(dlsym(driver, "cuDeviceGetAttribute")) : nullptr;
  }();
  constexpr int computeCapabilityMajor = 75;
  int major = 0;
  return query && query(&major, computeCapabilityMajor, device.has_index() ? device.index() : 0) == 0 && major >= 8;
}

bool hasFlashAttention(const at::Tensor &query, int64_t dimension) {
  return query.is_cuda() && (query.scalar_type() == at::kHalf || query.scalar_type() == at::kBFloat16) &&
         dimension % 8 == 0 && dimension <= 256 && isAmpereOrNewer(query.device());
}

// The places of ct_pooled_attention, checked.
struct Places {
  int64_t count;
  const int32_t *bounds, *starts, *lengths;
  int64_t mostRows = 0, longest = 0;

  Places(const int32_t *places, int64_t count, int64_t rows, int64_t poolRows)
      : count(count), bounds(places), starts(places + count + 1), lengths(places + 2 * (count + 1)) {
    expect(count > 0 && bounds[0] == 0 && bounds[count] == rows, "the sequences do not cover the rows");
    for (int64_t i = 0; i < count; ++i) {
      const int64_t own = int64_t(bounds[i + 1]) - bounds[i];
      expect(own > 0 && lengths[i] >= own, "a sequence has no rows, or more than positions");
      expect(starts[i] >= 0 && int64_t(starts[i]) + lengths[i] <= poolRows, "a sequence lies outside the pool");
      mostRows = std::max(mostRows, own);
      longest = std::max<int64_t>(longest, lengths[i]);
    }
  }
};

at::Tensor pooledAttention(
    const at::Tensor &queries, const at::Tensor &pool, int64_t groups, const Places &places, const at::Tensor &onDevice,
    double scale) {
  const int64_t rows = queries.size(0), dimension = pool.size(1) / (2 * groups), heads = queries.size(1) / dimension;
  const at::Tensor query = queries.unflatten(1, {heads, dimension});
  const at::Tensor keys = pool.slice(1, 0, groups * dimension).unflatten(1, {groups, dimension});
  const at::Tensor values = pool.slice(1, groups * dimension).unflatten(1, {groups, dimension});
  if (hasFlashAttention(query, dimension)) {
    const int64_t next = places.count + 1;
    // A row sees the positions up to its own: the operator's causal mask counts from the lower right corner.
    const auto result = at::_flash_attention_forward(
        query, keys, values, onDevice.slice(0, 0, next), onDevice.slice(0, next, 2 * next), places.mostRows,
        places.longest, /*dropout_p=*/0.0, /*is_causal=*/true, /*return_debug_mask=*/false,
        std::optional<double>(scale), std::optional<int64_t>(), std::optional<int64_t>(), onDevice.slice(0, 2 * next),
        std::optional<at::Tensor>());
    return std::get<0>(result).reshape({rows, heads * dimension});
  }
  std::vector<at::Tensor> mixed;
  for (int64_t i = 0; i < places.count; ++i) {
    const int64_t start = places.starts[i], length = places.lengths[i];
    mixed.push_back(cachedAttention(
        query.slice(0, places.bounds[i], places.bounds[i + 1]).transpose(0, 1),
        keys.slice(0, start, start + length).transpose(0, 1), values.slice(0, start, start + length).transpose(0, 1),
        length, scale));
  }
  return mixed.size() == 1 ? mixed[0] : at::cat(mixed);
}

}  // namespace

ct_status ct_pooled_attention(
    const ct_tensor *queries, const ct_tensor *pool, int64_t groups, const int32_t *places,
    const ct_tensor *places_on_device, int32_t sequences, double scale, ct_tensor **out) {
  return guarded("pooled attention", {queries, pool, places_on_device}, [&] {
    at::NoGradGuard guard;
    const at::Tensor &q = queries->value, &p = pool->value, &device = places_on_device->value;
    expect(
        q.dim() == 2 && p.dim() == 2 && groups > 0 && p.size(1) > 0 && p.size(1) % (2 * groups) == 0 &&
            q.size(1) % (p.size(1) / 2) == 0,
        "expected queries [T, H * D] and a pool [rows, 2 * groups * D], H a multiple of the groups");
    expect(
        q.scalar_type() == p.scalar_type() && q.device() == p.device(), "queries and pool differ in dtype or device");
    expect(
        device.dim() == 1 && device.size(0) == 3 * int64_t(sequences) + 2 && device.scalar_type() == at::kInt &&
            device.device() == p.device(),
        "the places on the device are not those of the sequences");
    give(out, pooledAttention(q, p, groups, Places(places, sequences, q.size(0), p.size(0)), device, scale));
  });
}
