// Machine code for x86-64, as much of it as generated kernels need: vector arithmetic in AVX2 + FMA (VEX, 16 registers
// of 16 or 32 bytes) or AVX-512 (EVEX, 32 registers of 64 bytes, operands broadcast from memory), and pointers.
// Encodings: Intel's Software Developer's Manual, volume 2, chapter 2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace parseval {

enum class Gpr : uint8_t { rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15 };

// Vectors of `bytes` with scalars of `scalarBytes`. Of a folded shape neighbouring elements, `fold` of them (2, or 4 in AVX-512),
// share a vector, each with a part of it; a part is what one element takes in memory.
struct VectorShape {
  int32_t bytes, scalarBytes, fold = 1;
  int32_t part() const { return bytes / fold; }
  bool evex() const { return bytes == 64; }
  int32_t lanes() const { return part() / scalarBytes; }
  int32_t registers() const { return evex() ? 32 : 16; }
};

// Of a power of two.
inline int log2Of(int64_t n) {
  int bits = 0;
  while (int64_t(1) << bits < n) bits++;
  return bits;
}

// base + index · scale + displacement; or a place in the pool of constants behind the code.
struct Address {
  Gpr base = Gpr::rsp;
  bool hasIndex = false;
  Gpr index = Gpr::rax;
  int32_t scale = 1;
  int64_t displacement = 0;
  bool pool = false;
};

inline Address at(Gpr base, int64_t displacement = 0) { return {base, false, Gpr::rax, 1, displacement, false}; }
inline Address at(Gpr base, Gpr index, int32_t scale, int64_t displacement) {
  return {base, true, index, scale, displacement, false};
}
inline Address inPool(int64_t offset) { return {Gpr::rsp, false, Gpr::rax, 1, offset, true}; }

enum class VectorOp : uint8_t {
  add, sub, mul, div, max, sqrt, bitAnd, bitXor,
  // Within each 16 bytes, of single precision: the two lower (upper) numbers of a and b in turn; the lower (upper) two
  // numbers of a, then those of b.
  unpackLow, unpackHigh, lowPairs, highPairs,
  // The lower (upper) half of a, then that of b.
  lowHalves, highHalves,
  // Of a folded shape the parts of even (odd) number of a, then those of b; the lower (upper) half of the parts of a and b in turn.
  evenParts, oddParts, zipLow, zipHigh,
  // dst = ±(dst · b) ± c and so on: the number says which two are multiplied.
  fmadd132, fmadd213, fmadd231, fmsub132, fmsub213, fmsub231,
  fnmadd132, fnmadd213, fnmadd231, fnmsub132, fnmsub213, fnmsub231,
};

// Which of the numbers that lie in a row neighbouring elements have, for the parts of a vector.
enum class RowOf : uint8_t {
  reals,           // x₀ x₁ …: x₀, x₁, …
  realParts,       // re₀ im₀ re₁ im₁ …: re₀, re₁, …
  imaginaryParts,  // and im₀, im₁, …
};

enum class Comparison : uint8_t { unequal = 4, greater = 14 };  // unequal: true of NaN; greater: false

class Assembler {
 public:
  explicit Assembler(VectorShape shape) : shape_(shape) {}
  const VectorShape &shape() const { return shape_; }

  // dst = a op b; the unary sqrt ignores a.
  void vector(VectorOp op, int dst, int a, int b);
  // b from memory: a vector, or where `broadcast` (AVX-512 only) one scalar for all lanes.
  void vector(VectorOp op, int dst, int a, const Address &b, bool broadcast);
  void move(int dst, int source);
  void load(int dst, const Address &from);
  void broadcast(int dst, const Address &from);
  void spread(int dst, const Address &from);                     // one part, to all
  // A scalar to each part, of single precision. As much as a vector is read.
  void broadcastRow(int dst, const Address &from, RowOf which);
  // As the others of their name, of four parts: dst is none of a and b.
  void zipOfFour(VectorOp op, int dst, int a, int b);
  void storeFirst(const Address &to, int source);                // the first part
  void store(const Address &to, int source);
  void stream(const Address &to, int source);  // past the caches
  void prefetch(const Address &from);          // into the second-level cache
  void zero(int dst);
  // dst = x where (c compared to zero) holds, else 0; dst is none of the two.
  void keepWhere(Comparison how, int dst, int c, int x, const Address &zeros);

  void movePointer(Gpr dst, const Address &from);          // 64 bits
  void storePointer(const Address &to, Gpr source);        // 64 bits
  void moveImmediate(Gpr dst, uint64_t value);
  void copyPointer(Gpr dst, Gpr source);
  void addImmediate(Gpr dst, int32_t value);
  void andImmediate(Gpr dst, int32_t value);
  void shiftLeft(Gpr dst, int bits);
  void shiftRight(Gpr dst, int bits);
  void leaStack(Gpr dst, int32_t displacement);
  void push(Gpr r);
  void pop(Gpr r);
  void call(Gpr target);
  void zeroUpper();
  void returnToCaller();
  // Back to `target` unless `counter` − 1 is 0.
  void loopBack(Gpr counter, size_t target);
  size_t here() const { return code_.size(); }

  // A scalar of these bits in the pool: its offset.
  int64_t bits(uint64_t value);
  // Some in a row.
  int64_t bits(const std::vector<uint64_t> &values);
  // The code with its pool.
  std::vector<uint8_t> finish();

 private:
  struct Encoding {
    uint8_t prefix, map, opcode;
    bool wide;
    int32_t bytes = 0;  // of a vector shorter than the shape's
  };
  Encoding encodingOf(VectorOp op) const;
  void immediate(uint64_t n);
  void selection(VectorOp op);
  template <class F>
  int64_t lanesInPool(F number);
  void byte(uint64_t b) { code_.push_back(uint8_t(b)); }
  void word(int64_t w);
  uint64_t vexLength() const { return uint64_t(shape_.bytes == 32) << 2; }
  void registers(Encoding e, int reg, int second, int rm, bool zeroing = false, int mask = 0);
  void memory(Encoding e, int reg, int second, const Address &m, bool broadcast, int32_t tuple);
  void operand(int reg, const Address &m, int32_t tuple);
  void general(uint8_t opcode, bool wide, int reg, const Address &m);

  struct Fixup {
    size_t at, end;
    int64_t offset;
  };
  VectorShape shape_;
  std::vector<uint8_t> code_, pool_;
  std::vector<uint64_t> known_;
  std::vector<Fixup> fixups_;
};

}  // namespace parseval
