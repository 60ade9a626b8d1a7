// What is around a kernel's line: its stack frame, the loop over columns, and the loop over rounds of them.
#pragma once

#include <iterator>

#include "emit.h"
#include "pointers.h"

namespace parseval {

// The stack frame: the caller's stack pointer; a round's columns, where it begins in the work space, its twiddles, and how
// many rounds are left; what goes to a function and comes back; saved values.
inline constexpr int32_t callerStackAt = 0, columnsKeptAt = 8, workKeptAt = 16, twiddlesKeptAt = 24, roundsKeptAt = 32,
                         argumentsAt = 64, resultsAt = argumentsAt + int32_t(vectorsAtOnce) * 64,
                         savedAt = resultsAt + int32_t(vectorsAtOnce) * 64;

class KernelFrame {
 public:
  KernelFrame(Assembler &code, const ColumnStep &step) : code_(code), step_(step) {}

  static Address argument(int64_t part, VectorShape shape) { return at(Gpr::rsp, argumentsAt + part * shape.bytes); }
  static Address result(int64_t part, VectorShape shape) { return at(Gpr::rsp, resultsAt + part * shape.bytes); }
  static Address saved(int64_t slot, VectorShape shape) { return at(Gpr::rsp, savedAt + slot * shape.bytes); }

  // A kernel's first instructions: its arguments go where they stay.
  void enter() {
    for (const Gpr r : savedRegisters) code_.push(r);
    code_.copyPointer(Gpr::rax, Gpr::rsp);
    code_.addImmediate(Gpr::rsp, 0);
    sizeAt_ = code_.here() - 4;
    code_.andImmediate(Gpr::rsp, -64);
    code_.storePointer(at(Gpr::rsp, callerStackAt), Gpr::rax);
    code_.copyPointer(pointersAt, Gpr::rdi);
    code_.copyPointer(columnsAt, Gpr::rdx);
    if (step_.columns > 1) code_.shiftRight(columnsAt, log2Of(step_.columns));
    code_.copyPointer(scalarsAt, Gpr::rsi);
    code_.shiftLeft(scalarsAt, log2Of(shape().scalarBytes));
    code_.copyPointer(vectorsAt, Gpr::rsi);
    code_.shiftLeft(vectorsAt, log2Of(shape().part()));
    code_.copyPointer(workAt, Gpr::rcx);
    code_.copyPointer(twiddlesAt, Gpr::r8);
    if (step_.round == 0) return;
    code_.storePointer(at(Gpr::rsp, columnsKeptAt), columnsAt);
    code_.storePointer(at(Gpr::rsp, workKeptAt), workAt);
    code_.storePointer(at(Gpr::rsp, twiddlesKeptAt), twiddlesAt);
    code_.storePointer(at(Gpr::rsp, roundsKeptAt), Gpr::r9);
  }

  // Between what is done once and the line.
  void begin() {
    round_ = code_.here();
    if (step_.round != 0) code_.movePointer(columnsAt, at(Gpr::rsp, columnsKeptAt));
    column_ = code_.here();
  }

  // Behind the line: on to the next column, to the next round, and back to the caller.
  void leave() {
    advance(scalarsAt, step_.elements * shape().scalarBytes);
    advance(vectorsAt, step_.elements * shape().part());
    advance(workAt, step_.work);
    advance(twiddlesAt, step_.twiddles);
    code_.loopBack(columnsAt, column_);
    if (step_.round != 0) nextRound();
    code_.zeroUpper();
    code_.movePointer(Gpr::rsp, at(Gpr::rsp, callerStackAt));
    for (size_t k = std::size(savedRegisters); k-- > 0;) code_.pop(savedRegisters[k]);
    code_.returnToCaller();
  }

  // The kernel, in a frame with room for so many saved values.
  std::vector<uint8_t> finish(int32_t slots) {
    std::vector<uint8_t> bytes = code_.finish();
    const int32_t size = savedAt + slots * shape().bytes + 64;
    for (size_t i = 0; i < 4; i++) bytes[sizeAt_ + i] = uint8_t(uint32_t(-size) >> (8 * i) & 0xff);
    return bytes;
  }

 private:
  VectorShape shape() const { return code_.shape(); }

  void advance(Gpr r, int64_t bytes) {
    if (bytes != 0) code_.addImmediate(r, int32_t(bytes));
  }

  void nextRound() {
    code_.movePointer(workAt, at(Gpr::rsp, workKeptAt));
    advance(workAt, step_.round);
    code_.storePointer(at(Gpr::rsp, workKeptAt), workAt);
    code_.movePointer(twiddlesAt, at(Gpr::rsp, twiddlesKeptAt));
    // Counted in the register of the columns, whose number is read again.
    code_.movePointer(columnsAt, at(Gpr::rsp, roundsKeptAt));
    code_.addImmediate(columnsAt, -1);
    code_.storePointer(at(Gpr::rsp, roundsKeptAt), columnsAt);
    code_.addImmediate(columnsAt, 1);
    code_.loopBack(columnsAt, round_);
  }

  Assembler &code_;
  const ColumnStep step_;
  size_t sizeAt_ = 0, round_ = 0, column_ = 0;
};

}  // namespace parseval
