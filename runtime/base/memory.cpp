#include "runtime/base/memory.h"

namespace attune {

Status RawBuffer::reserve(size_t capacity, size_t width) {
  if (capacity <= capacity_) return {};
  if (capacity > SIZE_MAX / 2 / width) return Error{ErrorCode::OutOfMemory, "too large"};
  void* fresh = nullptr;
  if (posix_memalign(&fresh, 16, capacity * width) != 0)
    return Error{ErrorCode::OutOfMemory, "out of memory"};
  if (size_ > 0) std::memcpy(fresh, data_, size_ * width);
  std::free(data_);
  data_ = fresh;
  capacity_ = capacity;
  return {};
}

Status RawBuffer::resize(size_t size, size_t width) {
  ATTUNE_TRY(reserve(size, width));
  if (size > size_)
    std::memset(static_cast<char*>(data_) + size_ * width, 0, (size - size_) * width);
  size_ = size;
  return {};
}

Status RawBuffer::append(const void* values, size_t count, size_t width) {
  const size_t wanted = size_ + count;
  if (wanted > capacity_) ATTUNE_TRY(reserve(wanted < 16 ? 16 : wanted + wanted / 2, width));
  if (count > 0) std::memcpy(static_cast<char*>(data_) + size_ * width, values, count * width);
  size_ = wanted;
  return {};
}

void RawBuffer::dropFront(size_t count, size_t width) {
  size_ -= count;
  if (size_ > 0) std::memmove(data_, static_cast<char*>(data_) + count * width, size_ * width);
}

}  // namespace attune
