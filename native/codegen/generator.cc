#include "generator.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "../codelets/tables.h"

namespace parseval {

namespace {

const CodeletTable *tableOf(int64_t size, bool twiddled) {
  for (const CodeletTable &t : codeletTables)
    if (t.size == size && t.twiddled == twiddled) return &t;
  return nullptr;
}

// Addresses reach so far.
constexpr int64_t mostBytes = int64_t(1) << 30;

LineValue exchanged(LineValue z, bool inverse) { return inverse ? LineValue{z.im, z.re} : z; }

// The codelet on what `load` gives; `store` takes the results.
template <class Load, class Store>
void writeCodelet(const CodeletTable &table, VectorShape shape, Line &line, Load load, Store store) {
  std::vector<int32_t> values(size_t(2 * table.size), -1);
  for (uint64_t k = 0; k < table.count; k++) {
    const CodeletStep &step = table.steps[k];
    if (step.kind == CodeletStep::Kind::load) {
      const LineValue x = load(int64_t(step.index));
      values[size_t(2 * step.index)] = x.re;
      values[size_t(2 * step.index) + 1] = x.im;
    } else if (step.kind == CodeletStep::Kind::store) {
      store(int64_t(step.index),
            LineValue{values[size_t(step.first.value)], values[size_t(step.second.value)]});
    } else {
      const auto term = [&](const CodeletTerm &t) {
        const int32_t value = values[size_t(t.value)];
        if (t.twiddle >= 0) {
          Memory m{Memory::Base::twiddles};
          m.displacement = int64_t(t.twiddle) * shape.scalarBytes;
          m.fixed = true;
          return line.mul(value, line.splat(m));
        }
        return t.factor == 1 ? value : line.mul(value, line.constant(t.factor, shape.scalarBytes));
      };
      const int32_t a = term(step.first);
      if (step.second.value < 0) {
        values.push_back(step.first.negative ? line.unary(Action::negate, a) : a);
        continue;
      }
      const int32_t b = term(step.second);
      values.push_back(step.first.negative    ? line.sub(b, a)
                       : step.second.negative ? line.sub(a, b)
                                              : line.add(a, b));
    }
  }
}

LoopAround around(const PlanSegment &segment, const Instruction &loop) {
  LoopAround result{loop.attributes[0], loop.attributes[1] != 0, {}};
  for (const Instruction *i = &loop + 1; i < segment.instructions.data() + loop.end; i++) {
    for (int32_t o = 0; o < i->operandCount; o++)
      if (i->depth == loop.depth + 1 && i->operands[o].varying && i->operands[o].strides[loop.depth] != 0)
        result.moving.insert(i->operands[o].offset);
  }
  return result;
}

// Where the segment's totals begin that one instruction adds to and one sum over the examples reads.
std::set<int64_t> groupable(const PlanSegment &segment) {
  std::map<int64_t, int64_t> writers;
  std::map<int64_t, int64_t> units;
  for (const Instruction &i : segment.instructions)
    for (int32_t o = 0; o < i.operandCount; o++)
      if (i.program != nullptr && i.program->operands[o].total) {
        writers[i.operands[o].offset]++;
        units[i.operands[o].offset] = i.attributes[0] * i.program->operands[o].width;
      }
  std::set<int64_t> found;
  for (const PlanReduction &r : segment.reductions)
    if (writers.count(r.from) > 0 && writers[r.from] == 1 && units[r.from] == r.units) found.insert(r.from);
  return found;
}

Memory inWork(int64_t bytes) {
  Memory m{Memory::Base::work};
  m.displacement = bytes;
  return m;
}

}  // namespace

void Generator::put(GeneratedCode &to, const Line &line, const ColumnStep &step, const std::string &name) {
  const std::vector<uint8_t> code = emit(contracted(line), step, shape_);
  pending_.push_back({&to, memory_.add(code), code.size(), name + " #" + std::to_string(pending_.size())});
}

bool Generator::map(const Instruction &i, Generated &g) {
  const int64_t count = i.attributes[0];
  const auto write = [&](int64_t unroll, GeneratedCode &to) {
    Line line;
    ProgramLines program(i, *i.program, constants_, shape_, functions_, i.operandCount, 0, 1, line);
    if (!program.possible()) return false;
    program.useTables(tables_, count);
    program.inLoop(loop_);
    program.inColumnsOf(unroll, totals_);
    for (int64_t j = 0; j < unroll; j++) program.element(j, nullptr);
    program.finish();
    put(to, line, {unroll, 0, 0}, "map of " + std::to_string(i.program->microCount) + " by " + std::to_string(unroll));
    return true;
  };
  g.unroll = count >= 4 ? 4 : 1;
  if (g.unroll > 1 && !write(g.unroll, g.columns)) return false;
  return count % g.unroll == 0 && g.unroll > 1 ? true : write(1, g.rest);
}

GeneratedCode *Generator::middle(const Transform &t, int64_t number) {
  const TransformLevel &level = t.levels[number];
  const auto key = std::make_pair(level.radix, level.apart);
  const bool known = middles_.count(key) > 0;
  GeneratedCode &code = middles_[key];
  if (known) return &code;
  const int64_t element = 2 * shape_.bytes;
  Line line;
  const auto load = [&](int64_t j) {
    const int64_t from = j * level.apart * element;
    const int32_t re = line.load(inWork(from));
    return LineValue{re, line.load(inWork(from + shape_.bytes))};
  };
  const auto store = [&](int64_t j, LineValue y) {
    const int64_t to = j * level.apart * element;
    line.store(inWork(to), y.re);
    line.store(inWork(to + shape_.bytes), y.im);
  };
  writeCodelet(*tableOf(level.radix, true), shape_, line, load, store);
  put(code, line, {0, element, 2 * (level.radix - 1) * shape_.scalarBytes}, "level of radix " + std::to_string(level.radix));
  return &code;
}

// Those of the outermost level, with the scale in them.
const void *Generator::scaledTwiddles(const Transform &t) {
  const TransformLevel &top = t.levels[0];
  std::vector<uint8_t> &table = scaled_[&t];
  if (!table.empty()) return table.data();
  const int64_t numbers = 2 * (top.radix - 1) * top.rest;
  table.resize(size_t(numbers * shape_.scalarBytes));
  const auto fill = [&](auto *to, const auto *from) {
    for (int64_t k = 0; k < numbers; k++)
      to[k] = static_cast<std::remove_reference_t<decltype(*to)>>(double(from[2 * top.twiddles + k]) * t.scale);
  };
  if (shape_.scalarBytes == 8) fill(reinterpret_cast<double *>(table.data()), static_cast<const double *>(t.table));
  else fill(reinterpret_cast<float *>(table.data()), static_cast<const float *>(t.table));
  return table.data();
}

bool Generator::transform(const Instruction &i, Generated &g) {
  if (i.transform == nullptr) return false;  // it is in a loop that never runs
  const Transform &t = *i.transform;
  if (t.convolution != nullptr || t.size < 2 || t.size * 2 * shape_.bytes > mostBytes) return false;
  for (int64_t l = 0; l < t.levelCount; l++)
    if (tableOf(t.levels[l].radix, l + 1 < t.levelCount) == nullptr) return false;
  const bool inverse = i.attributes[1] != 0, once = t.levelCount == 1;
  // What the first program writes the second must find: then one kernel cannot be all.
  const bool whole = once && i.attributes[2] == 0;
  const int64_t element = 2 * shape_.bytes;
  const TransformLevel &leaf = t.levels[t.levelCount - 1], &top = t.levels[0];
  const int64_t leaves = t.size / leaf.radix;

  Line first, last;
  ProgramLines before(i, *i.program, constants_, shape_, functions_, i.operandCount, 0, leaves, first);
  ProgramLines after(i, *i.after, constants_, shape_, functions_, i.operandCount, int32_t(i.program->sumCount),
                     top.rest, whole ? first : last);
  if (!before.possible() || !after.possible()) return false;
  before.useTables(tables_, t.size);
  after.useTables(tables_, t.size);
  before.inLoop(loop_);
  after.inLoop(loop_);
  before.inColumnsOf(leaf.radix, totals_);
  after.inColumnsOf(once ? t.size : top.radix, totals_);

  const auto take = [&](int64_t j) {
    before.element(j, nullptr);
    return exchanged(before.result(), inverse);
  };
  const auto give = [&](int64_t j, LineValue y) {
    const LineValue z = exchanged(y, inverse);
    after.element(j, &z);
  };
  const auto scaled = [&](Line &line, LineValue z) {
    const int32_t scale = line.constant(t.scale, shape_.scalarBytes);
    return LineValue{line.mul(z.re, scale), line.mul(z.im, scale)};
  };
  if (whole) {
    writeCodelet(*tableOf(leaf.radix, false), shape_, first, take,
                 [&](int64_t j, LineValue y) { give(j, scaled(first, y)); });
    after.finish();
    put(g.columns, first, {1, 0, 0}, "transform of " + std::to_string(t.size));
    return true;
  }
  writeCodelet(*tableOf(leaf.radix, false), shape_, first, take, [&](int64_t j, LineValue y) {
    first.store(inWork(j * element), y.re);
    first.store(inWork(j * element + shape_.bytes), y.im);
  });
  before.finish();
  const auto name = [&](const char *what, int64_t radix, const Pointwise *program) {
    return what + std::to_string(t.size) + (inverse ? ", inverse, radix " : ", radix ") + std::to_string(radix) + ", " +
           std::to_string(program->microCount) + " micro-ops";
  };
  put(g.columns, first, {1, top.apart * element, 0}, name("leaves of ", leaf.radix, i.program));

  // With one level the leaves have done it all, and their results lie in a row.
  const int64_t apart = once ? 1 : top.apart;
  const auto load = [&](int64_t j) {
    const int64_t from = j * apart * element;
    const int32_t re = last.load(inWork(from));
    const LineValue x{re, last.load(inWork(from + shape_.bytes))};
    return once || j == 0 ? scaled(last, x) : x;
  };
  if (once)
    for (int64_t j = 0; j < t.size; j++) give(j, load(j));
  else writeCodelet(*tableOf(top.radix, true), shape_, last, load, give);
  after.finish();
  put(g.rest, last, {1, element, 2 * (top.radix - 1) * shape_.scalarBytes}, name("top of ", top.radix, i.after));
  if (once) return true;
  g.twiddles = scaledTwiddles(t);
  std::vector<GeneratedCode> &levels = levels_.emplace_back(size_t(t.levelCount));
  g.levels = levels.data();
  for (int64_t l = 1; l + 1 < t.levelCount; l++) {
    // Shared by transforms, so it is looked up when all code is in its place.
    middle(t, l);
  }
  return true;
}

bool Generator::generate(Plan &plan) {
  constants_ = plan.constants.data();
  std::vector<std::pair<Instruction *, Generated *>> made;
  for (PlanSegment &segment : plan.segments) {
    if (!segment.varying) continue;
    totals_ = {groupable(segment), {}};
    std::vector<const Instruction *> loops;
    for (size_t k = 0; k < segment.instructions.size(); k++) {
      Instruction &i = segment.instructions[k];
      const size_t depth = loops.size();
      while (!loops.empty() && loops.back()->end <= int64_t(k)) loops.pop_back();
      if (i.op == Opcode::loop) loops.push_back(&i);
      if (i.op == Opcode::loop || loops.size() != depth)
        loop_ = loops.empty() ? LoopAround{} : around(segment, *loops.back());
      if (i.op != Opcode::map && i.op != Opcode::transform) continue;
      Generated &g = generated_.emplace_back();
      if (!(i.op == Opcode::map ? map(i, g) : transform(i, g))) return false;
      made.push_back({&i, &g});
    }
    segment.totals = std::move(totals_.layouts);
  }
  if (!memory_.seal()) return false;
  for (const Pending &p : pending_)
    *p.to = reinterpret_cast<GeneratedCode>(reinterpret_cast<uintptr_t>(memory_.at(p.place)));
  for (const auto &[i, g] : made) {
    if (g->levels != nullptr)
      for (int64_t l = 1; l + 1 < i->transform->levelCount; l++)
        g->levels[l] = middles_[{i->transform->levels[l].radix, i->transform->levels[l].apart}];
    i->generated = g;
  }
  if (std::getenv("PARSEVAL_PERF_MAP") != nullptr) writePerfMap();
  return true;
}

// What `perf` looks up names of generated code in.
void Generator::writePerfMap() const {
  FILE *const file = std::fopen(("/tmp/perf-" + std::to_string(getpid()) + ".map").c_str(), "a");
  if (file == nullptr) return;
  for (const Pending &p : pending_)
    std::fprintf(file, "%llx %zx parseval: %s\n", static_cast<unsigned long long>(reinterpret_cast<uintptr_t>(memory_.at(p.place))),
                 p.bytes, p.name.c_str());
  std::fclose(file);
}

}  // namespace parseval
