// Twiddles and levels of the transforms of a plan, one table for each size.
#pragma once

#include <complex>
#include <map>
#include <memory>
#include <vector>

#include "arena.h"
#include "code.h"
#include "planner.h"
#include "scalarTable.h"

namespace parseval {

class TransformTables {
 public:
  // `elementBytes`: of a complex number in all lanes, where there is more than one; `target`: what transforms are composed for.
  explicit TransformTables(Precision precision, int64_t elementBytes = 64)
      : TransformTables(precision, elementBytes, {elementBytes}) {}
  TransformTables(Precision precision, int64_t elementBytes, PlannerTarget target)
      : precision_(precision), elementBytes_(elementBytes), target_(target) {}
  const Transform *of(int64_t size) { return &entry(size, true).transform; }
  // One whose work space has the elements in a row, so that the result may be it; null if its columns would push each
  // other out of the cache there.
  const Transform *inPlace(int64_t size);
  // One vector, in the lanes if it fills them.
  const Single *single(int64_t size, int64_t lanes);

 private:
  struct Entry {
    explicit Entry(Precision precision) : table(precision) {}
    Transform transform{};
    std::vector<TransformLevel> levels;
    std::vector<int64_t> leafPlaces;
    ScalarTable table;
    void push(std::complex<long double> z);
    int64_t place() const { return table.size() / 2; }
  };

  struct SingleEntry {
    Single single{};
    Arena twiddles;
  };

  Entry &entry(int64_t size, bool padded);
  void addLevels(Entry &entry, const std::vector<int64_t> &radices, bool padded);
  void addConvolution(Entry &entry);

  Precision precision_;
  int64_t elementBytes_;
  PlannerTarget target_;
  std::map<std::pair<int64_t, bool>, std::unique_ptr<Entry>> entries_;  // by size, padded or not
  std::map<std::pair<int64_t, int64_t>, std::unique_ptr<SingleEntry>> singles_;
};

}  // namespace parseval
