#include "generator.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "columnLines.h"

namespace parseval {

namespace {

LineValue exchanged(LineValue z, bool inverse) { return inverse ? LineValue{z.im, z.re} : z; }

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

// What makes a total zero, always a `fill`, need not go beyond the vectors that it takes. Another value may lie there at another
// time: if that begins with a `fill`, too, both are left as they are.
void shortenFills(PlanSegment &segment) {
  for (const TotalLayout &total : segment.totals) {
    Instruction *only = nullptr;
    int fills = 0;
    for (Instruction &i : segment.instructions)
      if (i.op == Opcode::fill && i.operands[0].varying && i.operands[0].offset == total.offset) fills++, only = &i;
    if (fills == 1 && only->attributes[0] * only->attributes[1] == total.units) only->attributes[0] /= TotalLayout::group;
  }
}

// Leaves of so many elements write past the caches: they would have left them before the next level reads them. With vectors
// of 32 bytes that is a work space of 2 MiB.
constexpr int64_t leastStreamed = 32768;

Memory inWork(int64_t bytes, bool streamed = false) {
  Memory m{Memory::Base::work};
  m.displacement = bytes;
  m.streamed = streamed;
  return m;
}

}  // namespace

void Generator::put(GeneratedCode &to, const Line &line, VectorShape shape, const ColumnStep &step, const std::string &name) {
  const std::vector<uint8_t> code = emit(ordered(contracted(line), shape.registers()), step, shape);
  pending_.push_back({&to, memory_.add(code), code.size(), name + " #" + std::to_string(pending_.size())});
}

template <class F>
VectorShape Generator::widest(F fits) const {
  for (int32_t fold = shape_.fold; fold > 1; fold /= 2)
    if (fits(fold)) return {single_.bytes * fold, single_.scalarBytes, fold};
  return single_;
}

// With as many elements to a vector as make it the fewest vectors.
VectorShape Generator::shapeOfMap(const Pointwise &program, int64_t count) const {
  constexpr int64_t one = ProgramLines::mostUnrolled;
  bool sums = false, sumsOthers = false, totals = false;
  for (const MicroInstruction *m = program.micros; m != program.micros + program.microCount; m++) {
    sums = sums || m->to.place == Place::sum;
    sumsOthers = sumsOthers || (m->to.place == Place::sum && m->op == Micro::move);
    totals = totals || (m->to.place == Place::operand && program.operands[m->to.index].total);
  }
  const auto vectors = [&](int64_t fold) { return count / (one * fold) * one + count % (one * fold); };
  return widest([&](int64_t fold) {
    const int64_t left = count % (one * fold);
    // What is summed is so by as many elements at once whether they share a vector or not: no more may be left to one by one. What
    // is no product would be rounded before it is added.
    if (sumsOthers || (sums && left >= one)) return false;
    // Totals are grouped where nothing is left.
    if (totals && left > 0 && count % one == 0) return false;
    return vectors(fold) < vectors(fold / 2);
  });
}

bool Generator::map(const Instruction &i, Generated &g) {
  const int64_t count = i.attributes[0];
  const auto write = [&](int64_t unroll, VectorShape shape, GeneratedCode &to) {
    Line line;
    ProgramLines program(i, *i.program, constants_, shape, sumsApart_, functionsOf(shape), 0, shape.fold, line);
    if (!program.possible()) return false;
    prepare(program, count, unroll, true);
    program.elements(unroll / shape.fold);
    program.finish();
    put(to, line, shape, {unroll, 0, 0}, "map of " + std::to_string(i.program->microCount) + " by " + std::to_string(unroll));
    return true;
  };
  constexpr int64_t one = ProgramLines::mostUnrolled;
  const VectorShape shape = shapeOfMap(*i.program, count);
  const int64_t most = one * shape.fold;
  if (count < most) return write(1, single_, g.rest);
  g.unrollBits = log2Of(most);
  return write(most, shape, g.columns) && (count % most == 0 || write(1, single_, g.rest));
}

Generator::MiddleKey Generator::middleKey(const Transform &t, int64_t level, VectorShape shape) {
  return {t.levels[level].radix, t.levels[level].apart, hasRounds(t, level) ? t.levels[level - 1].apart : 0, shape.fold};
}

GeneratedCode *Generator::middle(const Transform &t, int64_t number, VectorShape shape) {
  const TransformLevel &level = t.levels[number];
  const MiddleKey key = middleKey(t, number, shape);
  const bool known = middles_.count(key) > 0;
  GeneratedCode &code = middles_[key];
  if (known) return &code;
  const int64_t element = 2 * shape.part();
  Line line;
  const auto load = [&](int64_t j) {
    const int64_t from = j * level.apart * element;
    const int32_t re = line.load(inWork(from));
    return LineValue{re, line.load(inWork(from + shape.bytes))};
  };
  const auto store = [&](int64_t j, LineValue y) {
    const int64_t to = j * level.apart * element;
    line.store(inWork(to), y.re);
    line.store(inWork(to + shape.bytes), y.im);
  };
  writeColumn(t, number, shape, line, load, store);
  put(code, line, shape, columnsOf(level, shape, 0, std::get<2>(key) * element), "level of radix " + std::to_string(level.radix));
  return &code;
}

// From columns of a level to the next that go together.
ColumnStep Generator::columnsOf(const TransformLevel &level, VectorShape shape, int64_t elements, int64_t round) {
  const int64_t twiddles = 2 * (level.radix - 1) * shape.scalarBytes;
  return {elements * shape.fold, shape.fold * 2 * shape.part(), shape.fold * twiddles, shape.fold, round};
}

// Those of all columns of a level, times `scale`. Of columns that go together each number is beside its like.
const void *Generator::twiddlesOf(const Transform &t, const TransformLevel &level, double scale, VectorShape shape) {
  if (scale == 1 && shape.fold == 1)
    return static_cast<const uint8_t *>(t.table) + 2 * level.twiddles * shape.scalarBytes;
  std::vector<uint8_t> &table = twiddles_[{&t, &level, shape.fold}];
  if (!table.empty()) return table.data();
  const int64_t column = 2 * (level.radix - 1), fold = shape.fold;
  table.resize(size_t(column * level.rest * shape.scalarBytes));
  const auto fill = [&](auto *to, const auto *from) {
    for (int64_t k = 0; k < level.rest; k++)
      for (int64_t number = 0; number < column; number++)
        to[k / fold * fold * column + number * fold + k % fold] =
            static_cast<std::remove_reference_t<decltype(*to)>>(double(from[2 * level.twiddles + k * column + number]) * scale);
  };
  if (shape.scalarBytes == 8) fill(reinterpret_cast<double *>(table.data()), static_cast<const double *>(t.table));
  else fill(reinterpret_cast<float *>(table.data()), static_cast<const float *>(t.table));
  return table.data();
}

LineValue Generator::scaled(Line &line, LineValue z, double by) const {
  const int32_t scale = line.constant(by, shape_.scalarBytes);
  return {line.mul(z.re, scale), line.mul(z.im, scale)};
}

// `take`(line, j) gives a leaf element j of its column, `give`(line, j, y) takes element j of the outermost level's;
// where that is one column, and `whole`, on one line. `endLeaves`, `endTop`: called when their lines are else complete.
template <class Take, class Give, class EndLeaves, class EndTop>
void Generator::levels(const Transform &t, Generated &g, VectorShape shape, bool whole, double scale, const std::string &name,
                       Line &first, Line &last, Take take, Give give, EndLeaves endLeaves, EndTop endTop) {
  const int64_t element = 2 * shape.part(), leafLevel = t.levelCount - 1;
  const TransformLevel &top = t.levels[0];
  const bool once = t.levelCount == 1;
  const bool scales = scale != 1;
  const bool streams = shape.fold == 1 && t.size >= leastStreamed;
  if (whole) {
    writeColumn(t, 0, shape, first, [&](int64_t j) { return take(first, j); },
                [&](int64_t j, LineValue y) { give(first, j, scales ? scaled(first, y, scale) : y); });
    endLeaves();
    endTop();
    put(g.columns, first, shape, {1, 0, 0}, name);
    return;
  }
  const auto keep = [&](int64_t at, int32_t re, int32_t im) {
    first.store(inWork(at, streams), re);
    first.store(inWork(at + shape.bytes, streams), im);
  };
  // Of a folded shape columns go together, but their results by neighbours of one column.
  std::map<int64_t, std::vector<LineValue>> waiting;
  const auto exchange = [&](int32_t &a, int32_t &b) {
    const int32_t even = first.binary(Action::evenParts, a, b), odd = first.binary(Action::oddParts, a, b);
    a = even;
    b = odd;
  };
  writeColumn(t, leafLevel, shape, first, [&](int64_t j) { return take(first, j); }, [&](int64_t j, LineValue y) {
    std::vector<LineValue> &rows = waiting[j / shape.fold];
    rows.resize(size_t(shape.fold));
    rows[size_t(j % shape.fold)] = y;
    if (std::any_of(rows.begin(), rows.end(), [](LineValue x) { return x.re < 0; })) return;
    for (const auto part : {&LineValue::re, &LineValue::im})
      for (size_t apart = 1; apart < rows.size(); apart *= 2)
        for (size_t k = 0; k < rows.size(); k++)
          if ((k & apart) == 0) exchange(rows[k].*part, rows[k + apart].*part);
    for (int64_t column = 0; column < shape.fold; column++)
      keep((j / shape.fold * shape.fold + column * top.apart) * element, rows[size_t(column)].re, rows[size_t(column)].im);
  });
  endLeaves();
  const auto radix = [&](int64_t level) { return std::to_string(t.levels[level].radix); };
  // Those that begin in the same block of the second level are rounds.
  const int64_t round = t.levelCount > 2 ? t.levels[1].apart * element : 0;
  put(g.columns, first, shape, {shape.fold, shape.fold * top.apart * element, 0, shape.fold, round}, "leaves of " + name + ", radix " + radix(leafLevel));

  // With one level the leaves have done it all, and their results lie in a row.
  const int64_t apart = once ? 1 : top.apart;
  const auto load = [&](int64_t j) {
    const int64_t from = j * apart * element;
    const int32_t re = last.load(inWork(from));
    const LineValue x{re, last.load(inWork(from + shape.bytes))};
    return scales && (once || j == 0) ? scaled(last, x, scale) : x;
  };
  const auto store = [&](int64_t j, LineValue y) { give(last, j, y); };
  if (once)
    for (int64_t j = 0; j < t.size; j++) store(j, load(j));
  else writeColumn(t, 0, shape, last, load, store);
  endTop();
  put(g.rest, last, shape, columnsOf(top, shape, 1), "top of " + name + ", radix " + radix(0));
  if (once) return;
  g.hasLevels = true;
  g.topRadix = top.radix;
  g.leafGroups = t.size / t.levels[leafLevel].radix / top.radix;
  g.leafPlaces = t.leafPlaces;
  g.columnCount = top.rest;
  g.columnsTogether = std::min(top.rest, t.padEvery);  // behind each an element is left free
  g.twiddles = twiddlesOf(t, top, scale, shape);
  if (t.levelCount == 2) return;
  g.rounds = t.levels[1].radix;
  std::vector<GeneratedLevel> &kernels = levels_.emplace_back(size_t(t.levelCount));
  g.levels = kernels.data();
  // Shared by transforms, so they are looked up when all code is in its place.
  for (int64_t l = 1; l + 1 < t.levelCount; l++) {
    middle(t, l, shape);
    kernels[size_t(l)].twiddles = twiddlesOf(t, t.levels[l], 1, shape);
  }
  leveled_.push_back({&g, &t, shape});
}

bool Generator::transform(const Instruction &i, Generated &g) {
  if (i.transform == nullptr) return false;  // it is in a loop that never runs
  const Transform &t = *i.transform;
  if (t.convolution != nullptr) return convolution(i, g);
  const VectorShape shape = widest([&](int64_t fold) { return isFoldable(t, fold); });
  if (!hasColumns(t, shape)) return false;
  const bool inverse = i.attributes[1] != 0, once = t.levelCount == 1;
  // What the first program writes the second must find: then one kernel cannot be all.
  const bool whole = once && i.attributes[2] == 0;
  const TransformLevel &leaf = t.levels[t.levelCount - 1], &top = t.levels[0];

  Line first, last;
  ProgramLines before(i, *i.program, constants_, shape, sumsApart_, functionsOf(shape), 0, t.size / leaf.radix, first);
  ProgramLines after(i, *i.after, constants_, shape, sumsApart_, functionsOf(shape), int32_t(i.program->sumCount), top.rest,
                     whole ? first : last);
  if (!before.possible() || !after.possible()) return false;
  prepare(before, t.size, leaf.radix, false);
  prepare(after, t.size, once ? t.size : top.radix, false);
  const std::string name = std::to_string(t.size) + (inverse ? " inverse, " : ", ") +
                           std::to_string(i.program->microCount) + " and " + std::to_string(i.after->microCount) +
                           " micro-ops";
  levels(
      t, g, shape, whole, t.scale, name, first, last,
      [&](Line &, int64_t j) {
        before.element(j, nullptr);
        return exchanged(before.result(), inverse);
      },
      [&](Line &, int64_t j, LineValue y) {
        const LineValue z = exchanged(y, inverse);
        after.element(j, &z);
      },
      [&] { before.finish(); }, [&] { after.finish(); });
  return true;
}

void Generator::prepare(ProgramLines &program, int64_t count, int64_t columnElements, bool inARow) {
  program.useTables(tables_, count);
  program.inLoop(loop_);
  program.inColumnsOf(columnElements, inARow, totals_);
}

// Element j of the column in what is convolved, its elements `spacing` apart.
Memory Generator::convolved(const Instruction &i, int64_t j, int64_t spacing) const {
  Memory m{Memory::Base::pointer};
  m.pointer = i.operandCount + convolvedPointer;
  m.stride = Stride::vectors;
  m.scale = 2;
  m.displacement = j * spacing * 2 * single_.bytes;
  return m;
}

LineValue Generator::factor(const Instruction &i, Line &line, CallPointer table, int64_t j, int64_t spacing) const {
  Memory m{Memory::Base::pointer};
  m.pointer = i.operandCount + table;
  m.stride = Stride::scalars;
  m.scale = 2;
  m.displacement = j * spacing * 2 * single_.scalarBytes;
  m.fixed = true;
  const int32_t re = line.splat(m);
  m.displacement += single_.scalarBytes;
  return {re, line.splat(m)};
}

// The first or the last stage: a map of the program and the chirp.
bool Generator::chirped(const Instruction &i, Generated &g, bool first, bool inverse) {
  const Transform &t = *i.transform;
  const auto write = [&](int64_t unroll, GeneratedCode &to) {
    Line line;
    ProgramLines program(i, first ? *i.program : *i.after, constants_, single_, sumsApart_, functionsOf(single_),
                         first ? 0 : int32_t(i.program->sumCount), 1, line);
    if (!program.possible()) return false;
    prepare(program, t.size, unroll, true);
    for (int64_t j = 0; j < unroll; j++) {
      Memory m = convolved(i, j, 1);
      if (first) {
        program.element(j, nullptr);
        const LineValue x = product(line, exchanged(program.result(), inverse), factor(i, line, chirpPointer, j, 1));
        line.store(m, x.re);
        m.displacement += single_.bytes;
        line.store(m, x.im);
      } else {
        const int32_t re = line.load(m);
        m.displacement += single_.bytes;
        const LineValue y = product(line, {re, line.load(m)}, factor(i, line, chirpPointer, j, 1));
        const LineValue z = exchanged(scaled(line, y, t.scale), inverse);
        program.element(j, &z);
      }
    }
    program.finish();
    put(to, line, single_, {unroll, 0, 0}, std::string(first ? "before" : "behind") + " a convolution of " + std::to_string(t.size));
    return true;
  };
  constexpr int64_t most = ProgramLines::mostUnrolled;
  if (t.size < most) return write(1, g.rest);
  g.unrollBits = log2Of(most);
  return write(most, g.columns) && (t.size % most == 0 || write(1, g.rest));
}

bool Generator::convolution(const Instruction &i, Generated &g) {
  const Transform &inner = *i.transform->convolution;
  if (!hasColumns(inner, single_)) return false;
  const bool inverse = i.attributes[1] != 0, once = inner.levelCount == 1;
  Generated *const stages = stages_.emplace_back(4).data();
  g.stages = stages;
  if (!chirped(i, stages[0], true, inverse) || !chirped(i, stages[3], false, inverse)) return false;
  const int64_t spacing = inner.size / inner.levels[inner.levelCount - 1].radix, rest = once ? 1 : inner.levels[0].rest;
  for (const bool back : {false, true}) {
    Line first, last;
    const auto take = [&](Line &line, int64_t j) {
      Memory m = convolved(i, j, spacing);
      const int32_t re = line.load(m);
      m.displacement += single_.bytes;
      return exchanged({re, line.load(m)}, back);
    };
    const auto give = [&](Line &line, int64_t j, LineValue y) {
      const LineValue z = back ? exchanged(y, true) : product(line, y, factor(i, line, kernelPointer, j, rest));
      Memory m = convolved(i, j, rest);
      line.store(m, z.re);
      m.displacement += single_.bytes;
      line.store(m, z.im);
    };
    levels(inner, stages[back ? 2 : 1], single_, once, 1, std::to_string(inner.size) + " in a convolution", first, last, take,
           give, [] {}, [] {});
  }
  return true;
}

bool Generator::generate(Plan &plan) {
  constants_ = plan.constants.data();
  std::vector<std::pair<Instruction *, Generated *>> made;
  std::vector<std::pair<PlanSegment *, std::vector<TotalLayout>>> totals;
  for (PlanSegment &segment : plan.segments) {
    if (!segment.varying) continue;
    totals_ = {!full_, groupable(segment), {}};
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
      g.sumsBefore = int32_t(i.program->sumCount);
      if (i.after != nullptr) g.sumsBehind = int32_t(i.after->sumCount);
      made.push_back({&i, &g});
    }
    totals.push_back({&segment, std::move(totals_.layouts)});
  }
  if (!memory_.seal()) return false;
  // From here on nothing fails: until then the plan is as the kernels that interpret it want it.
  for (const Pending &p : pending_)
    *p.to = reinterpret_cast<GeneratedCode>(reinterpret_cast<uintptr_t>(memory_.at(p.place)));
  for (const Leveled &of : leveled_)
    for (int64_t l = 1; l + 1 < of.transform->levelCount; l++)
      of.generated->levels[l].code = middles_[middleKey(*of.transform, l, of.shape)];
  for (const auto &[i, g] : made) i->generated = g;
  for (auto &[segment, layouts] : totals) {
    segment->totals = std::move(layouts);
    shortenFills(*segment);
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
