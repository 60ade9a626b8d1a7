// Registers are given as the line goes on: the value whose next use is farthest makes room. What can be read again
// where it came from is not saved; operands that are used for the last time are read from memory by the instruction
// itself.
#include "emit.h"

#include "kernelFrame.h"

#include <algorithm>
#include <array>
#include <limits>

namespace parseval {

namespace {

constexpr int32_t never = std::numeric_limits<int32_t>::max();

class Emission {
 public:
  Emission(const Line &line, const ColumnStep &step, VectorShape shape)
      : operations_(line.operations()),
        shape_(shape),
        code_(shape),
        frame_(code_, step),
        pointers_(code_),
        values_(operations_.size()) {
    findUses();
  }

  std::vector<uint8_t> run() {
    frame_.enter();
    if (std::none_of(operations_.begin(), operations_.end(), [](const Operation &o) { return o.action == Action::call; }))
      pointers_.hold(operations_, needed_);
    frame_.begin();
    for (now_ = 0; now_ < int32_t(operations_.size()); now_++) emitOne(operations_[size_t(now_)]);
    frame_.leave();
    return frame_.finish(slots_);
  }

 private:
  struct State {
    std::vector<int32_t> uses;
    size_t used = 0;
    int reg = -1;
    int32_t slot = -1;
    bool rereadable = false;  // may be read where it came from, whenever it is needed
  };

  State &value(int32_t v) { return values_[size_t(v)]; }
  const Operation &operation(int32_t v) const { return operations_[size_t(v)]; }
  int32_t nextUse(int32_t v) const {
    const State &s = values_[size_t(v)];
    return s.used < s.uses.size() ? s.uses[s.used] : never;
  }
  bool lastUse(int32_t v) const {
    const State &s = values_[size_t(v)];
    return s.used + 1 >= s.uses.size();
  }

  void findUses() {
    const int32_t count = int32_t(operations_.size());
    std::vector<int32_t> needed(operations_.size()), writes(operations_.size());
    for (int32_t k = count; k-- > 0;) {
      const Operation &o = operation(k);
      if (o.action == Action::call)
        for (int32_t r = k + 1; r < count && operation(r).action == Action::result; r++)
          needed[size_t(k)] += needed[size_t(r)];
      if (!o.hasEffect() && needed[size_t(k)] == 0) continue;
      needed[size_t(k)]++;
      for (const int32_t x : {o.a, o.b, o.c})
        if (x >= 0) {
          needed[size_t(x)]++;
          value(x).uses.push_back(k);
        }
    }
    int32_t written = 0;
    for (int32_t k = 0; k < count; k++) {
      writes[size_t(k)] = written;
      if (needed[size_t(k)] > 0 && operation(k).writes()) written++;
    }
    needed_ = needed;
    for (int32_t k = 0; k < count; k++) {
      State &s = value(k);
      std::reverse(s.uses.begin(), s.uses.end());
      const Operation &o = operation(k);
      if (!o.reads()) continue;
      // What is read once, with nothing written in between, may as well be read there.
      const bool once = s.uses.size() == 1 && writes[size_t(s.uses[0])] == writes[size_t(k)];
      s.rereadable = o.memory.fixed || once;
    }
  }

  // ---- Registers

  int32_t newSlot() {
    if (!freeSlots_.empty()) {
      const int32_t s = freeSlots_.back();
      freeSlots_.pop_back();
      return s;
    }
    return slots_++;
  }
  Address slotAddress(int32_t slot) const { return KernelFrame::saved(slot, shape_); }

  void save(int32_t v) {
    State &s = value(v);
    if (s.rereadable || s.slot >= 0) return;
    s.slot = newSlot();
    code_.store(slotAddress(s.slot), s.reg);
  }

  // A register for a new value; those of `locked_` stay.
  int take() {
    const int count = shape_.registers();
    for (int r = 0; r < count; r++)
      if (holds_[size_t(r)] < 0 && !isLocked(r)) return r;
    int best = -1;
    for (int r = 0; r < count; r++) {
      if (isLocked(r)) continue;
      if (best < 0) best = r;
      const int32_t v = holds_[size_t(r)], w = holds_[size_t(best)];
      const int32_t there = nextUse(v), other = nextUse(w);
      // Among equals one that need not be saved.
      if (there > other || (there == other && value(v).rereadable && !value(w).rereadable)) best = r;
    }
    const int32_t v = holds_[size_t(best)];
    if (nextUse(v) != never) save(v);
    value(v).reg = -1;
    holds_[size_t(best)] = -1;
    return best;
  }
  bool isLocked(int r) const { return std::find(locked_.begin(), locked_.end(), r) != locked_.end(); }
  void give(int r, int32_t v) {
    holds_[size_t(r)] = v;
    value(v).reg = r;
  }

