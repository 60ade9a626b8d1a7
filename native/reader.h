// Reads a tape of integers that may be anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace parseval {

// What is wrong with a plan, and where.
struct PlanError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Reader {
 public:
  Reader(const int32_t *code, size_t size) : code_(code), size_(size) {}

  // The next integer; `what` names it in errors.
  int32_t next(const char *what);
  int32_t count(const char *what);                      // not negative
  bool rate(const char *what);                          // true: varying
  int32_t below(const char *what, int64_t bound);       // from 0 to bound − 1
  void expectEnd() const;
  int64_t at() const { return int64_t(at_); }  // integers read so far

  // Where in the plan reading is, for errors: a segment and an instruction, or a list.
  void enter(std::string where) { where_ = std::move(where); }
  [[noreturn]] void fail(const std::string &message) const;

 private:
  const int32_t *code_;
  size_t size_, at_ = 0;
  std::string where_ = "plan";
};

// Products and sums that refuse to overflow: what does not fit into 2^53 is in no arena.
int64_t product(const Reader &reader, int64_t a, int64_t b);
int64_t sum(const Reader &reader, int64_t a, int64_t b);

}  // namespace parseval
