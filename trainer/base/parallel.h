#pragma once

#include <cstddef>
#include <functional>

namespace attune::trainer {

/// One chunk of work: items [begin, end), done by worker `worker` of [0, threads).
using ChunkWork = std::function<void(size_t begin, size_t end, unsigned worker)>;

/// Cuts [0, count) into chunks of `chunkSize` (the last may be shorter) and calls `work` once for
/// each, on up to `threads` threads of which the caller is one; 0 threads means one for each core.
///
/// The chunks depend on `count` and `chunkSize` alone, so work that keeps one result a chunk and
/// joins them in chunk order gives the same answer whatever the thread count. `worker` only picks
/// scratch space: which worker gets which chunk is not repeatable.
///
/// With one thread the chunks run inline, in order. When chunks throw, no further ones are started
/// and the exception of the first chunk in order that threw is rethrown after all threads ended.
///
/// REQUIRES: chunkSize > 0.
void parallelFor(size_t count, size_t chunkSize, unsigned threads, const ChunkWork& work);

/// How many chunks parallelFor makes: the size of an array of one result a chunk.
constexpr size_t chunkCount(size_t count, size_t chunkSize) {
  return count / chunkSize + (count % chunkSize != 0 ? 1 : 0);
}

}  // namespace attune::trainer