  void readInto(int r, int32_t v) {
    const State &s = value(v);
    if (s.slot >= 0) {
      code_.load(r, slotAddress(s.slot));
      return;
    }
    const Operation &o = operation(v);
    if (o.action == Action::load) code_.load(r, pointers_.address(o.memory));
    else if (o.action == Action::spread) code_.spread(r, pointers_.address(o.memory));
    else if (o.action == Action::splatRow) code_.broadcastRow(r, pointers_.address(o.memory), RowOf(o.part));
    else if (isZero(o)) code_.zero(r);
    else code_.broadcast(r, pointers_.address(o.memory));
  }
  bool isZero(const Operation &o) const {
    return o.action == Action::splat && o.memory.base == Memory::Base::constant && o.memory.displacement == 0;
  }

  // The value in a register.
  int inRegister(int32_t v) {
    State &s = value(v);
    if (s.reg < 0) {
      const int r = take();
      readInto(r, v);
      give(r, v);
    }
    locked_.push_back(s.reg);
    return s.reg;
  }

  // Whether an instruction may read the value from memory, and had better.
  bool fromMemory(int32_t v) {
    const State &s = value(v);
    if (s.reg >= 0) return false;
    if (!lastUse(v) && hasRoom()) return false;
    if (s.slot >= 0) return true;
    const Operation &o = operation(v);
    if (o.action != Action::splat) return o.action == Action::load;
    return !isZero(o) && (shape_.evex() || o.memory.base == Memory::Base::constant);
  }
  bool hasRoom() const {
    for (int r = 0; r < shape_.registers(); r++)
      if (holds_[size_t(r)] < 0) return true;
    return false;
  }
  Address where(int32_t v, bool &broadcast) {
    const State &s = value(v);
    const Operation &o = operation(v);
    broadcast = s.slot < 0 && o.action == Action::splat && shape_.evex();
    if (s.slot >= 0) return slotAddress(s.slot);
    return o.action == Action::splat && !broadcast ? wholeVector(uint64_t(o.memory.displacement)) : pointers_.address(o.memory);
  }
  // In the pool, the scalar of these bits in all lanes.
  Address wholeVector(uint64_t bits) {
    return inPool(code_.bits(std::vector<uint64_t>(size_t(shape_.bytes / 8), shape_.scalarBytes == 8 ? bits : bits << 32 | bits)));
  }

  // The operation has read its operand; after the last use its register and its slot are free.
  void used(int32_t v) {
    State &s = value(v);
    s.used++;
    if (s.used < s.uses.size()) return;
    if (s.reg >= 0) holds_[size_t(s.reg)] = -1;
    s.reg = -1;
    if (s.slot >= 0) freeSlots_.push_back(s.slot);
    s.slot = -1;
  }
  bool dies(int32_t v) const { return lastUse(v); }

  // ---- Operations

