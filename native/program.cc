#include "program.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace parseval {

namespace {

constexpr int64_t mostThreads = 256;
constexpr int64_t largestBatch = int64_t(1) << 31;

std::string text(int64_t n) { return std::to_string(n); }

double machineBytes() {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? double(pages) * double(page) : 1e18;
}

void requireMemory(double bytes) {
  const double machine = machineBytes();
  if (bytes > machine)
    throw RequestError("this needs " + text(int64_t(bytes / 1048576)) + " MiB of memory; the machine has " +
                       text(int64_t(machine / 1048576)));
}

// Lanes that have no example of their own repeat the last one.
int64_t exampleOf(int64_t block, int64_t lane, int64_t lanes, int64_t batch) {
  return std::min(block * lanes + lane, batch - 1);
}

template <class T>
void loadBlock(T *arena, const PlanInput &input, const Values &values, int64_t block, int64_t lanes, int64_t batch) {
  for (int64_t l = 0; l < lanes; l++) {
    const double *from = values.data() + exampleOf(block, l, lanes, batch) * input.units;
    T *to = arena + input.offset * lanes + l;
    for (int64_t u = 0; u < input.units; u++) to[u * lanes] = T(from[u]);
  }
}

template <class T>
void storeBlock(const T *arena, const PlanOutput &output, Values &values, int64_t block, int64_t lanes,
                int64_t batch) {
  const int64_t count = std::min(lanes, batch - block * lanes);
  for (int64_t l = 0; l < count; l++) {
    double *to = values.data() + (block * lanes + l) * output.units;
    const T *from = arena + output.offset * lanes + l;
    for (int64_t u = 0; u < output.units; u++) to[u] = double(from[u * lanes]);
  }
}

template <class T>
void reduceBlock(const T *arena, const PlanReduction &reduction, double *partial, int64_t block, int64_t lanes,
                 int64_t batch) {
  const int64_t count = std::min(lanes, batch - block * lanes);
  const T *from = arena + reduction.from * lanes;
  for (int64_t u = 0; u < reduction.units; u++, from += lanes) {
    double sum = 0;
    for (int64_t l = 0; l < count; l++) sum += double(from[l]);
    partial[u] = sum;
  }
}

template <class T>
void reduceTotal(const T *arena, const TotalLayout &total, double *partial, int64_t lanes) {
  constexpr int64_t group = 4;
  const T *const from = arena + total.offset * lanes;
  for (const int32_t place : total.places)
    for (int32_t part = 0; part < total.width; part++) {
      const T *const vector = from + (place / group * total.width + part) * lanes;
      double sum = 0;
      for (int64_t l = place % group; l < lanes; l += group) sum += double(vector[l]);
      *partial++ = sum;
    }
}

const TotalLayout *totalOf(const PlanSegment &segment, const PlanReduction &reduction) {
  for (const TotalLayout &total : segment.totals)
    if (total.offset == reduction.from && total.units == reduction.units) return &total;
  return nullptr;
}

template <class T>
void loadUniform(T *arena, const PlanInput &input, const Values &values) {
  for (int64_t u = 0; u < input.units; u++) arena[input.offset + u] = T(values[size_t(u)]);
}

template <class T>
void storeUniform(const T *arena, const PlanOutput &output, Values &values) {
  for (int64_t u = 0; u < output.units; u++) values[size_t(u)] = double(arena[output.offset + u]);
}

// Calls f with the arena as one of the engine's scalar.
template <class F>
void withScalar(Precision precision, void *arena, F f) {
  if (precision == Precision::Single) f(static_cast<float *>(arena));
  else f(static_cast<double *>(arena));
}

}  // namespace

std::vector<const Kernels *> usableKernels() {
  std::vector<const Kernels *> usable;
#ifdef PARSEVAL_X64
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("fma"))
    usable.push_back(&avx512Kernels);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) usable.push_back(&avx2Kernels);
#endif
  usable.push_back(&baselineKernels);
  return usable;
}

const Kernels *findKernels(const std::optional<std::string> &name) {
  const std::vector<const Kernels *> usable = usableKernels();
  if (name) {
    for (const Kernels *k : usable)
      if (*name == k->name) return k;
    throw RequestError("instruction set '" + *name + "' is not one this machine runs");
  }
  if (const char *wish = std::getenv("PARSEVAL_ISA"))
    for (const Kernels *k : usable)
      if (std::string(wish) == k->name) return k;
  return usable.front();
}

