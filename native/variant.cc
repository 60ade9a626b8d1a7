#include "variant.h"

namespace parseval {

namespace {

int64_t bytesOf(Precision precision) {
  return precision == Precision::Single ? int64_t(sizeof(float)) : int64_t(sizeof(double));
}

// Kernels of vectors half as long; null if there are none.
const Kernels *halfOf([[maybe_unused]] const Kernels *kernels, [[maybe_unused]] Precision precision) {
#ifdef PARSEVAL_X64
  if (kernels == &avx512Kernels) return &avx2Kernels;
#ifdef PARSEVAL_CODEGEN
  // Pairs of numbers are taken apart in single precision only.
  if (kernels == &avx2Kernels && precision == Precision::Single) return &avx2HalfKernels;
#endif
#endif
  return nullptr;
}

}  // namespace

int64_t Variant::elementBytes(Precision precision, const Kernels *kernels) {
  return 2 * of(precision, kernels).lanes * bytesOf(precision);
}

Variant::Variant(const Tape &tape, Precision precision, const Kernels *kernels, PlannerTarget target, bool full)
    : precision_(precision),
      kernels_(kernels),
      plan_(tape.code.data(), tape.code.size(), tape.constants.data(), tape.constants.size(), precision,
            elementBytes(precision, kernels), target) {
#ifdef PARSEVAL_CODEGEN
  if (kernels_->generatedBytes == 0) return;
  const int32_t scalar = int32_t(bytesOf(precision)), part = scalar * this->kernels().lanes;
  generator_.emplace(VectorShape{kernels_->generatedBytes, scalar, kernels_->generatedBytes / part},
                     static_cast<const LaneFunctions *>(this->kernels().laneFunctions), full);
  // The other instruction sets have nothing but generated code for maps and transforms.
  if (!generator_->generate(plan_)) kernels_ = &baselineKernels;
#endif
}

const Kernels *Variant::narrowest(int64_t examples) const {
  const Kernels *found = kernels_;
  for (const Kernels *k = kernels_; k != nullptr && examples <= of(precision_, k).lanes; k = halfOf(k, precision_)) found = k;
  return found;
}

}  // namespace parseval
