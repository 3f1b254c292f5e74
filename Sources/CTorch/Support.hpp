// Shared by the C++ files of this target: handles, the exception boundary, conversions.
#pragma once

#include <ATen/ATen.h>

#include <new>
#include <sstream>
#include <string>
#include <vector>

#include "CTorch.h"

struct ct_tensor {
  at::Tensor value;
};

struct ct_generator {
  at::Generator value;
};

namespace ctorch {

// A failure that this boundary itself finds.
struct Failure {
  ct_status status;
  std::string message;
};

void setLastError(std::string message);

inline std::string describe(const at::Tensor &tensor) {
  if (!tensor.defined()) return "none";
  std::ostringstream text;
  text << c10::toString(tensor.scalar_type()) << '[';
  for (int64_t i = 0; i < tensor.dim(); ++i) text << (i ? ", " : "") << tensor.size(i);
  text << ']';
  if (!tensor.is_cpu()) text << " on " << tensor.device();
  return text.str();
}

inline std::string describe(const ct_tensor *tensor) { return tensor ? describe(tensor->value) : "none"; }

inline std::string describeAll(std::initializer_list<const ct_tensor *> operands) {
  std::string text;
  for (const ct_tensor *operand : operands) {
    if (operand) text += (text.empty() ? "" : ", ") + describe(operand);
  }
  return text;
}

// The one place where C++ exceptions end: runs `body`, and on failure records "operator: reason (operands …)".
template <typename Body>
ct_status guarded(const char *name, std::initializer_list<const ct_tensor *> operands, Body &&body) noexcept {
  ct_status status = CT_ERROR_UNKNOWN;
  try {
    std::string reason;
    try {
      body();
      return CT_OK;
    } catch (const Failure &failure) {
      status = failure.status;
      reason = failure.message;
    } catch (const c10::OutOfMemoryError &error) {
      status = CT_ERROR_MEMORY;
      reason = error.what_without_backtrace();
    } catch (const c10::Error &error) {
      status = CT_ERROR_OPERATOR;
      reason = error.what_without_backtrace();
    } catch (const std::bad_alloc &) {
      status = CT_ERROR_MEMORY;
      reason = "out of memory";
    } catch (const std::exception &error) {
      status = CT_ERROR_OPERATOR;
      reason = error.what();
    }
    if (status == CT_ERROR_OPERATOR && reason.find("DefaultCPUAllocator") != std::string::npos) {
      status = CT_ERROR_MEMORY;
    }
    const std::string shapes = describeAll(operands);
    setLastError(std::string(name) + ": " + reason + (shapes.empty() ? "" : " (operands " + shapes + ")"));
  } catch (...) {
    // Not even the message could be built, or something other than an exception was thrown.
  }
  return status;
}

inline at::ScalarType scalarType(ct_dtype dtype) {
  switch (dtype) {
    case CT_FLOAT32: return at::kFloat;
    case CT_FLOAT64: return at::kDouble;
    case CT_FLOAT16: return at::kHalf;
    case CT_BFLOAT16: return at::kBFloat16;
    case CT_INT64: return at::kLong;
    case CT_INT32: return at::kInt;
    case CT_INT16: return at::kShort;
    case CT_INT8: return at::kChar;
    case CT_UINT8: return at::kByte;
    case CT_BOOL: return at::kBool;
  }
  throw Failure{CT_ERROR_ARGUMENT, "dtype code " + std::to_string(int(dtype)) + " is not known"};
}

inline at::Device torchDevice(ct_device device) {
  if (device.type == 0) return at::Device(at::kCPU);
  if (device.type == 1) return at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device.index));
  throw Failure{CT_ERROR_ARGUMENT, "device type " + std::to_string(device.type) + " is not known"};
}

inline at::IntArrayRef shapeOf(const int64_t *shape, int32_t rank) {
  if (rank < 0 || (rank > 0 && !shape)) throw Failure{CT_ERROR_ARGUMENT, "the shape is missing"};
  return at::IntArrayRef(shape, static_cast<size_t>(rank));
}

inline void give(ct_tensor **out, at::Tensor value) { *out = new ct_tensor{std::move(value)}; }

inline std::vector<at::Tensor> listOf(const ct_tensor *const *tensors, int32_t count) {
  std::vector<at::Tensor> list;
  list.reserve(static_cast<size_t>(count));
  for (int32_t i = 0; i < count; ++i) list.push_back(tensors[i]->value);
  return list;
}

}  // namespace ctorch
