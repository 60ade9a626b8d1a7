// A line as the loop of a kernel, in machine code.
#pragma once

#include "../code.h"
#include "assembler.h"
#include "line.h"

namespace parseval {

// How far a column is from the one before it: in elements, in bytes of the work space, in bytes of twiddles; how many
// columns go together; and how far a round of columns is from the one before it in bytes of the work space, 0 if there are
// no rounds.
struct ColumnStep {
  int64_t elements = 0, work = 0, twiddles = 0, columns = 1, round = 0;
};

// The code with its constants, to be put on a 64-byte boundary.
std::vector<uint8_t> emit(const Line &line, const ColumnStep &step, VectorShape shape);

}  // namespace parseval
