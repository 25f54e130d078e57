#include "trainer/nn/gemm_threads.h"

#include <algorithm>
#include <system_error>
#include <utility>

namespace attune::trainer {

GemmThreads::GemmThreads(unsigned count) {
  if (count == 0) count = std::max(1u, std::thread::hardware_concurrency());
  try {
    for (unsigned i = 1; i < count; ++i) helpers_.emplace_back([this] { help(); });
  } catch (const std::system_error&) {
    // The threads that did start and the caller do the work.
  }
}

GemmThreads::~GemmThreads() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  opened_.notify_all();
  for (std::thread& helper : helpers_) helper.join();
}

void GemmThreads::help() {
  std::unique_lock lock(mutex_);
  for (uint64_t seen = 0;;) {
    opened_.wait(lock, [&] { return stopping_ || (isOpen_ && round_ != seen); });
    if (stopping_) return;
    seen = round_;
    ++joined_;
    lock.unlock();
    drain();
    lock.lock();
    if (--joined_ == 0) left_.notify_one();
  }
}

void GemmThreads::run(size_t tasks, const Work& work) {
  if (tasks < 2 || helpers_.empty() || taken_.exchange(true)) return runTasks(nullptr, tasks, work);
  open(tasks, work);
  drain();
  close();
  const std::exception_ptr error = std::exchange(error_, nullptr);
  taken_ = false;
  if (error) std::rethrow_exception(error);
}

void GemmThreads::open(size_t tasks, const Work& work) {
  {
    const std::lock_guard lock(mutex_);
    work_ = &work;
    tasks_ = tasks;
    next_ = 0;
    failed_ = false;
    isOpen_ = true;
    ++round_;
  }
  opened_.notify_all();
}

// A helper that wakes only now finds the round closed: on a busy machine nobody waits for it.
void GemmThreads::close() {
  std::unique_lock lock(mutex_);
  isOpen_ = false;
  left_.wait(lock, [&] { return joined_ == 0; });
}

void GemmThreads::drain() {
  while (!failed_.load(std::memory_order_relaxed)) {
    const size_t task = next_.fetch_add(1, std::memory_order_relaxed);
    if (task >= tasks_) return;
    execute(task);
  }
}

// Tasks start in order, so every task before a failed one has started and gets to report too.
void GemmThreads::execute(size_t task) {
  try {
    (*work_)(task);
  } catch (...) {
    const std::lock_guard lock(errorMutex_);
    if (!error_ || task < errorTask_) {
      error_ = std::current_exception();
      errorTask_ = task;
    }
    failed_ = true;
  }
}

void runTasks(GemmThreads* threads, size_t tasks, const GemmThreads::Work& work) {
  if (threads != nullptr) return threads->run(tasks, work);
  for (size_t task = 0; task < tasks; ++task) work(task);
}

}  // namespace attune::trainer
