#include "Parallel.hpp"

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <thread>

#include "ProcessorPaths.hpp"
#include "Support.hpp"

namespace ctorch {
namespace {

// The OpenMP runtime that libtorch was loaded with, by the names that GCC's and LLVM's share. Its file is called
// otherwise in each distribution of libtorch, so it is asked for by symbol.
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

// Parts that a thread gets on average.
constexpr int64_t partsPerThread = 2;

struct Loop {
  int64_t begin, end, grain;
  const void *body;
  void (*call)(const void *, int64_t, int64_t);
  std::atomic<int64_t> nextPart = 0;
  std::atomic_flag failed = ATOMIC_FLAG_INIT;
  std::exception_ptr failure = nullptr;

  // What one thread of the team does: it takes part after part, so that one that the system holds up does not hold up
  // all.
  void runParts() {
    const int64_t count = end - begin;
    const int64_t parts = std::min<int64_t>(partsPerThread * openMP().threadCount(), at::divup(count, grain));
    const int64_t size = at::divup(count, parts);
    const at::internal::ThreadIdGuard guard(openMP().threadNumber());
    try {
      for (int64_t first; (first = begin + size * nextPart.fetch_add(1)) < end;) {
        call(body, first, std::min(end, first + size));
      }
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
  const bool isSmall = end - begin <= grain || at::get_num_threads() == 1;
  if (isSmall || at::in_parallel_region() || !processorPaths().own_loop_threads || !openMP().isPresent()) {
    return call(body, begin, end);
  }
  Loop loop{.begin = begin, .end = end, .grain = grain, .body = body, .call = call};
  // 0: as many threads as libtorch uses. Asking for fewer would make the runtime end and start threads of its pool.
  openMP().parallel([](void *argument) { static_cast<Loop *>(argument)->runParts(); }, &loop, 0, 0);
  if (loop.failure) std::rethrow_exception(loop.failure);
}

}  // namespace ctorch

int32_t ct_loop_thread_count(void) try {
  // Each part waits for the others to begin, so that no thread takes two of them; the deadline is for a loop on fewer
  // threads.
  const int32_t expected = at::get_num_threads();
  std::atomic<int32_t> begun = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  ctorch::parallelFor(0, expected, 1, [&](int64_t first, int64_t last) {
    // All parts at once: the loop runs on this thread alone.
    if (last - first == expected) return begun.store(1);
    if (std::chrono::steady_clock::now() < deadline) ++begun;
    while (begun < expected && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  });
  return begun;
} catch (...) {
  return 0;
}
