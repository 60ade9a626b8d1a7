#include "plan.h"

#include "instructionDecoder.h"

namespace parseval {

namespace {

PlanOutput readPlace(Reader &reader, const Plan &plan, bool varying, int64_t offset, int64_t units) {
  const int64_t arena = varying ? plan.varyingUnits : plan.uniformUnits;
  if (offset + units > arena)
    reader.fail("reaches unit " + std::to_string(offset + units) + " of the " + (varying ? "varying" : "uniform") +
                " arena, which has " + std::to_string(arena));
  return {varying, offset, units};
}

std::string numbered(const char *what, int64_t n) { return std::string(what) + " " + std::to_string(n); }

}  // namespace

void Plan::readRim(Reader &reader) {
  const int32_t inputCount = reader.count("the number of inputs");
  for (int32_t n = 0; n < inputCount; n++) {
    reader.enter(numbered("input", n));
    const bool varying = reader.rate("its rate");
    const int64_t offset = reader.count("its offset"), units = reader.count("its number of units");
    const int64_t bound = reader.count("its bound");
    readPlace(reader, *this, varying, offset, units);
    inputs.push_back({varying, offset, units, bound});
  }
  reader.enter("outputs");
  const int32_t outputCount = reader.count("the number of outputs");
  for (int32_t n = 0; n < outputCount; n++) {
    reader.enter(numbered("output", n));
    const bool varying = reader.rate("its rate");
    const int64_t offset = reader.count("its offset"), units = reader.count("its number of units");
    outputs.push_back(readPlace(reader, *this, varying, offset, units));
  }
  reader.enter("updates");
  const int32_t updateCount = reader.count("the number of updates");
  std::vector<bool> updated(inputs.size());
  for (int32_t n = 0; n < updateCount; n++) {
    reader.enter(numbered("update", n));
    const int32_t from = reader.below("its output", outputCount), to = reader.below("its input", inputCount);
    const PlanOutput &output = outputs[size_t(from)];
    const PlanInput &input = inputs[size_t(to)];
    if (output.varying || input.varying) reader.fail("only uniform values can be kept");
    if (output.units != input.units)
      reader.fail("output " + std::to_string(from) + " has " + std::to_string(output.units) + " units, input " +
                  std::to_string(to) + " has " + std::to_string(input.units));
    if (input.bound > 0) reader.fail("input " + std::to_string(to) + " is an index");
    if (updated[size_t(to)]) reader.fail("input " + std::to_string(to) + " is updated twice");
    updated[size_t(to)] = true;
    updates.push_back({from, to});
  }
}

void Plan::readPermutations(Reader &reader) {
  reader.enter("permutations");
  const int32_t number = reader.count("the number of permutations");
  for (int32_t n = 0; n < number; n++) {
    reader.enter(numbered("permutation", n));
    const int32_t count = reader.count("its length");
    std::vector<int32_t> &permutation = permutations_.emplace_back();
    std::vector<bool> seen;
    for (int32_t j = 0; j < count; j++) {
      const int32_t from = reader.below("an entry", count);
      if (size_t(from) >= seen.size()) seen.resize(size_t(from) + 1);
      if (seen[size_t(from)]) reader.fail("takes " + std::to_string(from) + " twice");
      seen[size_t(from)] = true;
      permutation.push_back(from);
    }
  }
}

Plan::Plan(const int32_t *code, size_t codeSize, const double *constantValues, size_t constantCount,
           Precision precision, int64_t elementBytes, PlannerTarget target)
    : constants(precision), transforms_(precision, elementBytes, target) {
  Reader reader(code, codeSize);
  if (reader.next("its magic number") != planMagic) reader.fail("this is not a plan's tape");
  const int32_t version = reader.next("its version");
  if (version != planVersion)
    reader.fail("it has version " + std::to_string(version) + "; this engine runs version " +
                std::to_string(planVersion));
  uniformUnits = reader.count("the number of uniform units");
  varyingUnits = reader.count("the number of varying units");
  for (size_t i = 0; i < constantCount; i++) constants.push(constantValues[i]);
  readRim(reader);
  readPermutations(reader);
  if (precision == Precision::Single)
    for (size_t n = 0; n < inputs.size(); n++)
      if (inputs[n].bound > 1 << 24)
        throw PlanError(numbered("input", int64_t(n)) + ": single precision holds no index above 2^24");

  reader.enter("segments");
  const int32_t segmentCount = reader.count("the number of segments");
  bool anyVarying = false;
  for (int32_t n = 0; n < segmentCount; n++) {
    reader.enter(numbered("segment", n));
    PlanSegment segment;
    segment.varying = reader.rate("its rate");
    anyVarying = anyVarying || segment.varying;
    InstructionDecoder decoder(*this, reader, n, segment, constantValues, int64_t(constantCount));
    decoder.readSegment();
    reader.enter(numbered("segment", n));
    const int32_t reductionCount = reader.count("the number of reductions");
    if (reductionCount > 0 && !segment.varying) reader.fail("reductions belong to varying segments");
    for (int32_t r = 0; r < reductionCount; r++) {
      reader.enter("segment " + std::to_string(n) + ", reduction " + std::to_string(r));
      const int64_t from = reader.count("what it sums"), to = reader.count("its result");
      const int64_t units = reader.count("its number of units");
      readPlace(reader, *this, true, from, units);
      readPlace(reader, *this, false, to, units);
      segment.reductions.push_back({from, to, units, reader.below("whether it is reduced", 2) == 1});
    }
    segments.push_back(std::move(segment));
  }
  reader.expectEnd();

  // Varying outputs leave with the last varying segment, so there must be one.
  for (const PlanOutput &output : outputs)
    if (output.varying && !anyVarying) {
      PlanSegment segment;
      segment.varying = anyVarying = true;
      segments.push_back(std::move(segment));
    }
}

}  // namespace parseval
