#include "codeMemory.h"

#include <sys/mman.h>

#include <cstring>

namespace parseval {

CodeMemory::~CodeMemory() {
  if (memory_ != nullptr) munmap(memory_, bytes_);
}

size_t CodeMemory::add(const std::vector<uint8_t> &code) {
  code_.resize((code_.size() + 63) / 64 * 64);
  const size_t place = code_.size();
  code_.insert(code_.end(), code.begin(), code.end());
  return place;
}

bool CodeMemory::seal() {
  if (code_.empty()) return true;
  bytes_ = code_.size();
  void *const memory = mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  std::memcpy(memory, code_.data(), bytes_);
  memory_ = memory;
  return mprotect(memory, bytes_, PROT_READ | PROT_EXEC) == 0;
}

}  // namespace parseval
