// Compiled once for each instruction set, with PARSEVAL_KERNELS naming the table that it exports. Everything
// else here is local to this file, so that versions for different CPUs cannot be mixed up at link time.
#include "kernels.h"

#include "executor.h"

namespace parseval {

extern const Kernels PARSEVAL_KERNELS;

const Kernels PARSEVAL_KERNELS = {
    PARSEVAL_KERNELS_NAME,
    {EightFloats::lanes, runCode<OneFloat>, runCode<EightFloats>},
    {FourDoubles::lanes, runCode<OneDouble>, runCode<FourDoubles>},
};

}  // namespace parseval
