// A plan made ready for the vectors of one instruction set: decoded, with the code that is generated for it, for blocks with an
// example in every lane or for any.
#pragma once

#include <optional>

#ifdef PARSEVAL_CODEGEN
#include "codegen/generator.h"
#endif
#include "kernels.h"
#include "plan.h"

namespace parseval {

// A plan's integers and constants, before it is decoded.
struct Tape {
  std::vector<int32_t> code;
  std::vector<double> constants;
};

class Variant {
 public:
  static const PrecisionKernels &of(Precision precision, const Kernels *kernels) {
    return precision == Precision::Single ? kernels->singlePrecision : kernels->doublePrecision;
  }
  // `ofFull`: the kernels of full blocks, as an example gives the same in any. `full`: for a block with an example in every
  // lane.
  Variant(const Tape &tape, Precision precision, const Kernels *kernels, const Kernels *ofFull, bool full);

  const Plan &plan() const { return plan_; }
  const PrecisionKernels &kernels() const { return of(precision_, kernels_); }
  int64_t lanes() const { return kernels().lanes; }
  // Its kernels and those for half and a quarter as many examples, where there are any.
  std::vector<const Kernels *> kinds() const;

 private:
  Precision precision_;
  const Kernels *kernels_;
  Plan plan_;
#ifdef PARSEVAL_CODEGEN
  std::optional<Generator> generator_;
#endif
};

}  // namespace parseval
