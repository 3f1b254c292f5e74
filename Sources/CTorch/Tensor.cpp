// Creation, properties, moves and views.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <c10/core/CPUAllocator.h>

#include <cstring>
#include <mutex>

#include "Support.hpp"

using namespace ctorch;

namespace {

at::TensorOptions options(ct_dtype dtype, ct_device device) {
  return at::TensorOptions().dtype(scalarType(dtype)).device(torchDevice(device));
}

// Bytes of a dense tensor; refuses negative sizes and products that overflow.
size_t denseByteCount(at::IntArrayRef shape, at::ScalarType type) {
  size_t count = c10::elementSize(type);
  for (int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(count, static_cast<size_t>(size), &count)) {
      throw Failure{CT_ERROR_ARGUMENT, "the shape has a negative size or more bytes than memory can address"};
    }
  }
  return count;
}

void expectByteCount(size_t found, at::IntArrayRef shape, at::ScalarType type) {
  const size_t expected = denseByteCount(shape, type);
  if (found != expected) {
    throw Failure{
        CT_ERROR_ARGUMENT,
        "found " + std::to_string(found) + " bytes, expected " + std::to_string(expected) + " for the shape"};
  }
}

}  // namespace

ct_status ct_empty(const int64_t *shape, int32_t rank, ct_dtype dtype, ct_device device, ct_tensor **out) {
  return guarded("empty", {}, [&] { give(out, at::empty(shapeOf(shape, rank), options(dtype, device))); });
}

ct_status ct_full(
    const int64_t *shape, int32_t rank, double value, ct_dtype dtype, ct_device device, ct_tensor **out) {
  return guarded("full", {}, [&] { give(out, at::full(shapeOf(shape, rank), value, options(dtype, device))); });
}

ct_status ct_arange(double start, double end, double step, ct_dtype dtype, ct_device device, ct_tensor **out) {
  return guarded("arange", {}, [&] { give(out, at::arange(start, end, step, options(dtype, device))); });
}

ct_status ct_from_bytes(
    const void *bytes, size_t byte_count, const int64_t *shape, int32_t rank, ct_dtype dtype, ct_tensor **out) {
  return guarded("from bytes", {}, [&] {
    const auto sizes = shapeOf(shape, rank);
    expectByteCount(byte_count, sizes, scalarType(dtype));
    at::Tensor tensor = at::empty(sizes, options(dtype, {0, 0}));
    if (byte_count) std::memcpy(tensor.data_ptr(), bytes, byte_count);
    give(out, std::move(tensor));
  });
}

ct_status ct_from_memory(
    void *memory, size_t byte_count, const int64_t *shape, int32_t rank, ct_dtype dtype, void (*release)(void *),
    void *context, ct_tensor **out) {
  return guarded("from memory", {}, [&] {
    const auto sizes = shapeOf(shape, rank);
    expectByteCount(byte_count, sizes, scalarType(dtype));
    const size_t alignment = c10::elementSize(scalarType(dtype));
    if (reinterpret_cast<uintptr_t>(memory) % alignment != 0) {
      throw Failure{CT_ERROR_ARGUMENT, "the memory is not aligned to " + std::to_string(alignment) + " bytes"};
    }
    give(out, at::from_blob(memory, sizes, [release, context](void *) { release(context); }, options(dtype, {0, 0})));
  });
}

namespace {
// Draws lock the generator themselves; null means libtorch's default one.
std::optional<at::Generator> optional(ct_generator *generator) {
  return generator ? std::optional(generator->value) : std::nullopt;
}
}  // namespace

ct_status ct_rand(
    const int64_t *shape, int32_t rank, ct_generator *generator, ct_dtype dtype, ct_device device, ct_tensor **out) {
  return guarded("rand", {}, [&] {
    give(out, at::rand(shapeOf(shape, rank), optional(generator), options(dtype, device)));
  });
}

ct_status ct_randn(
    const int64_t *shape, int32_t rank, ct_generator *generator, ct_dtype dtype, ct_device device, ct_tensor **out) {
  return guarded("randn", {}, [&] {
    give(out, at::randn(shapeOf(shape, rank), optional(generator), options(dtype, device)));
  });
}

ct_status ct_randint(
    int64_t low, int64_t high, const int64_t *shape, int32_t rank, ct_generator *generator, ct_dtype dtype,
    ct_device device, ct_tensor **out) {
  return guarded("randint", {}, [&] {
    give(out, at::randint(low, high, shapeOf(shape, rank), optional(generator), options(dtype, device)));
  });
}

