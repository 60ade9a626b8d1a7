// The kernels for what is computed once for all examples: one number at a time, for any CPU. Apart, and with less
// optimisation, because they run once a run and would take as long to compile as all the others.
#define PARSEVAL_GENERATED_BYTES 0
#include "executor.h"
#include "kernels.h"

namespace parseval {

const UniformKernels uniformKernels = {runCode<OneFloat>, runCode<OneDouble>};

}  // namespace parseval
