// Tables of numbers of the engine's scalar.
#pragma once

#include <cstdint>
#include <vector>

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

}  // namespace parseval