void ct_tensor_free(ct_tensor *tensor) { delete tensor; }

ct_status ct_generator_create(uint64_t seed, ct_device device, ct_generator **out) {
  return guarded("generator", {}, [&] {
    at::Generator generator = device.type == 0
                                  ? at::detail::createCPUGenerator(seed)
                                  : at::globalContext().defaultGenerator(torchDevice(device)).clone();
    generator.set_current_seed(seed);
    *out = new ct_generator{std::move(generator)};
  });
}

void ct_generator_free(ct_generator *generator) { delete generator; }

ct_status ct_generator_get_state(const ct_generator *generator, uint8_t *buffer, size_t *byte_count) {
  return guarded("generator state", {}, [&] {
    const at::Tensor state = generator->value.get_state();
    const size_t size = static_cast<size_t>(state.numel());
    if (buffer) {
      if (*byte_count < size) throw Failure{CT_ERROR_ARGUMENT, "the buffer is too small for the state"};
      std::memcpy(buffer, state.data_ptr(), size);
    }
    *byte_count = size;
  });
}

ct_status ct_generator_set_state(ct_generator *generator, const uint8_t *buffer, size_t byte_count) {
  return guarded("generator state", {}, [&] {
    at::Tensor state = at::empty({static_cast<int64_t>(byte_count)}, at::kByte);
    std::memcpy(state.data_ptr(), buffer, byte_count);
    generator->value.set_state(state);
  });
}

int32_t ct_rank(const ct_tensor *tensor) { return static_cast<int32_t>(tensor->value.dim()); }
int64_t ct_size(const ct_tensor *tensor, int32_t dimension) { return tensor->value.sizes()[size_t(dimension)]; }
int64_t ct_stride(const ct_tensor *tensor, int32_t dimension) { return tensor->value.strides()[size_t(dimension)]; }
int64_t ct_element_count(const ct_tensor *tensor) { return tensor->value.numel(); }

ct_dtype ct_tensor_dtype(const ct_tensor *tensor) {
  switch (tensor->value.scalar_type()) {
    case at::kFloat: return CT_FLOAT32;
    case at::kDouble: return CT_FLOAT64;
    case at::kHalf: return CT_FLOAT16;
    case at::kBFloat16: return CT_BFLOAT16;
    case at::kLong: return CT_INT64;
    case at::kInt: return CT_INT32;
    case at::kShort: return CT_INT16;
    case at::kChar: return CT_INT8;
    case at::kByte: return CT_UINT8;
    default: return CT_BOOL;  // no operator of this boundary makes any other
  }
}

ct_device ct_tensor_device(const ct_tensor *tensor) {
  const at::Device device = tensor->value.device();
  return {device.is_cuda() ? 1 : 0, device.has_index() ? device.index() : 0};
}

bool ct_is_contiguous(const ct_tensor *tensor) { return tensor->value.is_contiguous(); }

void *ct_data(const ct_tensor *tensor) { return tensor->value.is_cpu() ? tensor->value.data_ptr() : nullptr; }

ct_status ct_copy_out(const ct_tensor *tensor, void *bytes, size_t byte_count) {
  return guarded("copy out", {tensor}, [&] {
    const at::Tensor dense = tensor->value.detach().to(at::kCPU).contiguous();
    if (dense.nbytes() != byte_count) {
      throw Failure{
          CT_ERROR_ARGUMENT,
          "found room for " + std::to_string(byte_count) + " bytes, expected " + std::to_string(dense.nbytes())};
    }
    if (byte_count) std::memcpy(bytes, dense.data_ptr(), byte_count);
  });
}

ct_status ct_to(const ct_tensor *tensor, ct_dtype dtype, ct_device device, ct_tensor **out) {
  return guarded("to", {tensor}, [&] { give(out, tensor->value.to(torchDevice(device), scalarType(dtype))); });
}

ct_status ct_clone(const ct_tensor *tensor, ct_tensor **out) {
  return guarded("clone", {tensor}, [&] { give(out, tensor->value.clone(at::MemoryFormat::Contiguous)); });
}

ct_status ct_contiguous(const ct_tensor *tensor, ct_tensor **out) {
  return guarded("contiguous", {tensor}, [&] { give(out, tensor->value.contiguous()); });
}

