#include "variant.h"

namespace parseval {

namespace {

int64_t bytesOf(Precision precision) {
  return precision == Precision::Single ? int64_t(sizeof(float)) : int64_t(sizeof(double));
}

// Kernels for half as many examples; null if there are none.
const Kernels *halfOf([[maybe_unused]] const Kernels *kernels, [[maybe_unused]] Precision precision) {
#ifdef PARSEVAL_X64
#ifdef PARSEVAL_CODEGEN
  // Rows of numbers are taken apart in single precision only.
  if (precision == Precision::Single) {
    if (kernels == &avx512Kernels) return &avx512HalfKernels;
    if (kernels == &avx512HalfKernels) return &avx512QuarterKernels;
    if (kernels == &avx2Kernels) return &avx2HalfKernels;
  }
#endif
  if (kernels == &avx512Kernels) return &avx2Kernels;
#endif
  return nullptr;
}

// Bytes of a complex number in all lanes.
int64_t elementBytes(Precision precision, const Kernels *kernels) {
  return 2 * Variant::of(precision, kernels).lanes * bytesOf(precision);
}

#ifdef PARSEVAL_CODEGEN
VectorShape shapeOf(Precision precision, const Kernels *kernels) {
  const int32_t scalar = int32_t(bytesOf(precision)), part = scalar * Variant::of(precision, kernels).lanes;
  return {kernels->generatedBytes, scalar, kernels->generatedBytes / part};
}
#endif

}  // namespace

Variant::Variant(const Tape &tape, Precision precision, const Kernels *kernels, const Kernels *ofFull, bool full)
    : precision_(precision),
      kernels_(kernels),
      plan_(tape.code.data(), tape.code.size(), tape.constants.data(), tape.constants.size(), precision,
            elementBytes(precision, kernels), {elementBytes(precision, ofFull)}) {
#ifdef PARSEVAL_CODEGEN
  if (kernels_->generatedBytes == 0) return;
  generator_.emplace(shapeOf(precision, kernels), shapeOf(precision, ofFull),
                     this->kernels().laneFunctions, full);
  // The other instruction sets have nothing but generated code for maps and transforms.
  if (!generator_->generate(plan_)) kernels_ = &baselineKernels;
#else
  if (kernels_->generatedBytes != 0) kernels_ = &baselineKernels;
#endif
}

std::vector<const Kernels *> Variant::kinds() const {
  std::vector<const Kernels *> found;
  for (const Kernels *k = kernels_; k != nullptr; k = halfOf(k, precision_)) found.push_back(k);
  return found;
}

}  // namespace parseval
