#include "Parallel.hpp"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <set>
#include <thread>

#include "Support.hpp"

namespace ctorch {
namespace {

// The OpenMP runtime that libtorch was loaded with, by the names that GCC's and LLVM's share. Its file is called otherwise in
// each distribution of libtorch, so it is asked for by symbol.
struct OpenMP {
  using Parallel = void (*)(void (*function)(void *), void *argument, unsigned threads, unsigned flags);
  using Number = int (*)();
  const Parallel parallel = reinterpret_cast<Parallel>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
  const Number threadNumber = reinterpret_cast<Number>(dlsym(RTLD_DEFAULT, "omp_get_thread_num"));
  const Number threadCount = reinterpret_cast<Number>(dlsym(RTLD_DEFAULT, "omp_get_num_threads"));

  bool isPresent() const { return parallel && threadNumber && threadCount; }
};

const OpenMP &openMP() {
  static const OpenMP runtime;
  return runtime;
}

struct Loop {
  int64_t begin, end, grain;
  const void *body;
  void (*call)(const void *, int64_t, int64_t);
  std::atomic_flag failed = ATOMIC_FLAG_INIT;
  std::exception_ptr failure = nullptr;

  // What one thread of the team does.
  void runPart() {
    const int64_t count = end - begin;
    const int64_t parts = std::min<int64_t>(openMP().threadCount(), at::divup(count, grain));
    const int64_t size = at::divup(count, parts), thread = openMP().threadNumber();
    const int64_t first = begin + thread * size;
    if (first >= end) return;
    try {
      const at::internal::ThreadIdGuard guard{int(thread)};
      call(body, first, std::min(end, first + size));
    } catch (...) {
      if (!failed.test_and_set()) failure = std::current_exception();
    }
  }
};

}  // namespace

void runInParallel(
    int64_t begin, int64_t end, int64_t grain, const void *body, void (*call)(const void *body, int64_t, int64_t)) {
  if (begin >= end) return;
  grain = std::max<int64_t>(1, grain);
  if (end - begin <= grain || at::get_num_threads() == 1 || at::in_parallel_region() || !openMP().isPresent()) {
    return call(body, begin, end);
  }
  Loop loop{begin, end, grain, body, call};
  // 0: as many threads as libtorch uses. Asking for fewer would make the runtime end and start threads of its pool.
  openMP().parallel([](void *argument) { static_cast<Loop *>(argument)->runPart(); }, &loop, 0, 0);
  if (loop.failure) std::rethrow_exception(loop.failure);
}

}  // namespace ctorch

int32_t ct_loop_thread_count(void) {
  std::set<std::thread::id> threads;
  std::mutex mutex;
  ctorch::parallelFor(0, at::get_num_threads(), 1, [&](int64_t, int64_t) {
    const std::lock_guard<std::mutex> lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  return int32_t(threads.size());
}