Program::Program(const int32_t *code, size_t codeSize, const double *constants, size_t constantCount,
                 Precision precision, const Kernels *kernels)
    : precision_(precision),
      kernels_(kernels),
      plan_(code, codeSize, constants, constantCount, precision, 2 * this->kernels().lanes * int64_t(scalarBytes())) {
  for (const PlanSegment &segment : plan_.segments) varyingSegments_ += segment.varying;
#ifdef PARSEVAL_CODEGEN
  if (kernels_->generatedBytes > 0) {
    generator_.emplace(VectorShape{kernels_->generatedBytes, int32_t(scalarBytes())},
                       static_cast<const LaneFunctions *>(this->kernels().laneFunctions));
    // The other instruction sets have nothing but generated code for maps and transforms.
    if (!generator_->generate(plan_)) kernels_ = &baselineKernels;
  }
#endif
  resident_.resize(plan_.inputs.size());
  requireMemory((double(plan_.uniformUnits) + double(plan_.scratchUnits)) * double(scalarBytes()));
  uniform_ = Arena(size_t(plan_.uniformUnits) * scalarBytes());
  uniformScratch_ = Arena(size_t(plan_.scratchUnits) * scalarBytes());
}

void Program::check(int64_t number, const double *values, size_t count, int64_t examples) const {
  const PlanInput &input = plan_.inputs[size_t(number)];
  const int64_t wanted = input.units * examples;
  if (int64_t(count) != wanted)
    throw RequestError("input " + text(number) + " takes " + text(wanted) + " numbers" +
                       (input.varying ? " (" + text(examples) + " examples of " + text(input.units) + ")" : "") +
                       "; it got " + text(int64_t(count)));
  if (input.bound == 0) return;
  for (size_t j = 0; j < count; j++) {
    const double x = values[j];
    if (!(x >= 0 && x < double(input.bound)) || x != std::floor(x))
      throw RequestError("input " + text(number) + " takes whole numbers from 0 to " + text(input.bound - 1) +
                         "; number " + text(int64_t(j)) + " is " + std::to_string(x));
  }
}

void Program::write(int64_t number, const double *values, size_t count) {
  if (plan_.inputs[size_t(number)].varying)
    throw RequestError("input " + text(number) + " varies: its values belong to a run");
  check(number, values, count, 1);
  Values kept(values, values + count);
  if (precision_ == Precision::Single)
    for (double &x : kept) x = double(float(x));
  resident_[size_t(number)] = std::move(kept);
}

const Values &Program::read(int64_t number) const {
  if (plan_.inputs[size_t(number)].varying) throw RequestError("input " + text(number) + " varies: nothing is kept");
  const std::optional<Values> &values = resident_[size_t(number)];
  if (!values) throw RequestError("input " + text(number) + " was never written");
  return *values;
}

void Program::prepare(int64_t batch, std::vector<Values> varying, int64_t threads) {
  if (batch < 1) throw RequestError("a run takes at least one example");
  if (batch > largestBatch) throw RequestError("a run takes at most 2^31 examples");
  if (threads < 1) throw RequestError("a run takes at least one thread");
  for (size_t n = 0; n < plan_.inputs.size(); n++)
    if (!plan_.inputs[n].varying && !resident_[n]) throw RequestError("input " + text(int64_t(n)) + " was never written");
  batch_ = batch;
  blocks_ = (batch + kernels().lanes - 1) / kernels().lanes;
  threads_ = int(std::min({threads, mostThreads, blocks_}));
  varying_ = std::move(varying);
  allocate();
  for (size_t n = 0; n < plan_.inputs.size(); n++)
    if (!plan_.inputs[n].varying)
      withScalar(precision_, uniform_.data(), [&](auto *arena) { loadUniform(arena, plan_.inputs[n], *resident_[n]); });
  __atomic_store_n(&cancelled_, 0, __ATOMIC_RELAXED);
}

// With one varying segment a thread can use the same arena for all its blocks; with more, values must last from
// one to the next.
void Program::allocate() {
  const size_t lanes = size_t(kernels().lanes);
  const size_t arenaBytes = size_t(plan_.varyingUnits) * lanes * scalarBytes();
  const size_t scratchBytes = size_t(plan_.scratchUnits) * lanes * scalarBytes();
  const size_t arenas = varyingSegments_ == 0 ? 0 : varyingSegments_ == 1 ? size_t(threads_) : size_t(blocks_);
  double outputUnits = 0;
  for (const PlanOutput &output : plan_.outputs) outputUnits += double(output.units) * (output.varying ? double(batch_) : 1);
  requireMemory(double(arenas) * double(arenaBytes) + double(threads_) * double(scratchBytes) +
                outputUnits * sizeof(double));
  while (arenas_.size() > arenas) arenas_.pop_back();
  while (arenas_.size() < arenas) arenas_.emplace_back(arenaBytes);
  while (scratch_.size() < size_t(threads_)) scratch_.emplace_back(scratchBytes);
}

