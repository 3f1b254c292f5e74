// Processes that compute together: c10d's TCPStore and Gloo, and NCCL for tensors on GPUs. The only file that includes
// c10d's headers, which take their time.
#define USE_C10D_GLOO 1
#include <c10/util/Logging.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <torch/headeronly/version.h>

#include <atomic>
#include <future>
#include <thread>

#include "GroupSettings.hpp"
#include "NCCL.hpp"

#if TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR == 11 && defined(__linux__)
// What libtorch_cpu itself allocates: the stub headers of Gloo leave the layout as it is.
static_assert(sizeof(c10d::ProcessGroupGloo) == 488);
#endif

namespace ctorch {
namespace {

constexpr int farewellTag = 1;

}  // namespace

// What threads may go on using after the handle is gone.
struct Group {
  Settings settings;
  c10::intrusive_ptr<c10d::Store> store;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
  // Connections of their own, on which nothing is said but farewell: they break when a process ends.
  c10::intrusive_ptr<c10d::ProcessGroupGloo> line;
  c10::intrusive_ptr<c10d::Work> farewell;
  std::unique_ptr<NCCLCommunicator> nccl;
  std::atomic<int> lost{-1};
  std::atomic<bool> isLeaving{false};
  std::atomic<bool> hasFailed{false};
  std::atomic<bool> isWatched{false};
  std::thread watcher;

  explicit Group(Settings s) : settings(std::move(s)) {}

  int before() const { return (settings.rank + settings.count - 1) % settings.count; }
  int after() const { return (settings.rank + 1) % settings.count; }

  void join();
  void watch(const std::shared_ptr<Group> &self);
  void bye() noexcept;

  template <typename Body>
  void collective(Body &&body) {
    if (hasFailed) throw Failure{CT_ERROR_GROUP, "a collective of this group failed before"};
    try {
      body();
    } catch (const Failure &failure) {
      hasFailed = hasFailed || failure.status == CT_ERROR_GROUP;
      throw;
    } catch (const c10::Error &error) {
      hasFailed = true;
      throw Failure{CT_ERROR_GROUP, error.what_without_backtrace()};
    } catch (const std::exception &error) {
      hasFailed = true;
      throw Failure{CT_ERROR_GROUP, error.what()};
    }
  }

  // Ends the waiting for a GPU, which does not notice that another process is gone.
  std::function<void()> deadline() {
    const auto end = Clock::now() + milliseconds(settings.waitSeconds);
    return [this, end] {
      if (lost >= 0) throw Failure{CT_ERROR_GROUP, "rank " + std::to_string(lost) + " has ended"};
      if (Clock::now() > end) throw Failure{CT_ERROR_GROUP, "timed out after " + text(settings.waitSeconds)};
    };
  }

  void reduce(ct_tensor *tensor, c10d::ReduceOp::RedOpType operation, NCCLCommunicator::Reduction reduction);
  void broadcast(ct_tensor *tensor);
};

void Group::join() {
  const auto end = Clock::now() + milliseconds(settings.joinSeconds);
  const auto left = [&] {
    return std::max(Milliseconds(1), std::chrono::duration_cast<Milliseconds>(end - Clock::now()));
  };
  c10d::TCPStoreOptions options;
  options.port = settings.port;
  options.isServer = settings.servesStore;
  options.numWorkers = size_t(settings.count);
  // Who is missing is said below.
  options.waitWorkers = false;
  options.timeout = left();
  if (settings.servesStore && settings.isLocal) {
    options.masterListenFd = listenLocally(settings.port);
  } else {
    options.multiTenant = settings.servesStore;
  }
  try {
    auto tcp = c10::make_intrusive<c10d::TCPStore>(settings.host, options);
    store = c10::make_intrusive<c10d::PrefixStore>(settings.prefix, tcp);
  } catch (const std::exception &error) {
    throw Failure{
        CT_ERROR_GROUP,
        settings.name() + (settings.servesStore ? " cannot serve the store at " : " found no store at ") +
            settings.place() + " within " + text(settings.joinSeconds) +
            (settings.servesStore ? std::string(": ") + error.what() : "; is rank 0 there?")};
  }
  const auto key = [](int rank) { return "joined/" + std::to_string(rank); };
  store->set(key(settings.rank), std::vector<uint8_t>{1});
  std::vector<int> missing;
  for (int rank = 0; rank < settings.count; ++rank) missing.push_back(rank);
  while (true) {
    std::erase_if(missing, [&](int rank) { return store->check({key(rank)}); });
    if (missing.empty()) break;
    if (Clock::now() > end) {
      std::string names;
      for (size_t i = 0; i < missing.size() && i < 5; ++i) names += (i ? ", " : "") + std::to_string(missing[i]);
      throw Failure{
          CT_ERROR_GROUP, settings.name() + " waited " + text(settings.joinSeconds) + " for rank " + names +
                              (missing.size() > 5 ? ", …" : "") + ", which did not join"};
    }
    std::this_thread::sleep_for(Milliseconds(10));
  }
  const auto connect = [&](const char *name, int threads) {
    auto options = settings.isLocal ? c10d::ProcessGroupGloo::Options::create(left())
                                    : c10d::ProcessGroupGloo::Options::create_default(left());
    if (settings.isLocal) options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(settings.host));
    options->threads = threads;
    return c10::make_intrusive<c10d::ProcessGroupGloo>(
        c10::make_intrusive<c10d::PrefixStore>(name, store), settings.rank, settings.count, options);
  };
  try {
    gloo = connect("gloo", 1);
    if (settings.count > 1) line = connect("line", 1);
  } catch (const std::exception &error) {
    throw Failure{
        CT_ERROR_GROUP, settings.name() + " could not connect with all others within " + text(settings.joinSeconds) +
                            ", one of them ended: " + error.what()};
  }
  if (settings.usesNCCL) {
    if (settings.rank == 0) store->set("nccl", makeNCCLIdentity());
    nccl = std::make_unique<NCCLCommunicator>(store->get("nccl"), settings.rank, settings.count, settings.device);
  }
}