  void emitOne(const Operation &o) {
    if (needed_[size_t(now_)] == 0) return;
    locked_.clear();
    switch (o.action) {
      case Action::load:
      case Action::splat:
      case Action::spread:
      case Action::splatRow:
        if (!value(now_).rereadable) {
          const int r = take();
          readInto(r, now_);
          give(r, now_);
        }
        return;
      case Action::add: return binary(VectorOp::add, o.a, o.b, true);
      case Action::mul: return binary(VectorOp::mul, o.a, o.b, true);
      case Action::sub: return binary(VectorOp::sub, o.a, o.b, false);
      case Action::div: return binary(VectorOp::div, o.a, o.b, false);
      case Action::largest: return binary(VectorOp::max, o.a, o.b, false);
      case Action::bitAnd: return binary(VectorOp::bitAnd, o.a, o.b, true);
      case Action::unpackLow: return binary(VectorOp::unpackLow, o.a, o.b, false);
      case Action::unpackHigh: return binary(VectorOp::unpackHigh, o.a, o.b, false);
      case Action::lowPairs: return binary(VectorOp::lowPairs, o.a, o.b, false);
      case Action::highPairs: return binary(VectorOp::highPairs, o.a, o.b, false);
      case Action::lowHalves: return binary(VectorOp::lowHalves, o.a, o.b, false);
      case Action::highHalves: return binary(VectorOp::highHalves, o.a, o.b, false);
      case Action::evenParts: return binary(VectorOp::evenParts, o.a, o.b, false);
      case Action::oddParts: return binary(VectorOp::oddParts, o.a, o.b, false);
      case Action::zipLow: return zip(VectorOp::zipLow, o);
      case Action::zipHigh: return zip(VectorOp::zipHigh, o);
      case Action::fmadd: return fused(o, VectorOp::fmadd132, VectorOp::fmadd213, VectorOp::fmadd231);
      case Action::fmsub: return fused(o, VectorOp::fmsub132, VectorOp::fmsub213, VectorOp::fmsub231);
      case Action::fnmadd: return fused(o, VectorOp::fnmadd132, VectorOp::fnmadd213, VectorOp::fnmadd231);
      case Action::fnmsub: return fused(o, VectorOp::fnmsub132, VectorOp::fnmsub213, VectorOp::fnmsub231);
      case Action::negate: return withBits(VectorOp::bitXor, o.a);
      case Action::magnitude: return withBits(VectorOp::bitAnd, o.a);
      case Action::sqrt: return root(o.a);
      case Action::keepNonzero: return keep(Comparison::unequal, o);
      case Action::keepPositive: return keep(Comparison::greater, o);
      case Action::argument: {
        const int r = inRegister(o.a);
        code_.store(KernelFrame::argument(o.part, shape_), r);
        used(o.a);
        return;
      }
      case Action::call: return call(o);
      case Action::result: {
        const int r = take();
        code_.load(r, KernelFrame::result(o.part, shape_));
        give(r, now_);
        return;
      }
      case Action::store: {
        const int r = inRegister(o.a);
        if (o.memory.streamed) code_.stream(pointers_.address(o.memory), r);
        else code_.store(pointers_.address(o.memory), r);
        used(o.a);
        return;
      }
      case Action::storeFirst:
        code_.storeFirst(pointers_.address(o.memory), inRegister(o.a));
        used(o.a);
        return;
      case Action::prefetch: return code_.prefetch(pointers_.address(o.memory));
    }
  }

  void binary(VectorOp op, int32_t a, int32_t b, bool commutes) {
    if (commutes && a != b && fromMemory(a) && !fromMemory(b)) std::swap(a, b);
    const bool memory = a != b && fromMemory(b);
    const int ra = inRegister(a);
    bool broadcast = false;
    if (memory) {
      const Address m = where(b, broadcast);
      usedAll({a});
      const int dst = take();
      code_.vector(op, dst, ra, m, broadcast);
      usedAll({b});
      give(dst, now_);
    } else {
      const int rb = inRegister(b);
      usedAll({a, b});
      const int dst = take();
      code_.vector(op, dst, ra, rb);
      give(dst, now_);
    }
  }
  void zip(VectorOp op, const Operation &o) {
    if (shape_.fold == 2) return binary(op, o.a, o.b, false);
    const int ra = inRegister(o.a), rb = inRegister(o.b), dst = take();
    code_.zipOfFour(op, dst, ra, rb);
    usedAll({o.a, o.b});
    give(dst, now_);
  }
  // Their registers may be taken again at once.
  void usedAll(std::initializer_list<int32_t> operands) {
    for (const int32_t v : operands) used(v);
    // A register that is free now, or one that still holds an operand and stays.
    std::vector<int> still;
    for (const int r : locked_)
      if (holds_[size_t(r)] >= 0) still.push_back(r);
    locked_ = still;
  }

