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
  job_ = std::move(job);
  busy_ = true;
  wake_.notify_all();
}

void Runner::wait() {
  std::unique_lock<std::mutex> lock(mutex_);
  idle_.wait(lock, [this] { return !busy_; });
}

void Runner::work() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || busy_; });
    if (!busy_) return;
    std::function<void()> job = std::move(job_);
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
    busy_ = false;
    idle_.notify_all();
    if (stopping_) return;
  }
}

}  // namespace parseval
