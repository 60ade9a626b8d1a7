#include "program.h"

#include <algorithm>
#include <cstring>

#include "subnormals.h"

namespace parseval {

namespace {

constexpr int64_t mostThreads = 256;
constexpr int64_t largestBatch = int64_t(1) << 31;
// So many operations on single numbers are worth waking the other threads for; into how many shares for each of them.
constexpr int64_t leastShared = int64_t(1) << 17, sharesOfThread = 4;
constexpr int64_t vectorBytes = 64, mostLanes = vectorBytes / int64_t(sizeof(float));

std::string text(int64_t n) { return std::to_string(n); }

// How many are no whole numbers below the bound, which is at most 2^31.
int64_t countWrong(const double *values, size_t count, double bound) {
  constexpr double toWhole = 4503599627370496.0;  // 2^52: a sum with it has no place for a fraction
  int64_t wrong = 0;
  for (size_t j = 0; j < count; j++) {
    const double x = values[j];
    wrong += !((x >= 0) & (x < bound) & ((x + toWhole) - toWhole == x));
  }
  return wrong;
}

// Lanes that have no example of their own repeat the last one.
template <class T>
void loadBlock(T *arena, const PlanInput &input, const Values &values, int64_t first, int64_t examples, int64_t lanes) {
  const double *from[mostLanes];
  for (int64_t l = 0; l < lanes; l++) from[l] = values.data() + (first + std::min(l, examples - 1)) * input.units;
  T *to = arena + input.offset * lanes;
  for (int64_t u = 0; u < input.units; u++)
    for (int64_t l = 0; l < lanes; l++) *to++ = T(from[l][u]);
}

template <class T>
void storeBlock(const T *arena, const PlanOutput &output, Values &values, int64_t first, int64_t examples,
                int64_t lanes) {
  for (int64_t l = 0; l < examples; l++) {
    double *to = values.data() + (first + l) * output.units;
    const T *from = arena + output.offset * lanes + l;
    for (int64_t u = 0; u < output.units; u++) to[u] = double(from[u * lanes]);
  }
}

template <class T>
void reduceBlock(const T *arena, const PlanReduction &reduction, double *partial, int64_t examples, int64_t lanes) {
  const T *from = arena + reduction.from * lanes;
  if (reduction.reduced) {
    std::copy_n(from, reduction.units, partial);
    return;
  }
  int64_t u = 0;
  for (; u + 4 <= reduction.units; u += 4, from += 4 * lanes) {  // four at a time, as each waits for the term before
    double p = 0, q = 0, r = 0, s = 0;
    for (int64_t l = 0; l < examples; l++) {
      p += double(from[l]);
      q += double(from[lanes + l]);
      r += double(from[2 * lanes + l]);
      s += double(from[3 * lanes + l]);
    }
    partial[u] = p;
    partial[u + 1] = q;
    partial[u + 2] = r;
    partial[u + 3] = s;
  }
  for (; u < reduction.units; u++, from += lanes) {
    double sum = 0;
    for (int64_t l = 0; l < examples; l++) sum += double(from[l]);
    partial[u] = sum;
  }
}

template <int64_t Lanes, class T>
void sumGroups(const T *from, const TotalLayout &total, double *partial) {
  constexpr int64_t group = TotalLayout::group;
  for (const int32_t place : total.places) {
    const T *vector = from + place / group * total.width * Lanes + place % group;
    for (int32_t part = 0; part < total.width; part++, vector += Lanes) {
      double sum = 0;
      for (int64_t l = 0; l < Lanes; l += group) sum += double(vector[l]);
      *partial++ = sum;
    }
  }
}

template <class T>
void reduceTotal(const T *arena, const TotalLayout &total, double *partial, int64_t lanes) {
  const T *const from = arena + total.offset * lanes;
  if (lanes == 4) sumGroups<4>(from, total, partial);
  else if (lanes == 8) sumGroups<8>(from, total, partial);
  else sumGroups<16>(from, total, partial);
}

int64_t partialUnits(const PlanSegment &segment) {
  int64_t units = 0;
  for (const PlanReduction &reduction : segment.reductions) units += reduction.units;
  return units;
}

const TotalLayout *totalOf(const PlanSegment &segment, const PlanReduction &reduction) {
  for (const TotalLayout &total : segment.totals)
    if (total.offset == reduction.from && total.units == reduction.units) return &total;
  return nullptr;
}

template <class T>
void loadUniform(T *arena, const PlanInput &input, const Values &values, Share share) {
  for (int64_t u = share.first(input.units); u < share.end(input.units); u++) arena[input.offset + u] = T(values[size_t(u)]);
}

template <class T>
void storeUniform(const T *arena, const PlanOutput &output, Values &values, Share share) {
  for (int64_t u = share.first(output.units); u < share.end(output.units); u++)
    values[size_t(u)] = double(arena[output.offset + u]);
}

template <class Places>
int64_t uniformUnits(const Places &places) {
  int64_t units = 0;
  for (const auto &place : places) units += place.varying ? 0 : place.units;
  return units;
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
      tape_{{code, code + codeSize}, {constants, constants + constantCount}},
      kernels_(kernels),
      wide_(tape_, precision, kernels, kernels, true) {
  for (const PlanSegment &segment : plan().segments) varyingSegments_ += segment.varying;
  resident_.resize(plan().inputs.size());
  varying_.resize(plan().inputs.size());
  outputs_.resize(plan().outputs.size());
  requireMemory((double(plan().uniformUnits) + double(plan().scratchUnits)) * double(scalarBytes()));
  uniform_ = Arena(size_t(plan().uniformUnits) * scalarBytes());
}

void Program::check(int64_t number, const double *values, size_t count, int64_t examples) const {
  const PlanInput &input = plan().inputs[size_t(number)];
  const int64_t wanted = input.units * examples;
  if (int64_t(count) != wanted)
    throw RequestError("input " + text(number) + " takes " + text(wanted) + " numbers" +
                       (input.varying ? " (" + text(examples) + " examples of " + text(input.units) + ")" : "") +
                       "; it got " + text(int64_t(count)));
  if (input.bound == 0 || countWrong(values, count, double(input.bound)) == 0) return;
  size_t j = 0;  // bounded, as another thread may have put the number right by now
  while (j + 1 < count && countWrong(values + j, 1, double(input.bound)) == 0) j++;
  throw RequestError("input " + text(number) + " takes whole numbers from 0 to " + text(input.bound - 1) + "; number " +
                     text(int64_t(j)) + " is " + std::to_string(values[j]));
}

void Program::write(int64_t number, const double *values, size_t count) {
  if (plan().inputs[size_t(number)].varying)
    throw RequestError("input " + text(number) + " varies: its values belong to a run");
  check(number, values, count, 1);
  Values kept(values, values + count);
  if (precision_ == Precision::Single)
    for (double &x : kept) x = double(float(x));
  resident_[size_t(number)] = std::move(kept);
}

const Values &Program::read(int64_t number) const {
  if (plan().inputs[size_t(number)].varying) throw RequestError("input " + text(number) + " varies: nothing is kept");
  const std::optional<Values> &values = resident_[size_t(number)];
  if (!values) throw RequestError("input " + text(number) + " was never written");
  return *values;
}

void Program::give(int64_t number, const double *values, size_t count, int64_t batch) {
  check(number, values, count, batch);
  varying_[size_t(number)].assign(values, values + count);
}

void Program::prepare(int64_t batch, int64_t threads) {
  if (batch < 1) throw RequestError("a run takes at least one example");
  if (batch > largestBatch) throw RequestError("a run takes at most 2^31 examples");
  if (threads < 1) throw RequestError("a run takes at least one thread");
  for (size_t n = 0; n < plan().inputs.size(); n++)
    if (!plan().inputs[n].varying && !resident_[n]) throw RequestError("input " + text(int64_t(n)) + " was never written");
  if (batch != batch_ || threads != threadsAsked_) {
    threadsAsked_ = 0;  // until all is made
    batch_ = batch;
    requireMemory(double(batch) / double(wide_.lanes()) *
                  double(sizeof(Block) + plan().segments.size() * (sizeof(std::vector<Part>) + sizeof(Part))));
    divide();
    threads_ = int(std::min({threads, mostThreads, int64_t(blocks_.size())}));
    parts_.clear();
    for (size_t number = 0; number < plan().segments.size(); number++) {
      std::vector<const PlanSegment *> segments;
      for (const Block &block : blocks_) segments.push_back(&block.variant->plan().segments[number]);
      parts_.push_back(plan().segments[number].varying ? share(segments, threads_) : std::vector<std::vector<Part>>{});
    }
    allocate();
    threadsAsked_ = threads;
  }
  __atomic_store_n(&cancelled_, 0, __ATOMIC_RELAXED);
}

// Each block has the narrowest kernels that have room for it.
void Program::divide() {
  const std::vector<const Kernels *> kinds = wide_.kinds();
  std::vector<int64_t> rooms;
  for (const Kernels *k : kinds) rooms.push_back(Variant::of(precision_, k).lanes);
  blocks_.clear();
  int64_t first = 0;
  for (const int64_t examples : divided(batch_, rooms)) {
    const size_t kind = narrowest(examples, rooms);
    const bool full = examples == rooms[kind];
    const Variant &variant =
        kind == 0 && full
            ? wide_
            : others_.try_emplace({kinds[kind], full}, tape_, precision_, kinds[kind], kernels_, full).first->second;
    blocks_.push_back({&variant, int64_t(blocks_.size()), first, examples, -1});
    first += examples;
  }
}

// With one varying segment a thread can use the same arena for all its blocks, but for those that are cut, with which another
// may go on; with more, values must last from one to the next.
void Program::allocate() {
  const auto bytesOf = [&](const Variant &variant, int64_t units) {
    return size_t(units) * size_t(variant.lanes()) * scalarBytes();
  };
  std::vector<size_t> arenas;
  size_t scratch = size_t(plan().scratchUnits) * scalarBytes();
  const bool each = varyingSegments_ > 1 || int64_t(blocks_.size()) <= threads_;
  std::vector<bool> isCut(blocks_.size());
  for (const std::vector<std::vector<Part>> &blocks : parts_)
    for (size_t k = 0; k < blocks.size(); k++)
      if (blocks[k].size() > 1) isCut[k] = true;
  const bool allCut = std::find(isCut.begin(), isCut.end(), false) == isCut.end();
  if (varyingSegments_ > 0 && !each && !allCut) arenas.assign(size_t(threads_), bytesOf(wide_, plan().varyingUnits));
  for (Block &block : blocks_) {
    scratch = std::max(scratch, bytesOf(*block.variant, block.variant->plan().scratchUnits));
    block.arena = -1;
    if (varyingSegments_ == 0 || !(each || isCut[size_t(block.number)])) continue;
    block.arena = int64_t(arenas.size());
    arenas.push_back(bytesOf(*block.variant, block.variant->plan().varyingUnits));
  }
  double partials = 0;
  for (const PlanSegment &segment : plan().segments)
    partials = std::max(partials, double(partialUnits(segment)) * double(blocks_.size()) * sizeof(double));
  double total = double(threads_) * double(scratch) + partials;
  for (const size_t bytes : arenas) total += double(bytes);
  for (const PlanOutput &output : plan().outputs)
    total += double(output.units) * (output.varying ? double(batch_) : 1) * sizeof(double);
  requireMemory(total);
  const auto provide = [](Arena &arena, size_t bytes) {
    if (arena.bytes() >= bytes) return;
    arena = Arena();
    arena = Arena(bytes);
  };
  arenas_.resize(arenas.size());
  for (size_t k = 0; k < arenas.size(); k++) provide(arenas_[k], arenas[k]);
  scratch_.resize(std::max(scratch_.size(), size_t(threads_)));
  for (size_t k = 0; k < size_t(threads_); k++) provide(scratch_[k], scratch);
  provide(partials_, size_t(partials));
  int64_t pointers = 0;
  for (const PlanSegment &segment : plan().segments) pointers = std::max(pointers, segment.pointerCount);
  pointers_.resize(size_t(threads_));
  for (std::vector<void *> &of : pointers_) of.resize(size_t(pointers));
}

size_t Program::bytes() const {
  size_t sum = uniform_.bytes() + partials_.bytes();
  for (const std::vector<Arena> *arenas : {&arenas_, &scratch_})
    for (const Arena &arena : *arenas) sum += arena.bytes();
  for (const std::vector<Values> *lists : {&varying_, &outputs_})
    for (const Values &values : *lists) sum += values.capacity() * sizeof(double);
  return sum;
}

// In single precision numbers too small to be normal are 0: a model that has learned its task makes many of them, as the cotangents
// behind a softmax.
void Program::onThreads(const std::function<void(int)> &body) {
  pool_.run(threads_, [&](int thread) {
    flushSubnormals(precision_ == Precision::Single);
    body(thread);
  });
}

// Calls body(thread, share) for all of something: in shares on all threads, if so many operations are worth it. False if a call
// was.
template <class Body>
bool Program::inShares(int64_t operations, Body body) {
  if (threads_ == 1 || operations < leastShared) return body(0, Share{});
  const int64_t parts = threads_ * sharesOfThread;
  std::atomic<int64_t> next{0};
  std::atomic<bool> complete{true};
  onThreads([&](int thread) {
    for (int64_t part; (part = next++) < parts;)
      if (!body(thread, Share{part, parts})) complete = false;
  });
  return complete;
}

bool Program::runUniform(const PlanSegment &segment) {
  const Code code{segment.instructions.data(), int64_t(segment.instructions.size())};
  const Run run = precision_ == Precision::Single ? uniformKernels.singlePrecision : uniformKernels.doublePrecision;
  const auto runFrom = [&](int64_t from, int64_t to, int thread, Share share) {
    const Frame frame{uniform_.data(), nullptr, scratch_[size_t(thread)].data(), plan().constants.data(),
                      pointers_[size_t(thread)].data(), &cancelled_, batch_, 1, nullptr, share};
    return run(code, frame, {from, 0}, {to, 0});
  };
  int64_t from = 0;
  for (int64_t at = 0; at < code.count; at++) {
    const Instruction &i = code.instructions[at];
    if (i.op == Opcode::loop) at = i.end - 1;
    if (i.op != Opcode::map || i.program->sumCount > 0) continue;
    const int64_t operations = i.attributes[0] * i.program->microCount;
    if (operations < leastShared) continue;
    if (!runFrom(from, at, 0, {})) return false;
    if (!inShares(operations, [&](int thread, Share share) { return runFrom(at, at + 1, thread, share); })) return false;
    from = at + 1;
  }
  return runFrom(from, code.count, 0, {});
}

struct Program::Pass {
  size_t segment;
  bool first, last;
};

bool Program::runPart(const Part &part, void *arena, int thread, const Pass &pass) {
  const Block &block = blocks_[size_t(part.block)];
  const Variant &variant = *block.variant;
  const int64_t lanes = variant.lanes();
  const Plan &plan = variant.plan();
  const PlanSegment &segment = plan.segments[pass.segment];
  if (pass.first && part.isFirst)
    for (size_t n = 0; n < plan.inputs.size(); n++)
      if (plan.inputs[n].varying)
        withScalar(precision_, arena, [&](auto *to) {
          loadBlock(to, plan.inputs[n], varying_[n], block.first, block.examples, lanes);
        });
  alignas(vectorBytes) uint8_t mask[vectorBytes] = {};
  std::memset(mask, 0xff, size_t(block.examples) * scalarBytes());
  const Code code{segment.instructions.data(), int64_t(segment.instructions.size())};
  const Frame frame{uniform_.data(), arena, scratch_[size_t(thread)].data(), plan.constants.data(),
                    pointers_[size_t(thread)].data(), &cancelled_, batch_, block.examples, mask};
  if (!variant.kernels().block(code, frame, part.from, part.to)) return false;
  if (!part.isLast) return true;
  double *partial = static_cast<double *>(partials_.data()) + block.number * partialUnits(segment);
  for (const PlanReduction &reduction : segment.reductions) {
    withScalar(precision_, arena, [&](auto *from) {
      if (const TotalLayout *total = totalOf(segment, reduction)) reduceTotal(from, *total, partial, lanes);
      else reduceBlock(from, reduction, partial, block.examples, lanes);
    });
    partial += reduction.units;
  }
  if (pass.last)
    for (size_t n = 0; n < plan.outputs.size(); n++)
      if (plan.outputs[n].varying)
        withScalar(precision_, arena, [&](auto *from) {
          storeBlock(from, plan.outputs[n], outputs_[n], block.first, block.examples, lanes);
        });
  return true;
}

// The thread's share of the parts. False if the run was cancelled.
bool Program::runParts(Queue &queue, int thread, const Pass &pass) {
  const Part *part = nullptr;
  while ((part = queue.next(part)) != nullptr) {
    const int64_t own = blocks_[size_t(part->block)].arena;
    if (cancelled() || !runPart(*part, arenas_[size_t(own < 0 ? thread : own)].data(), thread, pass)) return false;
  }
  return true;
}

bool Program::runVarying(size_t number, bool first, bool last) {
  const Pass pass{number, first, last};
  Queue queue(parts_[number]);
  std::atomic<bool> complete{true};
  onThreads([&](int thread) {
    if (!runParts(queue, thread, pass)) complete = false;
  });
  if (!complete) return false;
  // A partial sum for each block, so that the order of the additions does not depend on the threads.
  const PlanSegment &segment = plan().segments[number];
  const int64_t units = partialUnits(segment), blocks = int64_t(blocks_.size());
  const double *partials = static_cast<const double *>(partials_.data());
  for (const PlanReduction &reduction : segment.reductions) {
    inShares(reduction.units * blocks, [&](int, Share share) {
      withScalar(precision_, uniform_.data(), [&](auto *arena) {
        for (int64_t u = share.first(reduction.units); u < share.end(reduction.units); u++) {
          double total = 0;
          for (int64_t k = 0; k < blocks; k++) total += partials[k * units + u];
          arena[reduction.to + u] = static_cast<std::remove_reference_t<decltype(*arena)>>(total);
        }
      });
      return true;
    });
    partials += reduction.units;
  }
  return true;
}

void Program::execute() {
  flushSubnormals(precision_ == Precision::Single);
  for (size_t n = 0; n < plan().outputs.size(); n++)
    outputs_[n].resize(size_t(plan().outputs[n].units * (plan().outputs[n].varying ? batch_ : 1)));
  const std::vector<PlanInput> &inputs = plan().inputs;
  inShares(uniformUnits(inputs), [&](int, Share share) {
    for (size_t n = 0; n < inputs.size(); n++)
      if (!inputs[n].varying)
        withScalar(precision_, uniform_.data(), [&](auto *arena) { loadUniform(arena, inputs[n], *resident_[n], share); });
    return true;
  });
  int64_t varyingSegment = 0;
  for (size_t number = 0; number < plan().segments.size(); number++) {
    const PlanSegment &segment = plan().segments[number];
    if (!segment.varying) {
      if (!runUniform(segment)) return;
      continue;
    }
    varyingSegment++;
    if (!runVarying(number, varyingSegment == 1, varyingSegment == varyingSegments_)) return;
  }
  const std::vector<PlanOutput> &outputs = plan().outputs;
  inShares(uniformUnits(outputs), [&](int, Share share) {
    for (size_t n = 0; n < outputs.size(); n++)
      if (!outputs[n].varying)
        withScalar(precision_, uniform_.data(), [&](auto *arena) { storeUniform(arena, outputs[n], outputs_[n], share); });
    return true;
  });
}

bool Program::keeps(size_t output) const {
  return std::any_of(plan().updates.begin(), plan().updates.end(),
                     [&](const PlanUpdate &update) { return size_t(update.output) == output; });
}

void Program::finish() {
  const std::vector<PlanUpdate> &updates = plan().updates;
  for (auto at = updates.begin(); at != updates.end(); at++) {
    const bool again = std::any_of(at + 1, updates.end(), [&](const PlanUpdate &other) { return other.output == at->output; });
    Values &kept = *resident_[size_t(at->input)], &next = outputs_[size_t(at->output)];
    if (again) kept = next;
    else kept.swap(next);
  }
}

}  // namespace parseval
