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
    // Pages are made only when they are touched, whichever way they come.
#ifdef MADV_HUGEPAGE
    if (bytes >= leastMapped) {
      map();
      return;
    }
#endif
    memory_ = std::calloc(bytes + readBehind + alignment, 1);
    if (memory_ == nullptr) throw std::bad_alloc();
    data_ = aligned(memory_, alignment);
  }
  Arena(Arena &&other) noexcept { swap(other); }
  Arena &operator=(Arena &&other) noexcept {
    swap(other);
    return *this;
  }
  ~Arena() {
#ifdef MADV_HUGEPAGE
    if (mapped_ > 0) {
      munmap(memory_, mapped_);
      return;
    }
#endif
    std::free(memory_);
  }

  size_t bytes() const { return bytes_; }
  void *data() const { return data_; }

 private:
  // Kernels may read a vector where they need a part of it.
  static constexpr size_t readBehind = 64;
  static constexpr size_t alignment = 64, hugePage = size_t(2) << 20;
  // From here on a huge page of its own is worth its memory.
  static constexpr size_t leastMapped = size_t(64) << 10;

  static void *aligned(void *memory, size_t to) {
    return reinterpret_cast<void *>((reinterpret_cast<uintptr_t>(memory) + to - 1) / to * to);
  }

#ifdef MADV_HUGEPAGE
  // All of it in huge pages, the ends too: a step of a loop touches more small pages than the CPU knows the places of,
  // and small pages lie in memory as it happens, so that some meet in the same sets of the second-level cache.
  void map() {
    const size_t whole = (bytes_ + readBehind + hugePage - 1) / hugePage * hugePage;
    mapped_ = whole + hugePage;
    memory_ = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory_ == MAP_FAILED) {
      memory_ = nullptr;
      mapped_ = 0;
      throw std::bad_alloc();
    }
    data_ = aligned(memory_, hugePage);
    madvise(data_, whole, MADV_HUGEPAGE);
  }
#endif

  void swap(Arena &other) {
    std::swap(memory_, other.memory_);
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    std::swap(mapped_, other.mapped_);
  }

  void *memory_ = nullptr, *data_ = nullptr;
  size_t bytes_ = 0, mapped_ = 0;
};

}  // namespace parseval
