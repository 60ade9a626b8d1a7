// Memory for the kernels: zeros, on a cache line's boundary.
#pragma once

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#endif

#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

namespace parseval {

class Arena {
 public:
  Arena() = default;
  explicit Arena(size_t bytes) : bytes_(bytes) {
    // calloc, so that pages of a large arena are made only when they are touched.
    memory_ = std::calloc(bytes + alignment, 1);
    if (memory_ == nullptr) throw std::bad_alloc();
#ifdef MADV_HUGEPAGE
    // Large pages: a step of a loop touches many small ones.
    if (bytes >= hugePage) {
      const uintptr_t first = (reinterpret_cast<uintptr_t>(memory_) + hugePage - 1) / hugePage * hugePage;
      const uintptr_t end = (reinterpret_cast<uintptr_t>(memory_) + bytes) / hugePage * hugePage;
      if (first < end) madvise(reinterpret_cast<void *>(first), end - first, MADV_HUGEPAGE);
    }
#endif
  }
  Arena(Arena &&other) noexcept { swap(other); }
  Arena &operator=(Arena &&other) noexcept {
    swap(other);
    return *this;
  }
  ~Arena() { std::free(memory_); }

  size_t bytes() const { return bytes_; }
  void *data() const {
    const auto address = reinterpret_cast<uintptr_t>(memory_);
    return reinterpret_cast<void *>((address + alignment - 1) / alignment * alignment);
  }

 private:
  static constexpr size_t alignment = 64;
  static constexpr uintptr_t hugePage = uintptr_t(2) << 20;
  void swap(Arena &other) {
    std::swap(memory_, other.memory_);
    std::swap(bytes_, other.bytes_);
  }
  void *memory_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace parseval