bool Program::runUniform(const PlanSegment &segment) {
  const Code code{segment.instructions.data(), int64_t(segment.instructions.size())};
  const Frame frame{uniform_.data(), nullptr, uniformScratch_.data(), plan_.constants.data(), &cancelled_, batch_, 1, nullptr};
  return (precision_ == Precision::Single ? uniformKernels.singlePrecision : uniformKernels.doublePrecision)(code, frame);
}

bool Program::runBlock(const PlanSegment &segment, const Frame &frame, int64_t block, bool first, bool last,
                       std::vector<Values> &outputs, std::vector<Values> &partials) {
  const int64_t lanes = kernels().lanes;
  const Code code{segment.instructions.data(), int64_t(segment.instructions.size())};
  if (first)
    for (size_t n = 0; n < plan_.inputs.size(); n++)
      if (plan_.inputs[n].varying)
        withScalar(precision_, frame.varying,
                   [&](auto *arena) { loadBlock(arena, plan_.inputs[n], varying_[n], block, lanes, batch_); });
  if (!kernels().block(code, frame)) return false;
  for (size_t r = 0; r < segment.reductions.size(); r++) {
    const PlanReduction &reduction = segment.reductions[r];
    withScalar(precision_, frame.varying, [&](auto *arena) {
      double *const partial = partials[r].data() + block * reduction.units;
      if (const TotalLayout *total = totalOf(segment, reduction)) reduceTotal(arena, *total, partial, lanes);
      else reduceBlock(arena, reduction, partial, block, lanes, batch_);
    });
  }
  if (last)
    for (size_t n = 0; n < plan_.outputs.size(); n++)
      if (plan_.outputs[n].varying)
        withScalar(precision_, frame.varying,
                   [&](auto *arena) { storeBlock(arena, plan_.outputs[n], outputs[n], block, lanes, batch_); });
  return true;
}

bool Program::runVarying(const PlanSegment &segment, bool first, bool last, std::vector<Values> &outputs) {
  // A partial sum for each block, so that the order of the additions does not depend on the threads.
  std::vector<Values> partials;
  for (const PlanReduction &reduction : segment.reductions) {
    requireMemory(double(reduction.units) * double(blocks_) * sizeof(double));
    partials.emplace_back(size_t(reduction.units * blocks_));
  }
  std::atomic<int64_t> next{0};
  std::atomic<bool> complete{true};
  pool_.run(threads_, [&](int thread) {
    for (int64_t block = next++; block < blocks_; block = next++) {
      void *arena = arenas_[varyingSegments_ == 1 ? size_t(thread) : size_t(block)].data();
      const int64_t examples = std::min(int64_t(kernels().lanes), batch_ - block * kernels().lanes);
      alignas(64) uint8_t mask[64] = {};
      std::memset(mask, 0xff, size_t(examples) * scalarBytes());
      const Frame frame{uniform_.data(), arena,  scratch_[size_t(thread)].data(), plan_.constants.data(),
                        &cancelled_,     batch_, examples,                        mask};
      if (cancelled() ||
          !runBlock(segment, frame, block, first, last, outputs, partials)) {
        complete = false;
        return;
      }
    }
  });
  if (!complete) return false;
  for (size_t r = 0; r < segment.reductions.size(); r++) {
    const PlanReduction &reduction = segment.reductions[r];
    withScalar(precision_, uniform_.data(), [&](auto *arena) {
      for (int64_t u = 0; u < reduction.units; u++) {
        double total = 0;
        for (int64_t block = 0; block < blocks_; block++) total += partials[r][size_t(block * reduction.units + u)];
        arena[reduction.to + u] = static_cast<std::remove_reference_t<decltype(*arena)>>(total);
      }
    });
  }
  return true;
}

std::optional<std::vector<Values>> Program::execute() {
  std::vector<Values> outputs;
  for (const PlanOutput &output : plan_.outputs)
    outputs.emplace_back(size_t(output.units * (output.varying ? batch_ : 1)));
  int64_t varyingSegment = 0;
  for (const PlanSegment &segment : plan_.segments) {
    if (!segment.varying) {
      if (!runUniform(segment)) return std::nullopt;
      continue;
    }
    varyingSegment++;
    if (!runVarying(segment, varyingSegment == 1, varyingSegment == varyingSegments_, outputs)) return std::nullopt;
  }
  for (size_t n = 0; n < plan_.outputs.size(); n++)
    if (!plan_.outputs[n].varying)
      withScalar(precision_, uniform_.data(), [&](auto *arena) { storeUniform(arena, plan_.outputs[n], outputs[n]); });
  if (cancelled()) return std::nullopt;
  return outputs;
}

void Program::finish(const std::vector<Values> &outputs) {
  for (const PlanUpdate &update : plan_.updates) resident_[size_t(update.input)] = outputs[size_t(update.output)];
}

}  // namespace parseval
