// Twiddles and levels of the transforms of a plan, one table for each size.
#pragma once

#include <complex>
#include <map>
#include <memory>
#include <vector>

#include "code.h"
#include "planner.h"
#include "scalarTable.h"

namespace parseval {

class TransformTables {
 public:
  // `elementBytes`: of a complex number in all lanes, where there is more than one.
  explicit TransformTables(Precision precision, int64_t elementBytes = 64)
      : precision_(precision), target_{elementBytes} {}
  const Transform *of(int64_t size);

 private:
  struct Entry {
    explicit Entry(Precision precision) : table(precision) {}
    Transform transform{};
    std::vector<TransformLevel> levels;
    ScalarTable table;
    void push(std::complex<long double> z);
    int64_t place() const { return table.size() / 2; }
  };

  void addLevels(Entry &entry, const std::vector<int64_t> &radices);
  void addConvolution(Entry &entry);

  Precision precision_;
  PlannerTarget target_;
  std::map<int64_t, std::unique_ptr<Entry>> entries_;
};

}  // namespace parseval
