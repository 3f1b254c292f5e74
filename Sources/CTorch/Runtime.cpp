// The library itself: versions, threads, processor, CUDA.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>
#include <malloc.h>
#include <torch/csrc/inductor/aoti_torch/c/shim.h>
#include <torch/headeronly/version.h>

#include <atomic>
#include <climits>
#include <cstring>

#include "Support.hpp"

namespace ctorch {
namespace {
thread_local std::string lastError;
}
void setLastError(std::string message) { lastError = std::move(message); }
}  // namespace ctorch

using namespace ctorch;

const char *ct_last_error(void) { return lastError.c_str(); }

const char *ct_torch_version(void) {
  static const std::string version = [] {
    const uint64_t abi = aoti_torch_abi_version();  // major, minor, patch in the three highest bytes
    return std::to_string(abi >> 56 & 0xff) + "." + std::to_string(abi >> 48 & 0xff) + "." +
           std::to_string(abi >> 40 & 0xff);
  }();
  return version.c_str();
}

const char *ct_compiled_torch_version(void) { return TORCH_VERSION; }

const char *ct_cpu_capability(void) {
  static const std::string capability = at::get_cpu_capability();
  return capability.c_str();
}

bool ct_cpu_has_fast_bfloat16(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16");  // every processor with AMX-BF16 has it as well
#else
  return false;
#endif
}

int32_t ct_thread_count(void) { return at::get_num_threads(); }

ct_status ct_set_thread_count(int32_t count) {
  return guarded("set thread count", {}, [&] {
    if (count < 1) throw Failure{CT_ERROR_ARGUMENT, "found " + std::to_string(count) + " threads, expected 1 or more"};
    at::set_num_threads(count);
  });
}

void ct_keep_freed_memory(void) {
#if defined(__GLIBC__)
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
  mallopt(M_TOP_PAD, 16 << 20);
#endif
}

void ct_keep_all_freed_memory(void) {
#if defined(__GLIBC__)
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, INT_MAX);
#endif
}

namespace {
// Whether libtorch_cuda is in the process. ATen answers `hasCUDA` from what was registered when it was first asked, for
// good: a question before the library is loaded would hide the GPU from the whole process. So this is asked before it.
bool isCUDALoaded() {
  static std::atomic<bool> isLoaded{false};
  if (isLoaded) return true;
  void *library = dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD);
  if (library) isLoaded = true;
  return isLoaded;
}

bool hasCUDA() { return isCUDALoaded() && at::hasCUDA(); }
}  // namespace

ct_status ct_cuda_load(void) {
  return guarded("CUDA", {}, [&] {
    // Kernels register themselves with the dispatcher when the library is loaded.
    if (!isCUDALoaded() && !dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL)) {
      const char *reason = dlerror();
      throw Failure{
          CT_ERROR_DEVICE,
          std::string("libtorch_cuda could not be loaded: ") + (reason ? reason : "unknown reason") +
              ". This build runs on the CPU; for a GPU use a libtorch with CUDA (LIBTORCH=…, or "
              "LD_LIBRARY_PATH with the lib folder of a pip-installed torch)"};
    }
    // The hooks that stand in for a missing libtorch_cuda know no runtime.
    if (!at::detail::getCUDAHooks().hasCUDART()) {
      throw Failure{
          CT_ERROR_DEVICE,
          "libtorch_cuda was loaded too late: something asked libtorch for a GPU before; report this as a bug"};
    }
    if (!at::hasCUDA() || at::detail::getCUDAHooks().deviceCount() == 0) {
      throw Failure{CT_ERROR_DEVICE, "libtorch_cuda is loaded, but it finds no GPU or no driver for one"};
    }
    at::globalContext().lazyInitDevice(at::kCUDA);
  });
}

int32_t ct_cuda_device_count(void) {
  try {
    return hasCUDA() ? at::detail::getCUDAHooks().deviceCount() : 0;
  } catch (...) {
    return 0;
  }
}

int64_t ct_cuda_free_memory(void) {
  using MemoryInfo = int (*)(size_t *, size_t *);
  // The runtime that libtorch_cuda brought, as this target is compiled without CUDA's headers.
  const auto query = reinterpret_cast<MemoryInfo>(dlsym(RTLD_DEFAULT, "cudaMemGetInfo"));
  size_t available = 0, total = 0;
  return query && query(&available, &total) == 0 ? int64_t(available) : 0;
}

ct_status ct_cuda_synchronize(void) {
  return guarded("CUDA synchronize", {}, [] {
    if (!hasCUDA()) return;
    c10::impl::VirtualGuardImpl guard(at::kCUDA);
    guard.synchronizeDevice(guard.getDevice().index());
  });
}
