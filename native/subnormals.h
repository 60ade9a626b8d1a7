// What this thread makes of numbers that are too small to be normal.
#pragma once

#include <cstdint>

#ifdef PARSEVAL_X64
#include <xmmintrin.h>
#endif

namespace parseval {

// They are 0, or not. The processor takes a hundred times as long for one.
inline void flushSubnormals(bool flush) {
#if defined(PARSEVAL_X64)
  constexpr unsigned operands = 1 << 6, results = 1 << 15, both = operands | results;
  _mm_setcsr((_mm_getcsr() & ~both) | (flush ? both : 0));
#elif defined(__aarch64__)
  constexpr uint64_t both = uint64_t(1) << 24;
  uint64_t control;
  __asm__ volatile("mrs %0, fpcr" : "=r"(control));
  __asm__ volatile("msr fpcr, %0" : : "r"((control & ~both) | (flush ? both : 0)));
#endif
}

}  // namespace parseval
