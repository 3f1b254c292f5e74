// NCCL's C API, declared by hand: its ABI has been the same for all of NCCL 2, and this target is compiled without
// CUDA's headers. Numbers are those of nccl.h 2.28.9.
#include "NCCL.hpp"

#include <c10/core/impl/VirtualGuardImpl.h>
#include <dlfcn.h>

#include <chrono>
#include <cstring>
#include <thread>

#include "Support.hpp"

namespace ctorch {

namespace {

struct Identity {
  char bytes[128];
};
using Stream = void *;
enum Result : int { success = 0, inProgress = 7 };
enum Type : int { int8 = 0, uint8 = 1, int32 = 2, int64 = 4, float16 = 6, float32 = 7, float64 = 8, bfloat16 = 9 };
enum Operation : int { sum = 0, maximum = 2 };

Type typeOf(const at::Tensor &tensor) {
  switch (tensor.scalar_type()) {
    case at::kFloat: return float32;
    case at::kDouble: return float64;
    case at::kHalf: return float16;
    case at::kBFloat16: return bfloat16;
    case at::kLong: return int64;
    case at::kInt: return int32;
    case at::kChar: return int8;
    case at::kByte: return uint8;
    default: throw Failure{CT_ERROR_ARGUMENT, "NCCL does not know this dtype"};
  }
}

}  // namespace

struct NCCLFunctions {
  Result (*getVersion)(int *);
  Result (*getUniqueId)(Identity *);
  Result (*commInitRank)(void **, int, Identity, int);
  Result (*allReduce)(const void *, void *, size_t, Type, Operation, void *, Stream);
  Result (*broadcast)(const void *, void *, size_t, Type, int, void *, Stream);
  Result (*commGetAsyncError)(void *, Result *);
  Result (*commAbort)(void *);
  const char *(*getErrorString)(Result);
  const char *(*getLastError)(void *);

  // - library: of dlopen, or RTLD_DEFAULT for all that is loaded.
  explicit NCCLFunctions(void *library, const std::string &name) {
    const auto find = [&](auto &function, const char *symbol) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(dlsym(library, symbol));
      if (!function) {
        throw Failure{
            CT_ERROR_DEVICE, std::string(symbol) + " is not in " + name +
                                 "; use a libtorch with CUDA, which brings NCCL, or let the gradients go by Gloo"};
      }
    };
    find(getVersion, "ncclGetVersion");
    find(getUniqueId, "ncclGetUniqueId");
    find(commInitRank, "ncclCommInitRank");
    find(allReduce, "ncclAllReduce");
    find(broadcast, "ncclBroadcast");
    find(commGetAsyncError, "ncclCommGetAsyncError");
    find(commAbort, "ncclCommAbort");
    find(getErrorString, "ncclGetErrorString");
    find(getLastError, "ncclGetLastError");
  }

  // Those of the library that is loaded.
  static const NCCLFunctions &loaded() {
    static const NCCLFunctions functions(RTLD_DEFAULT, "the loaded libraries");
    return functions;
  }

  void check(Result result, const char *what, void *communicator = nullptr) const {
    if (result == success || result == inProgress) return;
    const char *last = getLastError(communicator);
    throw Failure{
        CT_ERROR_GROUP, std::string("NCCL, ") + what + ": " + getErrorString(result) +
                            (last && *last ? std::string(" (") + last + ")" : std::string())};
  }
};

namespace {

// Makes a GPU the current one of this thread for as long as the value lives.
class CurrentDevice {
 public:
  explicit CurrentDevice(at::Device device) : guard_(at::kCUDA), before_(guard_.exchangeDevice(device)) {}
  ~CurrentDevice() { guard_.uncheckedSetDevice(before_); }
  c10::Stream stream(at::Device device) const { return guard_.getStream(device); }

 private:
  c10::impl::VirtualGuardImpl guard_;
  at::Device before_;
};

}  // namespace

std::vector<uint8_t> makeNCCLIdentity() {
  const NCCLFunctions &functions = NCCLFunctions::loaded();
  Identity identity{};
  functions.check(functions.getUniqueId(&identity), "making a communicator's identity");
  return {identity.bytes, identity.bytes + sizeof identity.bytes};
}

NCCLCommunicator::NCCLCommunicator(const std::vector<uint8_t> &bytes, int rank, int count, at::Device device)
    : functions_(NCCLFunctions::loaded()), device_(device) {
  Identity identity{};
  if (bytes.size() != sizeof identity.bytes) {
    throw Failure{
        CT_ERROR_GROUP, "NCCL: found an identity of " + std::to_string(bytes.size()) + " bytes, expected 128"};
  }
  std::memcpy(identity.bytes, bytes.data(), sizeof identity.bytes);
  const CurrentDevice current(device);
  functions_.check(functions_.commInitRank(&communicator_, count, identity, rank), "joining the communicator");
}

NCCLCommunicator::~NCCLCommunicator() {
  // Destroying it in order would wait for the others, which may be gone.
  abort();
}

void NCCLCommunicator::abort() noexcept {
  if (communicator_) functions_.commAbort(communicator_);
  communicator_ = nullptr;
}

template <typename Enqueue>
void NCCLCommunicator::run(const at::Tensor &tensor, const std::function<void()> &isOver, Enqueue &&enqueue) {
  if (!communicator_) throw Failure{CT_ERROR_GROUP, "NCCL's communicator was given up after a failure"};
  if (tensor.device() != device_) {
    throw Failure{CT_ERROR_ARGUMENT, "expected a tensor on " + device_.str() + ", for which the communicator is"};
  }
  const Type type = typeOf(tensor);
  const CurrentDevice current(device_);
  // The stream that the tensor's producers run on, so that nothing has to be waited for before.
  const c10::Stream stream = current.stream(device_);
  try {
    functions_.check(enqueue(type, stream.native_handle()), "starting a collective", communicator_);
    while (!stream.query()) {
      Result pending = success;
      functions_.check(functions_.commGetAsyncError(communicator_, &pending), "asking for errors", communicator_);
      functions_.check(pending, "a collective", communicator_);
      isOver();
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  } catch (...) {
    abort();
    throw;
  }
}

void NCCLCommunicator::allReduce(
    const at::Tensor &tensor, Reduction reduction, const std::function<void()> &isOver) {
  run(tensor, isOver, [&](Type type, Stream stream) {
    return functions_.allReduce(
        tensor.data_ptr(), tensor.data_ptr(), size_t(tensor.numel()), type,
        reduction == Reduction::sum ? sum : maximum, communicator_, stream);
  });
}

void NCCLCommunicator::broadcast(const at::Tensor &tensor, const std::function<void()> &isOver) {
  run(tensor, isOver, [&](Type type, Stream stream) {
    return functions_.broadcast(
        tensor.data_ptr(), tensor.data_ptr(), size_t(tensor.numel()), type, 0, communicator_, stream);
  });
}

}  // namespace ctorch

using namespace ctorch;

ct_status ct_nccl_version(const char *path, int32_t *out) {
  return guarded("NCCL version", {}, [&] {
    if (!out) throw Failure{CT_ERROR_ARGUMENT, "there is no place for the version"};
    void *library = RTLD_DEFAULT;
    if (path) {
      library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
      if (!library) {
        const char *reason = dlerror();
        throw Failure{CT_ERROR_DEVICE, std::string("NCCL could not be loaded: ") + (reason ? reason : path)};
      }
    }
    const NCCLFunctions functions(library, path ? path : "the loaded libraries");
    int version = 0;
    functions.check(functions.getVersion(&version), "asking for the version");
    *out = version;
  });
}
