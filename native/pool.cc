#include "pool.h"

#include <algorithm>
#include <system_error>

namespace parseval {

Pool::~Pool() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread &thread : threads_) thread.join();
}

void Pool::run(int threads, const std::function<void(int)> &body) {
  if (threads <= 1) return body(0);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    try {
      while (int(threads_.size()) + 1 < threads) {
        const int number = int(threads_.size()) + 1;
        threads_.emplace_back([this, number] { work(number); });
      }
    } catch (const std::system_error &) {
      // The ones there are will do the work.
    }
    body_ = &body;
    error_ = nullptr;
    wanted_ = threads;
    busy_ = std::min(threads - 1, int(threads_.size()));
    round_++;
  }
  wake_.notify_all();
  std::exception_ptr own;
  try {
    body(0);
  } catch (...) {
    own = std::current_exception();
  }
  std::unique_lock<std::mutex> lock(mutex_);
  done_.wait(lock, [this] { return busy_ == 0; });
  body_ = nullptr;
  if (own) std::rethrow_exception(own);
  if (error_) std::rethrow_exception(error_);
}

void Pool::work(int number) {
  unsigned long seen = 0;
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return stopping_ || round_ != seen; });
    if (stopping_) return;
    seen = round_;
    if (number >= wanted_ || body_ == nullptr) continue;
    const std::function<void(int)> &body = *body_;
    lock.unlock();
    std::exception_ptr error;
    try {
      body(number);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    if (error && !error_) error_ = error;
    if (--busy_ == 0) done_.notify_all();
  }
}

Runner::~Runner() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Runner::ensureThread() {
  if (!thread_.joinable()) thread_ = std::thread([this] { work(); });
}

void Runner::start(std::function<void()> job) {
  std::lock_guard<std::mutex> lock(mutex_);
  next_ = std::move(job);
  wake_.notify_all();
}

void Runner::wait() {
  std::unique_lock<std::mutex> lock(mutex_);
  idle_.wait(lock, [this] { return !working_ && !next_; });
}

void Runner::work() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || next_; });
    if (!next_) return;
    // The next job may come while the end of this one is still being told, so it has a place of its own.
    std::function<void()> job = std::move(next_);
    next_ = nullptr;
    working_ = true;
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
    working_ = false;
    idle_.notify_all();
  }
}

}  // namespace parseval
