// NCCL by its C API, found in the library that libtorch_cuda brought.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <memory>
#include <vector>

namespace ctorch {

struct NCCLFunctions;

// Bytes that all processes of a communicator share, made by one of them.
std::vector<uint8_t> makeNCCLIdentity();

// The communicator of one process, for one GPU; for one thread at a time.
class NCCLCommunicator {
 public:
  NCCLCommunicator(const std::vector<uint8_t> &identity, int rank, int count, at::Device device);
  ~NCCLCommunicator();
  NCCLCommunicator(const NCCLCommunicator &) = delete;
  NCCLCommunicator &operator=(const NCCLCommunicator &) = delete;

  enum class Reduction { sum, maximum };
  // In place, on torch's current stream, which is waited for. `isOver` says with an exception why waiting ends early.
  void allReduce(const at::Tensor &tensor, Reduction reduction, const std::function<void()> &isOver);
  void broadcast(const at::Tensor &tensor, const std::function<void()> &isOver);

 private:
  template <typename Enqueue>
  void run(const at::Tensor &tensor, const std::function<void()> &isOver, Enqueue &&enqueue);
  void abort() noexcept;

  const NCCLFunctions &functions_;
  const at::Device device_;
  void *communicator_ = nullptr;
};

}  // namespace ctorch
