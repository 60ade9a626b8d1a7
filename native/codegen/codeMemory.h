// Memory that the CPU may run, written once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace parseval {

class CodeMemory {
 public:
  CodeMemory() = default;
  CodeMemory(const CodeMemory &) = delete;
  CodeMemory &operator=(const CodeMemory &) = delete;
  ~CodeMemory();

  // Each piece is put on a 64-byte boundary; its place, to be asked `at` when all are in.
  size_t add(const std::vector<uint8_t> &code);
  // Makes it all runnable; false where the system does not allow that.
  bool seal();
  const void *at(size_t place) const { return static_cast<const uint8_t *>(memory_) + place; }

 private:
  std::vector<uint8_t> code_;
  void *memory_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace parseval
