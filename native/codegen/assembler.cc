#include "assembler.h"

#include <algorithm>

namespace parseval {

namespace {

// Of the mandatory prefix: 0 none, 1 66, 2 F3. Of the opcode map: 1 0F, 2 0F38, 3 0F3A.
constexpr uint8_t none = 0, p66 = 1;
constexpr uint8_t map0F = 1, map0F38 = 2, map0F3A = 3;

int number(Gpr r) { return int(r); }

}  // namespace

void Assembler::word(int64_t w) {
  for (int i = 0; i < 4; i++) byte(uint64_t(w) >> (8 * i) & 0xff);
}

Assembler::Encoding Assembler::encodingOf(VectorOp op) const {
  const bool wide = shape_.scalarBytes == 8;
  const uint8_t prefix = wide ? p66 : none;
  const auto plain = [&](uint8_t opcode) { return Encoding{prefix, map0F, opcode, wide}; };
  const auto fused = [&](uint8_t opcode) { return Encoding{p66, map0F38, opcode, wide}; };
  switch (op) {
    case VectorOp::add: return plain(0x58);
    case VectorOp::mul: return plain(0x59);
    case VectorOp::sub: return plain(0x5c);
    case VectorOp::div: return plain(0x5e);
    case VectorOp::max: return plain(0x5f);
    case VectorOp::sqrt: return plain(0x51);
    case VectorOp::bitAnd: return plain(0x54);
    case VectorOp::bitXor: return plain(0x57);
    case VectorOp::unpackLow: return {none, map0F, 0x14, false};
    case VectorOp::unpackHigh: return {none, map0F, 0x15, false};
    case VectorOp::lowPairs: return {p66, map0F, 0x14, true};
    case VectorOp::highPairs: return {p66, map0F, 0x15, true};
    case VectorOp::lowHalves:
    case VectorOp::highHalves:
    case VectorOp::evenParts:
    case VectorOp::oddParts:
    case VectorOp::zipLow:
    case VectorOp::zipHigh: return {p66, map0F3A, uint8_t(shape_.evex() ? 0x23 : 0x06), false};  // not wide: b may be one number, repeated
    case VectorOp::fmadd132: return fused(0x98);
    case VectorOp::fmadd213: return fused(0xa8);
    case VectorOp::fmadd231: return fused(0xb8);
    case VectorOp::fmsub132: return fused(0x9a);
    case VectorOp::fmsub213: return fused(0xaa);
    case VectorOp::fmsub231: return fused(0xba);
    case VectorOp::fnmadd132: return fused(0x9c);
    case VectorOp::fnmadd213: return fused(0xac);
    case VectorOp::fnmadd231: return fused(0xbc);
    case VectorOp::fnmsub132: return fused(0x9e);
    case VectorOp::fnmsub213: return fused(0xae);
    case VectorOp::fnmsub231: return fused(0xbe);
  }
  return plain(0x58);
}

void Assembler::registers(Encoding e, int reg, int second, int rm, bool zeroing, int mask) {
  if (shape_.evex()) {
    byte(0x62);
    byte(uint64_t(!(reg & 8)) << 7 | uint64_t(!(rm & 16)) << 6 | uint64_t(!(rm & 8)) << 5 | uint64_t(!(reg & 16)) << 4 |
         e.map);
    byte(uint64_t(e.wide) << 7 | uint64_t(~second & 15) << 3 | 4 | e.prefix);
    byte(uint64_t(zeroing) << 7 | 2 << 5 | uint64_t(!(second & 16)) << 3 | uint64_t(mask));
  } else {
    byte(0xc4);
    byte(uint64_t(!(reg & 8)) << 7 | 1 << 6 | uint64_t(!(rm & 8)) << 5 | e.map);
    byte(uint64_t(e.wide) << 7 | uint64_t(~second & 15) << 3 | vexLength() | e.prefix);
  }
  byte(e.opcode);
  byte(0xc0 | uint64_t(reg & 7) << 3 | uint64_t(rm & 7));
}

// ModRM, SIB and displacement. `tuple`: what an EVEX displacement of one byte counts in; 1 for other encodings.
void Assembler::operand(int reg, const Address &m, int32_t tuple) {
  const uint64_t r = uint64_t(reg & 7) << 3;
  if (m.pool) {
    byte(r | 5);
    fixups_.push_back({code_.size(), 0, m.displacement});
    word(0);
    return;
  }
  const int base = number(m.base) & 7;
  const bool sib = m.hasIndex || base == 4;
  const int64_t d = m.displacement;
  const bool small = d % tuple == 0 && d / tuple >= -128 && d / tuple <= 127;
  const uint64_t mode = d == 0 && base != 5 ? 0 : small ? 1 : 2;
  byte(mode << 6 | r | uint64_t(sib ? 4 : base));
  if (sib) {
    const uint64_t scale = m.scale == 8 ? 3 : m.scale == 4 ? 2 : m.scale == 2 ? 1 : 0;
    byte(scale << 6 | uint64_t(m.hasIndex ? number(m.index) & 7 : 4) << 3 | uint64_t(base));
  }
  if (mode == 1) byte(uint64_t(d / tuple) & 0xff);
  if (mode == 2) word(d);
}

void Assembler::memory(Encoding e, int reg, int second, const Address &m, bool broadcast, int32_t tuple) {
  const bool high = !m.pool && number(m.base) >= 8, highIndex = m.hasIndex && number(m.index) >= 8;
  const size_t fixups = fixups_.size();
  if (shape_.evex()) {
    byte(0x62);
    byte(uint64_t(!(reg & 8)) << 7 | uint64_t(!highIndex) << 6 | uint64_t(!high) << 5 | uint64_t(!(reg & 16)) << 4 |
         e.map);
    byte(uint64_t(e.wide) << 7 | uint64_t(~second & 15) << 3 | 4 | e.prefix);
    byte(uint64_t(e.bytes == 0 ? 2 : e.bytes / 32) << 5 | uint64_t(broadcast) << 4 | uint64_t(!(second & 16)) << 3);
  } else {
    byte(0xc4);
    byte(uint64_t(!(reg & 8)) << 7 | uint64_t(!highIndex) << 6 | uint64_t(!high) << 5 | e.map);
    byte(uint64_t(e.wide) << 7 | uint64_t(~second & 15) << 3 | (e.bytes == 0 ? vexLength() : 0) | e.prefix);
    tuple = 1;
  }
  byte(e.opcode);
  operand(reg, m, tuple);
  if (fixups_.size() > fixups) fixups_.back().end = code_.size();
}

// Follows the operands of some instructions. Places in the pool are counted from where the instruction ends.
void Assembler::immediate(uint64_t n) {
  byte(n);
  if (!fixups_.empty() && fixups_.back().end + 1 == code_.size()) fixups_.back().end++;
}

void Assembler::selection(VectorOp op) {
  // AVX-512 names the quarters, AVX2 the halves.
  switch (op) {
    case VectorOp::evenParts:
      if (shape_.fold == 4) return immediate(0x88);
      [[fallthrough]];
    case VectorOp::zipLow:
    case VectorOp::lowHalves: return immediate(shape_.evex() ? 0x44 : 0x20);
    case VectorOp::oddParts:
      if (shape_.fold == 4) return immediate(0xdd);
      [[fallthrough]];
    case VectorOp::zipHigh:
    case VectorOp::highHalves: return immediate(shape_.evex() ? 0xee : 0x31);
    default: return;
  }
}

void Assembler::vector(VectorOp op, int dst, int a, int b) {
  registers(encodingOf(op), dst, op == VectorOp::sqrt ? 0 : a, b);
  selection(op);
}

void Assembler::vector(VectorOp op, int dst, int a, const Address &b, bool broadcast) {
  memory(encodingOf(op), dst, op == VectorOp::sqrt ? 0 : a, b, broadcast,
         broadcast ? shape_.scalarBytes : shape_.bytes);
  selection(op);
}

void Assembler::move(int dst, int source) {
  if (dst == source) return;
  const bool wide = shape_.scalarBytes == 8;
  registers({wide ? p66 : none, map0F, 0x28, wide}, dst, 0, source);
}

void Assembler::load(int dst, const Address &from) {
  const bool wide = shape_.scalarBytes == 8;
  memory({wide ? p66 : none, map0F, 0x10, wide}, dst, 0, from, false, shape_.bytes);
}

void Assembler::store(const Address &to, int source) {
  const bool wide = shape_.scalarBytes == 8;
  memory({wide ? p66 : none, map0F, 0x11, wide}, source, 0, to, false, shape_.bytes);
}

void Assembler::stream(const Address &to, int source) {
  const bool wide = shape_.scalarBytes == 8;
  memory({wide ? p66 : none, map0F, 0x2b, wide}, source, 0, to, false, shape_.bytes);
}

void Assembler::broadcast(int dst, const Address &from) {
  const bool wide = shape_.scalarBytes == 8;
  memory({p66, map0F38, uint8_t(wide ? 0x19 : 0x18), wide && shape_.evex()}, dst, 0, from, false, shape_.scalarBytes);
}

void Assembler::spread(int dst, const Address &from) {
  const bool half = shape_.evex() && shape_.fold == 2;
  memory({p66, map0F38, uint8_t(half ? 0x1b : 0x1a), half}, dst, 0, from, false, shape_.part());
}

// Numbers of 32 bits in all lanes, by part and lane.
template <class F>
int64_t Assembler::lanesInPool(F number) {
  std::vector<uint64_t> values(size_t(shape_.bytes / 8));
  const int32_t lanes = shape_.part() / 4;
  for (int32_t l = 0; l < shape_.bytes / 4; l++) values[size_t(l / 2)] |= uint64_t(number(l / lanes, l % lanes)) << 32 * (l % 2);
  return bits(values);
}

void Assembler::broadcastRow(int dst, const Address &from, RowOf which) {
  const int32_t first = which == RowOf::imaginaryParts ? 1 : 0, step = which == RowOf::reals ? 1 : 2;
  const int64_t choice = lanesInPool([&](int32_t part, int32_t) { return first + step * part; });
  if (shape_.fold == 4 && step == 2) {
    // Of eight numbers, which no 16 bytes hold.
    load(dst, inPool(choice));
    memory({p66, map0F38, 0x16, false}, dst, dst, from, false, shape_.bytes);
    return;
  }
  // Two numbers or four, repeated; then of each part one.
  if (shape_.fold == 2 && step == 1) memory({p66, map0F38, 0x19, shape_.evex()}, dst, 0, from, false, 8);
  else memory({p66, map0F38, 0x1a, false}, dst, 0, from, false, 16);
  memory({p66, map0F38, 0x0c, false}, dst, dst, inPool(choice), false, shape_.bytes);
}

void Assembler::zipOfFour(VectorOp op, int dst, int a, int b) {
  const int32_t lanes = shape_.bytes / 4, half = op == VectorOp::zipHigh ? lanes / 2 : 0;
  load(dst, inPool(lanesInPool([&](int32_t part, int32_t lane) { return part % 2 * lanes + half + part / 2 * lanes / 4 + lane; })));
  registers({p66, map0F38, 0x77, false}, dst, a, b);
}

void Assembler::storeFirst(const Address &to, int source) {
  const bool wide = shape_.scalarBytes == 8;
  memory({wide ? p66 : none, map0F, 0x11, wide, shape_.part()}, source, 0, to, false, shape_.part());
}

void Assembler::zero(int dst) { vector(VectorOp::bitXor, dst, dst, dst); }

void Assembler::keepWhere(Comparison how, int dst, int c, int x, const Address &zeros) {
  const bool wide = shape_.scalarBytes == 8;
  memory({wide ? p66 : none, map0F, 0xc2, wide}, shape_.evex() ? 1 : dst, c, zeros, false, shape_.bytes);  // EVEX: k1
  immediate(uint64_t(how));
  if (shape_.evex()) registers({wide ? p66 : none, map0F, 0x28, wide}, dst, 0, x, true, 1);
  else vector(VectorOp::bitAnd, dst, dst, x);
}

void Assembler::general(uint8_t opcode, bool wide, int reg, const Address &m) {
  const bool high = number(m.base) >= 8, highIndex = m.hasIndex && number(m.index) >= 8;
  const uint64_t rex = uint64_t(wide) << 3 | uint64_t(reg >= 8) << 2 | uint64_t(highIndex) << 1 | uint64_t(high);
  if (rex) byte(0x40 | rex);
  byte(opcode);
  operand(reg, m, 1);
}

void Assembler::prefetch(const Address &m) {
  const bool high = number(m.base) >= 8, highIndex = m.hasIndex && number(m.index) >= 8;
  if (high || highIndex) byte(0x40 | uint64_t(highIndex) << 1 | uint64_t(high));
  byte(0x0f);
  byte(0x18);
  operand(2, m, 1);
}

void Assembler::movePointer(Gpr dst, const Address &from) { general(0x8b, true, number(dst), from); }
void Assembler::storePointer(const Address &to, Gpr source) { general(0x89, true, number(source), to); }
void Assembler::leaStack(Gpr dst, int32_t displacement) { general(0x8d, true, number(dst), at(Gpr::rsp, displacement)); }

void Assembler::moveImmediate(Gpr dst, uint64_t value) {
  byte(0x48 | uint64_t(number(dst) >= 8));
  byte(0xb8 | uint64_t(number(dst) & 7));
  for (int i = 0; i < 8; i++) byte(value >> (8 * i) & 0xff);
}

void Assembler::copyPointer(Gpr dst, Gpr source) {
  byte(0x48 | uint64_t(number(source) >= 8) << 2 | uint64_t(number(dst) >= 8));
  byte(0x89);
  byte(0xc0 | uint64_t(number(source) & 7) << 3 | uint64_t(number(dst) & 7));
}

void Assembler::addImmediate(Gpr dst, int32_t value) {
  byte(0x48 | uint64_t(number(dst) >= 8));
  byte(0x81);
  byte(0xc0 | uint64_t(number(dst) & 7));
  word(value);
}

void Assembler::andImmediate(Gpr dst, int32_t value) {
  byte(0x48 | uint64_t(number(dst) >= 8));
  byte(0x81);
  byte(0xe0 | uint64_t(number(dst) & 7));
  word(value);
}

void Assembler::shiftLeft(Gpr dst, int bits) {
  byte(0x48 | uint64_t(number(dst) >= 8));
  byte(0xc1);
  byte(0xe0 | uint64_t(number(dst) & 7));
  byte(uint64_t(bits));
}

void Assembler::shiftRight(Gpr dst, int bits) {
  byte(0x48 | uint64_t(number(dst) >= 8));
  byte(0xc1);
  byte(0xe8 | uint64_t(number(dst) & 7));
  byte(uint64_t(bits));
}

void Assembler::push(Gpr r) {
  if (number(r) >= 8) byte(0x41);
  byte(0x50 | uint64_t(number(r) & 7));
}
void Assembler::pop(Gpr r) {
  if (number(r) >= 8) byte(0x41);
  byte(0x58 | uint64_t(number(r) & 7));
}
void Assembler::call(Gpr target) {
  if (number(target) >= 8) byte(0x41);
  byte(0xff);
  byte(0xd0 | uint64_t(number(target) & 7));
}
void Assembler::zeroUpper() {
  byte(0xc5);
  byte(0xf8);
  byte(0x77);
}
void Assembler::returnToCaller() { byte(0xc3); }

void Assembler::loopBack(Gpr counter, size_t target) {
  byte(0x48 | uint64_t(number(counter) >= 8));
  byte(0xff);
  byte(0xc8 | uint64_t(number(counter) & 7));
  byte(0x0f);
  byte(0x85);
  word(int64_t(target) - int64_t(code_.size()) - 4);
}

int64_t Assembler::bits(uint64_t value) {
  return bits(std::vector<uint64_t>{value});
}

int64_t Assembler::bits(const std::vector<uint64_t> &values) {
  const auto found = std::search(known_.begin(), known_.end(), values.begin(), values.end());
  const int64_t at = (found - known_.begin()) * 8;
  if (found != known_.end()) return at;
  for (const uint64_t value : values) {
    known_.push_back(value);
    for (int i = 0; i < 8; i++) pool_.push_back(uint8_t(value >> (8 * i) & 0xff));
  }
  return at;
}

std::vector<uint8_t> Assembler::finish() {
  while (code_.size() % 64 != 0) byte(0xcc);
  const int64_t start = int64_t(code_.size());
  for (const Fixup &f : fixups_) {
    const int64_t relative = start + f.offset - int64_t(f.end);
    for (size_t i = 0; i < 4; i++) code_[f.at + i] = uint8_t(uint64_t(relative) >> (8 * i) & 0xff);
  }
  fixups_.clear();
  code_.insert(code_.end(), pool_.begin(), pool_.end());
  return std::move(code_);
}

}  // namespace parseval
