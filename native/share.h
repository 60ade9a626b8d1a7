// How the work of a segment is shared among threads: whole blocks, and parts of the blocks that are left over.
#pragma once

#include <vector>

#include "plan.h"

namespace parseval {

// A stretch of a block's way through a segment. Parts of one block run in this order, on whatever threads.
struct Part {
  int64_t block;
  Point from, to;
  bool isFirst, isLast;
};

// The parts in the order in which threads take them; a part's earlier ones stand before it. `segments`: each block's, as
// decoded for its vectors.
//
// If the blocks do not divide evenly, they are laid on a line, which is cut into one piece for each thread; a block with
// a cut in it has its second part done last on one thread and its first part done first on the next (R. McNaughton,
// Scheduling with deadlines and loss functions, Management Science 6, 1959).
std::vector<Part> share(const std::vector<const PlanSegment *> &segments, int threads);

}  // namespace parseval
