#include "trainer/base/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace attune::trainer {
namespace {

/// The chunks of one parallelFor call, handed out in order to whoever asks.
class ChunkQueue {
 public:
  ChunkQueue(size_t count, size_t chunkSize, const ChunkWork& work)
      : count_(count), chunkSize_(chunkSize), chunks_(chunkCount(count, chunkSize)), work_(work) {}

  /// Works until no chunk is left or one has thrown.
  void drain(unsigned worker) {
    while (!failed_.load(std::memory_order_relaxed)) {
      const size_t chunk = next_.fetch_add(1, std::memory_order_relaxed);
      if (chunk >= chunks_) return;
      run(chunk, worker);
    }
  }

  /// REQUIRES: all workers have ended.
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  void run(size_t chunk, unsigned worker) {
    const size_t begin = chunk * chunkSize_;
    try {
      work_(begin, begin + std::min(chunkSize_, count_ - begin), worker);
    } catch (...) {
      keepFirst(chunk, std::current_exception());
    }
  }

  // Chunks start in order, so every chunk before a failed one has started and gets to report too:
  // the lowest failing chunk wins however the threads were scheduled.
  void keepFirst(size_t chunk, std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    if (!error_ || chunk < errorChunk_) {
      error_ = std::move(error);
      errorChunk_ = chunk;
    }
    failed_.store(true, std::memory_order_relaxed);
  }

  const size_t count_;
  const size_t chunkSize_;
  const size_t chunks_;
  const ChunkWork& work_;
  std::atomic<size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::exception_ptr error_;
  size_t errorChunk_ = 0;
};

unsigned workersFor(unsigned threads, size_t chunks) {
  if (threads == 0) threads = std::max(1u, std::thread::hardware_concurrency());
  return static_cast<unsigned>(std::min<size_t>(threads, chunks));
}

}  // namespace

void parallelFor(size_t count, size_t chunkSize, unsigned threads, const ChunkWork& work) {
  ChunkQueue queue(count, chunkSize, work);
  const unsigned workers = workersFor(threads, chunkCount(count, chunkSize));
  {
    std::vector<std::jthread> helpers;
    try {
      for (unsigned worker = 1; worker < workers; ++worker) {
        helpers.emplace_back([&queue, worker] { queue.drain(worker); });
      }
    } catch (const std::system_error&) {
      // The system has no thread left: those that did start and the caller do the work.
    }
    queue.drain(0);
  }
  queue.rethrow();
}

}  // namespace attune::trainer
