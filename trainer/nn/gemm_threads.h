#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace attune::trainer {

/// Threads that stay parked between calls: a training step makes hundreds of short parallel calls,
/// and starting threads for each (parallelFor) costs as much as a small product.
///
/// The calling thread is one of them, and waits only for those that took part. One call runs at a
/// time: a call made from inside another one's work, or by a second thread meanwhile, runs on its
/// caller alone.
class GemmThreads {
 public:
  using Work = std::function<void(size_t task)>;

  /// 0 means one for each core. Where the system has no thread left there are fewer.
  explicit GemmThreads(unsigned count = 0);
  ~GemmThreads();
  GemmThreads(const GemmThreads&) = delete;
  GemmThreads& operator=(const GemmThreads&) = delete;

  unsigned count() const { return static_cast<unsigned>(helpers_.size()) + 1; }

  /// Calls `work(i)` once for each i in [0, tasks); tasks start in order, each on any thread, and
  /// all have ended on return. After a task has thrown no further ones start, and the exception of
  /// the first task in order that threw is rethrown.
  void run(size_t tasks, const Work& work);

 private:
  void help();
  void open(size_t tasks, const Work& work);
  void close();
  void drain();
  void execute(size_t task);

  std::vector<std::thread> helpers_;
  std::atomic<bool> taken_{false};  // by the one call that uses the helpers

  std::mutex mutex_;  // guards the next five
  std::condition_variable opened_;
  std::condition_variable left_;
  uint64_t round_ = 0;
  bool isOpen_ = false;  // whether helpers may still join the round
  bool stopping_ = false;
  unsigned joined_ = 0;  // helpers now in the round

  const Work* work_ = nullptr;
  size_t tasks_ = 0;
  std::atomic<size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex errorMutex_;
  std::exception_ptr error_;
  size_t errorTask_ = 0;
};

/// `threads->run`, or a plain loop without threads.
void runTasks(GemmThreads* threads, size_t tasks, const GemmThreads::Work& work);

}  // namespace attune::trainer
