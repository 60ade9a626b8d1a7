// Sums of products as chains of fused multiply-adds.
#include <algorithm>
#include <cstring>

#include "line.h"

namespace parseval {

namespace {

bool isSum(const Operation &o) { return o.action == Action::add || o.action == Action::sub; }

// Longer chains would wait for each other's steps.
constexpr int32_t mostTerms = 6;

struct Term {
  bool negative;
  int32_t a, b;  // a, or a b
};

class Contraction {
 public:
  explicit Contraction(const std::vector<Operation> &from)
      : from_(from), uses_(from.size()), zipped_(from.size()), user_(from.size(), -1), terms_(from.size(), 1), to_(from.size(), -1) {}

  Line run() {
    findUses();
    for (size_t i = 0; i < from_.size(); i++) {
      const Operation &o = from_[i];
      if (!needed(i)) continue;
      if (isSum(o)) terms_[i] = termsOf(o.a) + termsOf(o.b);
      if (o.action == Action::negate) terms_[i] = termsOf(o.a);
      if (joins(i)) continue;
      to_[i] = make(int32_t(i));
    }
    return std::move(line_);
  }

 private:
  bool needed(size_t i) const { return from_[i].hasEffect() || uses_[i] > 0; }

  void findUses() {
    for (size_t k = from_.size(); k-- > 0;) {
      const Operation &o = from_[k];
      // A call is needed if one of its results is; they follow it at once.
      if (o.action == Action::call)
        for (size_t r = k + 1; r < from_.size() && from_[r].action == Action::result; r++) uses_[k] += uses_[r];
      if (!needed(k)) continue;
      for (const int32_t x : {o.a, o.b, o.c})
        if (x >= 0) {
          uses_[size_t(x)]++;
          user_[size_t(x)] = int32_t(k);
          if (o.action == Action::zipLow) zipped_[size_t(x)] += 1;
          if (o.action == Action::zipHigh) zipped_[size_t(x)] -= 1;
        }
    }
  }

  // To be stored, vectors of several elements are read for either: one use, or sums would be rounded otherwise than of one element.
  bool isUsedOnce(size_t i) const {
    return uses_[i] == 1 || (uses_[i] == 2 && from_[size_t(user_[i])].action == Action::zipLow && zipped_[i] == 0);
  }

  int32_t termsOf(int32_t i) const { return joins(size_t(i)) ? terms_[size_t(i)] : 1; }

  // Whether the operation's only user makes it one with itself.
  bool joins(size_t i) const {
    const Operation &o = from_[i];
    // What uses a call are its results; it is an operand of nothing.
    if (uses_[i] != 1 || user_[i] < 0) return false;
    const Operation &user = from_[size_t(user_[i])];
    if (user.action == Action::negate) return isSum(o) && !o.apart && isUsedOnce(size_t(user_[i]));
    if (!isSum(user)) return false;
    if (o.action == Action::mul || o.action == Action::negate) return true;
    return isSum(o) && !o.apart && !user.apart && terms_[i] < mostTerms;
  }

  // Without signs in front of it; `negative` is turned for each.
  int32_t unsignedOf(int32_t i, bool &negative) const {
    while (from_[size_t(i)].action == Action::negate) {
      negative = !negative;
      i = from_[size_t(i)].a;
    }
    return i;
  }

  void collect(int32_t i, bool negative, std::vector<Term> &terms) {
    i = unsignedOf(i, negative);
    const Operation &o = from_[size_t(i)];
    if (to_[size_t(i)] >= 0) {
      terms.push_back({negative, to_[size_t(i)], -1});
    } else if (o.action == Action::mul) {
      const int32_t a = unsignedOf(o.a, negative), b = unsignedOf(o.b, negative);
      terms.push_back({negative, valueOf(a), valueOf(b)});
    } else {
      collect(o.a, negative, terms);
      collect(o.b, negative != (o.action == Action::sub), terms);
    }
  }

  // An operand's new name; what was left for a sum but is needed otherwise, because a sign went, is made here.
  int32_t valueOf(int32_t i) {
    if (to_[size_t(i)] < 0) to_[size_t(i)] = make(i);
    return to_[size_t(i)];
  }

  int32_t sumOf(std::vector<Term> terms) {
    const auto take = [&](bool negative, bool product) {
      for (size_t k = 0; k < terms.size(); k++)
        if (terms[k].negative == negative && (terms[k].b >= 0) == product) {
          const Term t = terms[k];
          terms.erase(terms.begin() + std::ptrdiff_t(k));
          return t;
        }
      return Term{false, -1, -1};
    };
    const bool allNegative = std::all_of(terms.begin(), terms.end(), [](const Term &t) { return t.negative; });
    if (allNegative) {
      const Term product = take(true, true);
      for (Term &t : terms) t.negative = false;
      if (product.a < 0) return line_.unary(Action::negate, sumOf(terms));
      if (terms.empty()) return line_.unary(Action::negate, line_.mul(product.a, product.b));
      return line_.fused(Action::fnmsub, product.a, product.b, sumOf(terms));
    }
    int32_t sum = take(false, false).a;
    if (sum < 0) {
      const Term product = take(false, true);
      const Term less = take(true, false);
      sum = less.a >= 0 ? line_.fused(Action::fmsub, product.a, product.b, less.a) : line_.mul(product.a, product.b);
    }
    for (const Term &t : terms) {
      if (t.b < 0) sum = line_.binary(t.negative ? Action::sub : Action::add, sum, t.a);
      else sum = line_.fused(t.negative ? Action::fnmadd : Action::fmadd, t.a, t.b, sum);
    }
    return sum;
  }

  int32_t make(int32_t i) {
    Operation o = from_[size_t(i)];
    if (isSum(o)) {
      std::vector<Term> terms;
      collect(o.a, false, terms);
      collect(o.b, o.action == Action::sub, terms);
      return sumOf(terms);
    }
    if (o.action == Action::negate && to_[size_t(o.a)] < 0) {
      std::vector<Term> terms;
      collect(o.a, true, terms);
      return sumOf(terms);
    }
    for (int32_t *x : {&o.a, &o.b, &o.c})
      if (*x >= 0) *x = valueOf(*x);
    return line_.put(o);
  }

  const std::vector<Operation> &from_;
  std::vector<int32_t> uses_, zipped_, user_, terms_, to_;  // zipped: zipLow that use it less zipHigh
  Line line_;
};

}  // namespace

int32_t Line::once(const Operation &o) {
  const Memory &m = o.memory;
  if (!m.fixed || m.base == Memory::Base::gathered) return put(o);
  const auto [known, isNew] = splats_.insert({{o.action, o.part, m.base, m.pointer, m.stride, m.scale, m.displacement}, 0});
  if (isNew) known->second = put(o);
  return known->second;
}

int32_t Line::constant(double value, int32_t scalarBytes) {
  uint64_t bits = 0;
  const float narrow = float(value);
  if (scalarBytes == 8) std::memcpy(&bits, &value, 8);
  else std::memcpy(&bits, &narrow, 4);
  Memory m{Memory::Base::constant};
  m.displacement = int64_t(bits);
  m.fixed = true;
  return splat(m);
}

Line contracted(const Line &line) { return Contraction(line.operations()).run(); }

}  // namespace parseval
