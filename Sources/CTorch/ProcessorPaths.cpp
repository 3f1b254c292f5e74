#include "ProcessorPaths.hpp"

#include <cstdlib>
#include <optional>

#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "Support.hpp"

namespace ctorch {
namespace {

// Spellings in the environment, in the order of the enumeration or of false and true.
const char *const kernelNames[] = {"plain", "avx2", "avx512", "avx512bf16", "amx"};
const char *const productNames[] = {"widened", "native"};
const char *const rowKernelNames[] = {"aten", "own"};
const char *const loopThreadNames[] = {"one", "own"};

// Asks the system for the registers of tiles, which a process has to before its first thread uses them.
bool permitsTiles() {
#if defined(__x86_64__) && defined(__linux__)
  constexpr long requestPermission = 0x1023, tileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
#else
  return false;
#endif
}

bool processorRuns(ct_kernels kernels) {
  switch (kernels) {
    case CT_KERNELS_PLAIN: return true;
#if defined(__x86_64__)
    case CT_KERNELS_AVX2: return __builtin_cpu_supports("x86-64-v3");
    case CT_KERNELS_AVX512: return __builtin_cpu_supports("x86-64-v4");
    case CT_KERNELS_AVX512_BF16:
      return __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512bf16");
    case CT_KERNELS_AMX: {
      static const bool isPermitted =
          processorRuns(CT_KERNELS_AVX512_BF16) && __builtin_cpu_supports("amx-bf16") && permitsTiles();
      return isPermitted;
    }
#endif
    default: return false;
  }
}

// "a, b or c"
template <size_t count>
std::string listed(const char *const (&names)[count], bool (*isListed)(size_t)) {
  std::vector<std::string> chosen;
  for (size_t i = 0; i < count; ++i) {
    if (isListed(i)) chosen.push_back(names[i]);
  }
  std::string text;
  for (size_t i = 0; i < chosen.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == chosen.size() ? " or " : ", ") + chosen[i];
  }
  return text;
}

// What the environment variable says, as an index into `names`, or `otherwise` where it is not set or empty.
template <size_t count>
size_t choice(const char *variable, const char *const (&names)[count], size_t otherwise) {
  const char *value = std::getenv(variable);
  if (!value || !*value) return otherwise;
  for (size_t i = 0; i < count; ++i) {
    if (std::string(value) == names[i]) return i;
  }
  throw Failure{
      CT_ERROR_ARGUMENT, std::string(variable) + ": found \"" + value + "\", expected " +
                             listed(names, [](size_t) { return true; }) + " (or leave it unset)"};
}

void expectRunnable(ct_kernels kernels, const std::string &source) {
  const auto level = size_t(kernels);
  if (level < std::size(kernelNames) && processorRuns(kernels)) return;
  throw Failure{
      CT_ERROR_ARGUMENT,
      source + ": found " + (level < std::size(kernelNames) ? kernelNames[level] : "an unknown level") +
          " kernels, but this processor runs " +
          listed(kernelNames, [](size_t i) { return processorRuns(ct_kernels(i)); }) + " only"};
}

ct_processor_paths pathsOfTheProcess() {
  int best = CT_KERNELS_AMX;
  while (!processorRuns(ct_kernels(best))) --best;
  ct_processor_paths paths;
  paths.kernels = ct_kernels(choice("PATRON_KERNELS", kernelNames, size_t(best)));
  expectRunnable(paths.kernels, "PATRON_KERNELS");
  paths.native_bfloat16_products = choice("PATRON_BF16_PRODUCTS", productNames, ct_cpu_has_fast_bfloat16());
  paths.own_row_kernels = choice("PATRON_ROW_KERNELS", rowKernelNames, true);
  paths.own_loop_threads = choice("PATRON_LOOP_THREADS", loopThreadNames, true);
  return paths;
}

thread_local std::optional<ct_processor_paths> pathsOfThisThread;

}  // namespace

const ct_processor_paths &processorPaths() {
  if (pathsOfThisThread) return *pathsOfThisThread;
  static const ct_processor_paths paths = pathsOfTheProcess();
  return paths;
}

}  // namespace ctorch

using namespace ctorch;

bool ct_processor_runs(ct_kernels kernels) { return processorRuns(kernels); }

ct_status ct_get_processor_paths(ct_processor_paths *out) {
  return guarded("processor paths", {}, [&] { *out = processorPaths(); });
}

ct_status ct_set_processor_paths(const ct_processor_paths *paths) {
  return guarded("processor paths", {}, [&] {
    if (paths) expectRunnable(paths->kernels, "setting");
    pathsOfThisThread = paths ? std::optional(*paths) : std::nullopt;
  });
}
