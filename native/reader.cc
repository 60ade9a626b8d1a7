#include "reader.h"

namespace parseval {

void Reader::fail(const std::string &message) const { throw PlanError(where_ + ": " + message); }

int32_t Reader::next(const char *what) {
  if (at_ >= size_) fail("the tape ends before " + std::string(what));
  return code_[at_++];
}

int32_t Reader::count(const char *what) {
  const int32_t n = next(what);
  if (n < 0) fail(std::string(what) + " is " + std::to_string(n) + ", which is negative");
  return n;
}

int32_t Reader::below(const char *what, int64_t bound) {
  const int32_t n = next(what);
  if (n < 0 || n >= bound)
    fail(std::string(what) + " is " + std::to_string(n) + "; there are " + std::to_string(bound));
  return n;
}

bool Reader::rate(const char *what) {
  const int32_t n = next(what);
  if (n != 0 && n != 1) fail(std::string(what) + " is " + std::to_string(n) + ", neither uniform (0) nor varying (1)");
  return n == 1;
}

void Reader::expectEnd() const {
  if (at_ != size_) throw PlanError("plan: " + std::to_string(size_ - at_) + " integers follow its end");
}

namespace {
constexpr int64_t most = int64_t(1) << 53;

int64_t checked(const Reader &reader, bool overflow, int64_t n) {
  if (overflow || n > most || n < -most) reader.fail("a size is too large");
  return n;
}
}  // namespace

int64_t product(const Reader &reader, int64_t a, int64_t b) {
  int64_t n = 0;
  const bool overflow = __builtin_mul_overflow(a, b, &n);
  return checked(reader, overflow, n);
}

int64_t sum(const Reader &reader, int64_t a, int64_t b) {
  int64_t n = 0;
  const bool overflow = __builtin_add_overflow(a, b, &n);
  return checked(reader, overflow, n);
}

}  // namespace parseval
