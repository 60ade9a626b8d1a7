// A plan with its memory: holds the uniform inputs between runs, and runs the segments over blocks of examples.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "arena.h"
#include "memory.h"
#include "pool.h"
#include "share.h"
#include "variant.h"

namespace parseval {

// The instruction sets this machine can run, best first; each a table of kernels.
std::vector<const Kernels *> usableKernels();
// The one of this name, or the best; PARSEVAL_ISA in the environment names one where the caller does not.
const Kernels *findKernels(const std::optional<std::string> &name);

using Values = std::vector<double>;

class Program {
 public:
  Program(const int32_t *code, size_t codeSize, const double *constants, size_t constantCount, Precision precision,
          const Kernels *kernels);

  const Plan &plan() const { return wide_.plan(); }

  // From here to `cancel` all on the caller's thread, between runs.
  void write(int64_t input, const double *values, size_t count);
  const Values &read(int64_t input) const;

  // The values of a varying input for the next run, [batch, units].
  void give(int64_t input, const double *values, size_t count, int64_t batch);
  void prepare(int64_t batch, int64_t threads);
  // On any thread. The outputs mean something only if the run was not cancelled.
  void execute();
  // On the caller's thread again: keeps what the plan says is kept.
  void finish();
  bool keeps(size_t output) const;
  // That it has asked the system for.
  size_t bytes() const;
  const Values &output(size_t number) const { return outputs_[number]; }

  // At any time, from any thread.
  void cancel() { __atomic_store_n(&cancelled_, 1, __ATOMIC_RELAXED); }

  bool cancelled() const { return __atomic_load_n(&cancelled_, __ATOMIC_RELAXED) != 0; }

 private:
  // Examples that run together, one to a lane.
  struct Block {
    const Variant *variant;
    int64_t number, first, examples;
    int64_t arena;  // −1: whichever is its thread's
  };
  // A run of a varying segment.
  struct Pass;

  // That an input can take these values for so many examples.
  void check(int64_t input, const double *values, size_t count, int64_t examples) const;
  size_t scalarBytes() const { return precision_ == Precision::Single ? sizeof(float) : sizeof(double); }
  void divide();
  void allocate();
  void onThreads(const std::function<void(int)> &body);
  template <class Body>
  bool inShares(int64_t operations, Body body);
  bool runUniform(const PlanSegment &segment);
  bool runVarying(size_t segment, bool first, bool last);
  bool runPart(const Part &part, void *arena, int thread, const Pass &pass);
  bool runParts(Queue &queue, int thread, const Pass &pass);

  Precision precision_;
  Tape tape_;
  const Kernels *kernels_;  // of full blocks
  Variant wide_;  // for full blocks
  std::map<std::pair<const Kernels *, bool>, Variant> others_;  // from when they are first needed
  int64_t varyingSegments_ = 0;
  std::vector<std::optional<Values>> resident_;

  // Of runs of one batch on so many threads: made anew for another.
  int64_t batch_ = 0, threadsAsked_ = 0;
  std::vector<Block> blocks_;
  std::vector<std::vector<std::vector<Part>>> parts_;  // of each segment, by block
  int threads_ = 1;

  // Of the run.
  std::vector<Values> varying_, outputs_;  // by number
  int cancelled_ = 0;

  Arena uniform_;
  Arena partials_;  // of each block, the sums of the segment at hand
  std::vector<Arena> arenas_, scratch_;
  std::vector<std::vector<void *>> pointers_;  // of each thread: of the segment that it runs
  Pool pool_;
};

}  // namespace parseval
