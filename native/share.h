// How a batch is divided into blocks, and the work of a segment shared among threads: whole blocks first, then parts of those
// that are left.
#pragma once

#include <mutex>
#include <vector>

#include "plan.h"

namespace parseval {

// Which kind of blocks has room for so many examples, and the fewest. `rooms`: of each kind, the most first.
size_t narrowest(int64_t examples, const std::vector<int64_t> &rooms);

// The examples in each block of a batch, given how many there is room for in blocks of each kind, the most first. What is soonest
// done by two threads, whatever threads there are: sums over the examples are summed block by block.
std::vector<int64_t> divided(int64_t batch, const std::vector<int64_t> &rooms);

// A stretch of a block's way through a segment. Parts of one block run in this order, on whatever threads.
struct Part {
  int64_t block;
  Point from, to;
  bool isFirst, isLast;
};

// The parts of each block, smaller ones towards its end. Where there are more blocks than threads, the last ones, one more than
// there are threads, are cut into several. `segments`: each block's, as decoded for its vectors.
std::vector<std::vector<Part>> share(const std::vector<const PlanSegment *> &segments, int threads);

// Hands out parts to threads: whole blocks first, then of the blocks that nobody is at one with the most parts left. So
// all are done at about the same time, though they do not divide evenly and no two cores are equally fast, and no thread
// waits for another (R. McNaughton, Scheduling with deadlines and loss functions, Management Science 6, 1959; R. R. Muntz
// and E. G. Coffman, Preemptive scheduling of real-time tasks on multiprocessor systems, Journal of the ACM 17, 1970).
class Queue {
 public:
  explicit Queue(const std::vector<std::vector<Part>> &blocks);

  // What a thread does next, when the part that it was given has come to its end: that block's next part, unless another
  // block has clearly more left. None if others are at all that is left.
  const Part *next(const Part *ended);

 private:
  const std::vector<std::vector<Part>> &blocks_;
  std::mutex mutex_;
  size_t whole_ = 0;  // the blocks before are in one part, and given out
  std::vector<size_t> done_;  // parts of each block
  std::vector<bool> taken_;
};

}  // namespace parseval