// Waits for the farewell of the process before this one; what comes instead when it ends is an exception.
void Group::watch(const std::shared_ptr<Group> &self) {
  if (!line) return;
  std::vector<at::Tensor> word{at::zeros({1}, at::kByte)};
  farewell = line->recv(word, before(), farewellTag);
  isWatched = true;
  watcher = std::thread([self, work = farewell] {
    try {
      work->wait(milliseconds(30 * 86'400.0));
    } catch (...) {
      if (!self->isLeaving) self->lost = self->before();
    }
    self->isWatched = false;
  });
}

void Group::bye() noexcept {
  isLeaving = true;
  if (!line) return;
  try {
    std::vector<at::Tensor> word{at::ones({1}, at::kByte)};
    line->send(word, after(), farewellTag)->wait(Milliseconds(1'000));
  } catch (...) {
    // The others have all said that they are done.
  }
}

void Group::reduce(ct_tensor *tensor, c10d::ReduceOp::RedOpType operation, NCCLCommunicator::Reduction reduction) {
  at::Tensor &value = tensor->value;
  if (nccl && !value.is_cpu()) return nccl->allReduce(value, reduction, deadline());
  std::vector<at::Tensor> list{value.is_cpu() ? value : value.cpu()};
  c10d::AllreduceOptions options;
  options.reduceOp = operation;
  options.timeout = milliseconds(settings.waitSeconds);
  gloo->allreduce(list, options)->wait();
  if (!value.is_cpu()) value.copy_(list[0]);
}

void Group::broadcast(ct_tensor *tensor) {
  at::Tensor &value = tensor->value;
  if (nccl && !value.is_cpu()) return nccl->broadcast(value, deadline());
  std::vector<at::Tensor> list{value.is_cpu() ? value : value.cpu()};
  c10d::BroadcastOptions options;
  options.rootRank = 0;
  options.timeout = milliseconds(settings.waitSeconds);
  gloo->broadcast(list, options)->wait();
  if (!value.is_cpu()) value.copy_(list[0]);
}

}  // namespace ctorch

struct ct_group {
  std::shared_ptr<ctorch::Group> value;
};

using namespace ctorch;

namespace {

Group &groupOf(ct_group *group) {
  if (!group) throw Failure{CT_ERROR_ARGUMENT, "the group is missing"};
  return *group->value;
}

void requireDense(const ct_tensor *tensor) {
  if (!tensor) throw Failure{CT_ERROR_ARGUMENT, "the tensor is missing"};
  if (!tensor->value.is_contiguous() || tensor->value.requires_grad()) {
    throw Failure{CT_ERROR_ARGUMENT, "expected a dense tensor that needs no gradient"};
  }
}

}  // namespace

ct_status ct_group_join(const ct_group_options *options, ct_group **out) {
  return guarded("join", {}, [&] {
    if (!options || !out) throw Failure{CT_ERROR_ARGUMENT, "the options are missing"};
    auto group = std::make_shared<Group>(Settings(*options));
    // What is in the error c10d also says on standard error, with a trace of the stack: from now on only what is fatal.
    FLAGS_caffe2_log_level = 3;
    // In a thread of its own, as a store that was stopped is otherwise waited for without an end.
    std::promise<void> promise;
    auto joined = promise.get_future();
    std::thread([group, promise = std::move(promise)]() mutable {
      try {
        group->join();
        promise.set_value();
      } catch (...) {
        promise.set_exception(std::current_exception());
      }
    }).detach();
    const Settings &settings = group->settings;
    if (joined.wait_for(milliseconds(settings.joinSeconds) + Milliseconds(1'500)) != std::future_status::ready) {
      throw Failure{
          CT_ERROR_GROUP, settings.name() + " waited " + text(settings.joinSeconds) +
                              " for the others to join; the store at " + settings.place() + " does not answer"};
    }
    joined.get();
    group->watch(group);
    *out = new ct_group{std::move(group)};
  });
}

ct_status ct_group_sum(ct_group *group, ct_tensor *tensor) {
  return guarded("sum over processes", {tensor}, [&] {
    Group &g = groupOf(group);
    requireDense(tensor);
    g.collective([&] { g.reduce(tensor, c10d::ReduceOp::SUM, NCCLCommunicator::Reduction::sum); });
  });
}

ct_status ct_group_max(ct_group *group, ct_tensor *tensor) {
  return guarded("maximum over processes", {tensor}, [&] {
    Group &g = groupOf(group);
    requireDense(tensor);
    g.collective([&] { g.reduce(tensor, c10d::ReduceOp::MAX, NCCLCommunicator::Reduction::maximum); });
  });
}

ct_status ct_group_broadcast(ct_group *group, ct_tensor *tensor) {
  return guarded("broadcast over processes", {tensor}, [&] {
    Group &g = groupOf(group);
    requireDense(tensor);
    g.collective([&] { g.broadcast(tensor); });
  });
}

ct_status ct_group_barrier(ct_group *group, double seconds) {
  return guarded("barrier", {}, [&] {
    Group &g = groupOf(group);
    c10d::BarrierOptions options;
    options.timeout = milliseconds(seconds);
    g.collective([&] { g.gloo->barrier(options)->wait(); });
  });
}

ct_status ct_group_put(ct_group *group, const char *key, const void *bytes, size_t byte_count) {
  return guarded("put into the store", {}, [&] {
    Group &g = groupOf(group);
    if (!key || (byte_count > 0 && !bytes)) throw Failure{CT_ERROR_ARGUMENT, "the key or the value is missing"};
    const auto *first = static_cast<const uint8_t *>(bytes);
    try {
      g.store->set(key, std::vector<uint8_t>(first, first + byte_count));
    } catch (const std::exception &error) {
      throw Failure{CT_ERROR_GROUP, std::string("the store does not answer: ") + error.what()};
    }
  });
}

ct_status ct_group_get(ct_group *group, const char *key, double seconds, ct_tensor **out) {
  return guarded("get from the store", {}, [&] {
    Group &g = groupOf(group);
    if (!key || !out) throw Failure{CT_ERROR_ARGUMENT, "the key or the place for the value is missing"};
    const auto end = Clock::now() + milliseconds(seconds);
    try {
      // Asked for again and again: one long question would keep other threads from the store.
      while (!g.store->check({key})) {
        if (Clock::now() >= end) {
          *out = nullptr;
          return;
        }
        std::this_thread::sleep_for(Milliseconds(20));
      }
      const std::vector<uint8_t> value = g.store->get(key);
      at::Tensor tensor = at::empty({int64_t(value.size())}, at::kByte);
      if (!value.empty()) std::memcpy(tensor.data_ptr(), value.data(), value.size());
      give(out, tensor);
    } catch (const std::exception &error) {
      throw Failure{CT_ERROR_GROUP, std::string("the store does not answer: ") + error.what()};
    }
  });
}

int32_t ct_group_lost(const ct_group *group) { return group ? group->value->lost.load() : -1; }

ct_status ct_group_leave(ct_group *group, double seconds) {
  return guarded("leave", {}, [&] {
    Group &g = groupOf(group);
    c10d::BarrierOptions options;
    options.timeout = milliseconds(seconds);
    g.collective([&] { g.gloo->barrier(options)->wait(); });
    g.bye();
  });
}

void ct_group_free(ct_group *group) {
  if (!group) return;
  Group &g = *group->value;
  if (g.hasFailed || g.lost >= 0) {
    // What a failed collective still holds on to may never come back: the process is about to end.
    if (g.watcher.joinable()) g.watcher.detach();
    new std::shared_ptr<Group>(group->value);
    delete group;
    return;
  }
  try {
    // After leaving, the farewell of the process before this one may still be on its way; else nobody says it.
    const bool hasLeft = g.isLeaving.exchange(true);
    for (int i = 0; g.isWatched && i < 500; ++i) {
      if (i == 400 || (i == 0 && !hasLeft)) g.farewell->abort();
      std::this_thread::sleep_for(Milliseconds(2));
    }
    if (g.watcher.joinable()) {
      if (g.isWatched) {
        g.watcher.detach();
      } else {
        g.watcher.join();
      }
    }
  } catch (...) {
  }
  delete group;
}
