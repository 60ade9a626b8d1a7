// Compiled once for each instruction set, with PARSEVAL_KERNELS naming the table that it exports. PARSEVAL_NARROW: for
// blocks of few examples only, in single precision. Everything else here is local to this file, so that versions for
// different CPUs cannot be mixed up at link time.
#include "kernels.h"

#include "executor.h"
#include "laneFunctions.h"
#include "single.h"

namespace parseval {

extern const Kernels PARSEVAL_KERNELS;

using Floats = Lanes<float, PARSEVAL_VECTOR_BYTES>;
using Doubles = Lanes<double, PARSEVAL_VECTOR_BYTES>;
#ifdef PARSEVAL_NARROW
using Pairs = Lanes<float, 2 * PARSEVAL_VECTOR_BYTES>;
#if PARSEVAL_GENERATED_BYTES == 4 * PARSEVAL_VECTOR_BYTES
constexpr const void *fours = &laneFunctions<Lanes<float, PARSEVAL_GENERATED_BYTES>>;
#else
constexpr const void *fours = nullptr;
#endif
#endif

const Kernels PARSEVAL_KERNELS = {
    PARSEVAL_KERNELS_NAME,
    PARSEVAL_GENERATED_BYTES,
#ifdef PARSEVAL_NARROW
    {Floats::lanes, runCode<Floats>, 1, nullptr, {&laneFunctions<Floats>, &laneFunctions<Pairs>, fours}},
    {},
#else
    {Floats::lanes, runCode<Floats>, singleLanes<Floats>, runSingle<Floats, OneFloat>, {&laneFunctions<Floats>}},
    {Doubles::lanes, runCode<Doubles>, singleLanes<Doubles>, runSingle<Doubles, OneDouble>, {&laneFunctions<Doubles>}},
#endif
};

}  // namespace parseval
