// Twiddles and passes of the transforms of a plan, one table for each size.
#pragma once

#include <complex>
#include <map>
#include <memory>
#include <vector>

#include "code.h"
#include "scalarTable.h"

namespace parseval {

class FftTables {
 public:
  explicit FftTables(Precision precision) : precision_(precision) {}
  const Fft *of(int64_t size);

 private:
  struct Entry {
    explicit Entry(Precision precision) : table(precision) {}
    Fft fft{};
    std::vector<FftStage> stages;
    ScalarTable table;
    void push(std::complex<long double> z);
    int64_t place() const { return table.size() / 2; }
  };

  void addStages(Entry &entry, const std::vector<int64_t> &radices);
  void addConvolution(Entry &entry);

  Precision precision_;
  std::map<int64_t, std::unique_ptr<Entry>> entries_;
};

}  // namespace parseval
