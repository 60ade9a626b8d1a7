// Threads that stay: they wait between the segments of a run, and between runs.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace parseval {

class Pool {
 public:
  Pool() = default;
  Pool(const Pool &) = delete;
  Pool &operator=(const Pool &) = delete;
  ~Pool();

  // Calls body(0) here and body(1) … body(threads − 1) elsewhere, and returns when all have; the first exception
  // of any of them is thrown here. Where the system gives fewer threads, fewer bodies run.
  void run(int threads, const std::function<void(int)> &body);

 private:
  void work(int number);

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::vector<std::thread> threads_;
  const std::function<void(int)> *body_ = nullptr;
  unsigned long round_ = 0;
  int wanted_ = 0, busy_ = 0;
  std::exception_ptr error_;
  bool stopping_ = false;
};

// One thread that runs jobs after each other, off the event loop. A job is started only when the one before has
// told its outcome.
class Runner {
 public:
  Runner() = default;
  Runner(const Runner &) = delete;
  Runner &operator=(const Runner &) = delete;
  ~Runner();

  // Makes the thread, if there is none yet; after that `start` cannot fail.
  void ensureThread();
  void start(std::function<void()> job);
  // Until the job is over.
  void wait();

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::thread thread_;
  std::function<void()> next_;
  bool working_ = false, stopping_ = false;
};

}  // namespace parseval