  void fused(const Operation &o, VectorOp op132, VectorOp op213, VectorOp op231) {
    int32_t a = o.a, b = o.b;
    const int32_t c = o.c;
    const bool distinct = a != b && b != c && a != c;
    // One of them may come from memory: a factor if the sum's register can be written over, or else what dies decides.
    int32_t memory = -1;
    if (distinct) {
      if (fromMemory(b)) memory = b;
      else if (fromMemory(a)) memory = a, std::swap(a, b);
      else if (fromMemory(c) && (dies(a) || dies(b))) memory = c;
    }
    if (memory == c) {
      if (!dies(a)) std::swap(a, b);
      const int ra = inRegister(a), rb = inRegister(b);
      bool broadcast = false;
      const Address m = where(c, broadcast);
      code_.vector(op213, ra, rb, m, broadcast);
      usedAll({a, b, c});
      give(ra, now_);
      return;
    }
    if (memory == b) {
      const int rc = inRegister(c), ra = inRegister(a);
      bool broadcast = false;
      const Address m = where(b, broadcast);
      if (dies(c)) {
        code_.vector(op231, rc, ra, m, broadcast);
        usedAll({a, b, c});
        give(rc, now_);
      } else if (dies(a)) {
        code_.vector(op132, ra, rc, m, broadcast);
        usedAll({a, b, c});
        give(ra, now_);
      } else {
        const int dst = take();
        code_.move(dst, rc);
        code_.vector(op231, dst, ra, m, broadcast);
        usedAll({a, b, c});
        give(dst, now_);
      }
      return;
    }
    // A sum that lies in memory is best read into the result's own register.
    const bool fresh = distinct && value(c).reg < 0 && !dies(c);
    const int ra = inRegister(a), rb = inRegister(b);
    if (fresh) {
      const int dst = take();
      readInto(dst, c);
      code_.vector(op231, dst, ra, rb);
      usedAll({a, b, c});
      give(dst, now_);
      return;
    }
    const int rc = inRegister(c);
    if (dies(c) && c != a && c != b) {
      code_.vector(op231, rc, ra, rb);
      usedAll({a, b, c});
      give(rc, now_);
    } else if (dies(a) && a != b && a != c) {
      code_.vector(op213, ra, rb, rc);
      usedAll({a, b, c});
      give(ra, now_);
    } else if (dies(b) && a != b && b != c) {
      code_.vector(op213, rb, ra, rc);
      usedAll({a, b, c});
      give(rb, now_);
    } else {
      const int dst = take();
      code_.move(dst, rc);
      code_.vector(op231, dst, ra, rb);
      usedAll({a, b, c});
      give(dst, now_);
    }
  }

  void root(int32_t a) {
    if (fromMemory(a)) {
      bool broadcast = false;
      const Address m = where(a, broadcast);
      const int dst = take();
      code_.vector(VectorOp::sqrt, dst, 0, m, broadcast);
      usedAll({a});
      give(dst, now_);
      return;
    }
    const int ra = inRegister(a);
    usedAll({a});
    const int dst = take();
    code_.vector(VectorOp::sqrt, dst, 0, ra);
    give(dst, now_);
  }

  // With the sign's bit in all lanes, or with all the others.
  void withBits(VectorOp op, int32_t a) {
    const bool wide = shape_.scalarBytes == 8;
    const uint64_t sign = uint64_t(1) << (wide ? 63 : 31), rest = sign - 1, bits = op == VectorOp::bitXor ? sign : rest;
    const int ra = inRegister(a);
    usedAll({a});
    const int dst = take();
    if (shape_.evex()) code_.vector(op, dst, ra, inPool(code_.bits(bits)), true);
    else code_.vector(op, dst, ra, wholeVector(bits), false);
    give(dst, now_);
  }

  void keep(Comparison how, const Operation &o) {
    const int rc = inRegister(o.a), rx = inRegister(o.b);
    const int dst = take();
    code_.keepWhere(how, dst, rc, rx, wholeVector(0));
    used(o.a);
    used(o.b);
    give(dst, now_);
  }

  void call(const Operation &o) {
    for (int r = 0; r < shape_.registers(); r++) {
      const int32_t v = holds_[size_t(r)];
      if (v < 0) continue;
      save(v);
      value(v).reg = -1;
      holds_[size_t(r)] = -1;
    }
    code_.leaStack(Gpr::rdi, argumentsAt);
    code_.leaStack(Gpr::rsi, resultsAt);
    code_.moveImmediate(Gpr::rax, uint64_t(reinterpret_cast<uintptr_t>(o.function)));
    code_.call(Gpr::rax);
    pointers_.forget();
  }

  const std::vector<Operation> &operations_;
  const VectorShape shape_;
  Assembler code_;
  KernelFrame frame_;
  Pointers pointers_;
  std::vector<State> values_;
  std::vector<int32_t> needed_;
  std::array<int32_t, 32> holds_ = [] {
    std::array<int32_t, 32> none;
    none.fill(-1);
    return none;
  }();
  std::vector<int> locked_;
  std::vector<int32_t> freeSlots_;
  int32_t slots_ = 0, now_ = 0;
};

}  // namespace

std::vector<uint8_t> emit(const Line &line, const ColumnStep &step, VectorShape shape) {
  return Emission(line, step, shape).run();
}

}  // namespace parseval
