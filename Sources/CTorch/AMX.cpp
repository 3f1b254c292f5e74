#include "AMX.hpp"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace ctorch {

bool runsBF16Tiles() {
#if defined(__x86_64__) && defined(__linux__)
  static const bool runs = [] {
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
    constexpr unsigned bf16 = 1u << 22, tiles = 1u << 24;
    if (!(d & bf16) || !(d & tiles)) return false;
    constexpr long requestPermission = 0x1023, tileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
    return syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
  }();
  return runs;
#else
  return false;
#endif
}

}  // namespace ctorch
