#include "pointers.h"

#include <algorithm>
#include <map>
#include <utility>

namespace parseval {

namespace {

constexpr Gpr looseRegisters[] = {Gpr::rax, Gpr::rcx, Gpr::rdx, Gpr::rsi, Gpr::rdi, Gpr::r8, Gpr::r9, Gpr::r10, Gpr::r11};

}  // namespace

Gpr Pointers::loose(int64_t kind, int64_t key, int64_t part, bool &known) {
  static_assert(sizeof(looseRegisters) / sizeof(Gpr) == looseCount);
  size_t best = looseCount;
  for (size_t k = 0; k < loose_.size(); k++) {
    Loose &l = loose_[k];
    if (l.kind == kind && l.key == key && l.part == part) {
      l.touched = ++clock_;
      known = true;
      return looseRegisters[k];
    }
    if (!l.held && (best == looseCount || l.touched < loose_[best].touched)) best = k;
  }
  loose_[best] = {kind, key, part, ++clock_};
  known = false;
  return looseRegisters[best];
}

Gpr Pointers::pointer(int32_t number) {
  bool known = false;
  const Gpr r = loose(0, number, 0, known);
  if (!known) code_.movePointer(r, at(pointersAt, int64_t(number) * 8));
  return r;
}

void Pointers::hold(const std::vector<Operation> &operations, const std::vector<int32_t> &uses) {
  std::map<int32_t, int64_t> wanted;
  bool gathers = false;
  for (size_t k = 0; k < operations.size(); k++) {
    const Memory &m = operations[k].memory;
    const bool gathered = m.base == Memory::Base::gathered;
    if (uses[k] == 0 || !(gathered || m.base == Memory::Base::pointer)) continue;
    wanted[m.pointer]++;
    gathers = gathers || gathered;
  }
  std::vector<std::pair<int64_t, int32_t>> byUse;
  for (const auto &[number, count] : wanted) byUse.push_back({-count, number});
  std::sort(byUse.begin(), byUse.end());
  // A table, two of its entries, and a pointer that is not held.
  const size_t room = looseCount - (gathers ? 4 : 1);
  for (size_t k = 0; k < byUse.size() && k < room; k++) {
    pointer(byUse[k].second);
    for (Loose &l : loose_) l.held = l.kind >= 0;
  }
}

Gpr Pointers::entry(const Memory &m) {
  const int64_t table = int64_t(reinterpret_cast<intptr_t>(m.table));
  bool known = false;
  const Gpr t = loose(1, table, 0, known);
  if (!known) code_.moveImmediate(t, uint64_t(table));
  const Gpr e = loose(2, table, m.element, known);
  if (!known) code_.movePointer(e, at(t, scalarsAt, 8 / code_.shape().scalarBytes, 8 * m.element));
  return e;
}

Address Pointers::address(const Memory &m) {
  switch (m.base) {
    case Memory::Base::pointer: {
      const Gpr base = pointer(m.pointer);
      if (m.stride == Stride::none) return at(base, m.displacement);
      return at(base, m.stride == Stride::scalars ? scalarsAt : vectorsAt, m.scale, m.displacement);
    }
    case Memory::Base::gathered: {
      const Gpr e = entry(m);
      return at(pointer(m.pointer), e, 1, m.displacement);
    }
    case Memory::Base::work: return at(workAt, m.displacement);
    case Memory::Base::twiddles: return at(twiddlesAt, m.displacement);
    case Memory::Base::constant: return inPool(code_.bits(uint64_t(m.displacement)));
    case Memory::Base::stack: break;
  }
  return at(Gpr::rsp, m.displacement);
}

}  // namespace parseval
