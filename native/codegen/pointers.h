// Where a kernel's addresses count from: the registers that hold pointers.
#pragma once

#include <array>

#include "assembler.h"
#include "line.h"

namespace parseval {

// Pointers that stay for the whole kernel; a call to a function keeps them.
inline constexpr Gpr pointersAt = Gpr::rbx, columnsAt = Gpr::rbp, scalarsAt = Gpr::r12, vectorsAt = Gpr::r13,
              workAt = Gpr::r14, twiddlesAt = Gpr::r15;
inline constexpr Gpr savedRegisters[] = {Gpr::rbx, Gpr::rbp, Gpr::r12, Gpr::r13, Gpr::r14, Gpr::r15};

class Pointers {
 public:
  explicit Pointers(Assembler &code) : code_(code) {}

  // In front of the kernel's loop: takes pointers that its operations need to registers, to stay there; as many as leave room
  // for those that come and go. No operation is a call.
  void hold(const std::vector<Operation> &operations, const std::vector<int32_t> &uses);
  // The address of what lies there; what it takes to have it in registers is written before.
  Address address(const Memory &m);
  // A call to a function keeps none of those that come and go.
  void forget() { loose_ = {}; }

 private:
  static constexpr size_t looseCount = 9;  // registers that come and go
  struct Loose {
    int64_t kind = -1;  // 0 a pointer of the call, 1 a table, 2 an entry of a table
    int64_t key = 0, part = 0;
    int64_t touched = 0;
    bool held = false;
  };
  Gpr loose(int64_t kind, int64_t key, int64_t part, bool &known);
  Gpr pointer(int32_t number);
  Gpr entry(const Memory &m);

  Assembler &code_;
  std::array<Loose, looseCount> loose_{};
  int64_t clock_ = 0;
};

}  // namespace parseval
