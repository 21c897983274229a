#include "model/kept_memory.h"

#include <limits>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace epicrisis {

#ifdef __GLIBC__

KeptMemory::KeptMemory() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
}

// To what mallopt(3) names as defaults.
KeptMemory::~KeptMemory() {
  mallopt(M_MMAP_MAX, 65'536);
  mallopt(M_TRIM_THRESHOLD, 128 * 1024);
  malloc_trim(0);
}

#else

KeptMemory::KeptMemory() = default;
KeptMemory::~KeptMemory() = default;

#endif

}  // namespace epicrisis