ct_status ct_detach(const ct_tensor *tensor, ct_tensor **out) {
  return guarded("detach", {tensor}, [&] { give(out, tensor->value.detach()); });
}

ct_status ct_copy_into(ct_tensor *destination, const ct_tensor *source) {
  return guarded("copy", {destination, source}, [&] { destination->value.copy_(source->value); });
}

ct_status ct_reshape(const ct_tensor *tensor, const int64_t *shape, int32_t rank, ct_tensor **out) {
  return guarded("reshape", {tensor}, [&] { give(out, tensor->value.reshape(shapeOf(shape, rank))); });
}

ct_status ct_expand(const ct_tensor *tensor, const int64_t *shape, int32_t rank, ct_tensor **out) {
  return guarded("expand", {tensor}, [&] { give(out, tensor->value.expand(shapeOf(shape, rank))); });
}

ct_status ct_permute(const ct_tensor *tensor, const int64_t *order, int32_t rank, ct_tensor **out) {
  return guarded("permute", {tensor}, [&] { give(out, tensor->value.permute(shapeOf(order, rank))); });
}

ct_status ct_transpose(const ct_tensor *tensor, int64_t first, int64_t second, ct_tensor **out) {
  return guarded("transpose", {tensor}, [&] { give(out, tensor->value.transpose(first, second)); });
}

ct_status ct_slice(
    const ct_tensor *tensor, int64_t dimension, int64_t start, int64_t end, int64_t step, ct_tensor **out) {
  return guarded("slice", {tensor}, [&] { give(out, tensor->value.slice(dimension, start, end, step)); });
}

ct_status ct_select(const ct_tensor *tensor, int64_t dimension, int64_t index, ct_tensor **out) {
  return guarded("select", {tensor}, [&] { give(out, tensor->value.select(dimension, index)); });
}

ct_status ct_unsqueeze(const ct_tensor *tensor, int64_t dimension, ct_tensor **out) {
  return guarded("unsqueeze", {tensor}, [&] { give(out, tensor->value.unsqueeze(dimension)); });
}

ct_status ct_squeeze(const ct_tensor *tensor, int64_t dimension, ct_tensor **out) {
  return guarded("squeeze", {tensor}, [&] { give(out, tensor->value.squeeze(dimension)); });
}

ct_status ct_concatenate(const ct_tensor *const *tensors, int32_t count, int64_t dimension, ct_tensor **out) {
  return guarded("concatenate", {count > 0 ? tensors[0] : nullptr, count > 1 ? tensors[1] : nullptr}, [&] {
    give(out, at::cat(listOf(tensors, count), dimension));
  });
}

ct_status ct_stack(const ct_tensor *const *tensors, int32_t count, int64_t dimension, ct_tensor **out) {
  return guarded("stack", {count > 0 ? tensors[0] : nullptr, count > 1 ? tensors[1] : nullptr}, [&] {
    give(out, at::stack(listOf(tensors, count), dimension));
  });
}

ct_status ct_index_select(const ct_tensor *tensor, int64_t dimension, const ct_tensor *indices, ct_tensor **out) {
  return guarded("index select", {tensor, indices}, [&] {
    give(out, at::index_select(tensor->value, dimension, indices->value));
  });
}

ct_status ct_gather(const ct_tensor *tensor, int64_t dimension, const ct_tensor *indices, ct_tensor **out) {
  return guarded("gather", {tensor, indices}, [&] {
    give(out, at::gather(tensor->value, dimension, indices->value));
  });
}

ct_status ct_where(
    const ct_tensor *condition, const ct_tensor *if_true, const ct_tensor *if_false, ct_tensor **out) {
  return guarded("where", {condition, if_true, if_false}, [&] {
    give(out, at::where(condition->value, if_true->value, if_false->value));
  });
}

ct_status ct_masked_fill(const ct_tensor *tensor, const ct_tensor *mask, double value, ct_tensor **out) {
  return guarded("masked fill", {tensor, mask}, [&] {
    give(out, at::masked_fill(tensor->value, mask->value, at::Scalar(value)));
  });
}

ct_status ct_triangle(const ct_tensor *tensor, int64_t diagonal, bool upper, ct_tensor **out) {
  return guarded("triangle", {tensor}, [&] {
    give(out, upper ? at::triu(tensor->value, diagonal) : at::tril(tensor->value, diagonal));
  });
}
