// Loops on libtorch's own threads.
//
// at::parallel_for does not serve: it is a template that takes one thread wherever its includer is not compiled with
// OpenMP, and this compiler's OpenMP would bring a second runtime with a second pool of threads.
#pragma once

#include <cstdint>

namespace ctorch {

void runInParallel(
    int64_t begin, int64_t end, int64_t grain, const void *body, void (*call)(const void *body, int64_t, int64_t));

// Calls body(first, last) on several threads for parts of begin ..< end that together cover it, of about `grain` or
// more. An exception of a part is thrown again when all threads have ended.
template <typename Body>
void parallelFor(int64_t begin, int64_t end, int64_t grain, const Body &body) {
  runInParallel(begin, end, grain, &body, [](const void *context, int64_t first, int64_t last) {
    (*static_cast<const Body *>(context))(first, last);
  });
}

}  // namespace ctorch
