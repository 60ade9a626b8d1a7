// Twiddles and passes of the transforms of a plan, one table for each size.
#pragma once

#include <complex>
#include <map>
#include <memory>
#include <vector>

#include "code.h"

namespace parseval {

enum class Precision { Single, Double };

// Numbers of the engine's scalar.
class ScalarTable {
 public:
  explicit ScalarTable(Precision precision) : precision_(precision) {}
  int64_t size() const { return int64_t(precision_ == Precision::Single ? singles_.size() : doubles_.size()); }
  void push(double x) {
    if (precision_ == Precision::Single) singles_.push_back(float(x));
    else doubles_.push_back(x);
  }
  const void *data() const {
    return precision_ == Precision::Single ? static_cast<const void *>(singles_.data()) : doubles_.data();
  }

 private:
  Precision precision_;
  std::vector<float> singles_;
  std::vector<double> doubles_;
};

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
