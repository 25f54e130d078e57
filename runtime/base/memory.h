#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>

#include "runtime/base/result.h"

namespace attune {

/// A growable array of plain values whose growth can fail: std::vector ends the wasm instance when
/// memory runs out, this reports it. Storage is aligned to 16 bytes. Not thread-safe.
template <typename T>
class Buffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { std::free(data_); }

  T* data() { return data_; }
  const T* data() const { return data_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T& operator[](size_t index) { return data_[index]; }
  const T& operator[](size_t index) const { return data_[index]; }
  T* begin() { return data_; }
  T* end() { return data_ + size_; }
  const T* begin() const { return data_; }
  const T* end() const { return data_ + size_; }
  std::span<T> span() { return {data_, size_}; }
  std::span<const T> span() const { return {data_, size_}; }

  void clear() { size_ = 0; }
  /// REQUIRES: size <= this->size()
  void truncate(size_t size) { size_ = size; }

  /// Makes room for `capacity` values in all.
  Status reserve(size_t capacity) {
    if (capacity <= capacity_) return {};
    if (capacity > SIZE_MAX / 2 / sizeof(T)) return Error{ErrorCode::OutOfMemory, "too large"};
    void* fresh = nullptr;
    if (posix_memalign(&fresh, 16, capacity * sizeof(T)) != 0)
      return Error{ErrorCode::OutOfMemory, "out of memory"};
    if (size_ > 0) std::memcpy(fresh, static_cast<const void*>(data_), size_ * sizeof(T));
    std::free(data_);
    data_ = static_cast<T*>(fresh);
    capacity_ = capacity;
    return {};
  }

  /// Changes the size; new values are all-zero bytes.
  Status resize(size_t size) {
    ATTUNE_TRY(reserve(size));
    if (size > size_) std::memset(static_cast<void*>(data_ + size_), 0, (size - size_) * sizeof(T));
    size_ = size;
    return {};
  }

  Status push(const T& value) { return append({&value, 1}); }

  Status append(std::span<const T> values) {
    const size_t wanted = size_ + values.size();
    if (wanted > capacity_) ATTUNE_TRY(reserve(wanted < 16 ? 16 : wanted + wanted / 2));
    if (!values.empty())
      std::memcpy(static_cast<void*>(data_ + size_), values.data(), values.size() * sizeof(T));
    size_ = wanted;
    return {};
  }

  /// Takes the first `count` values away. REQUIRES: count <= size()
  void dropFront(size_t count) {
    size_ -= count;
    if (size_ > 0)
      std::memmove(static_cast<void*>(data_), static_cast<const void*>(data_ + count), size_ * sizeof(T));
  }

 private:
  void swap(Buffer& other) {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  T* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

/// Sole owner of an object made by makeOwned; like std::unique_ptr, but from malloc, so that a
/// failed allocation is a null Owned and not the end of the instance.
template <typename T>
class Owned {
 public:
  Owned() = default;
  explicit Owned(T* object) : object_(object) {}
  template <typename U>
  Owned(Owned<U>&& other) : object_(other.release()) {}  // NOLINT: converts to a base on purpose
  Owned(Owned&& other) noexcept : object_(other.release()) {}
  Owned& operator=(Owned&& other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Owned() {
    if (object_ == nullptr) return;
    object_->~T();
    std::free(static_cast<void*>(object_));
  }
  T* get() const { return object_; }
  T* operator->() const { return object_; }
  T& operator*() const { return *object_; }
  explicit operator bool() const { return object_ != nullptr; }
  T* release() { return std::exchange(object_, nullptr); }

 private:
  T* object_ = nullptr;
};

/// A new T, or a null Owned when memory is out. A class with bases must have its base first, so
/// that both have one address.
template <typename T, typename... Arguments>
Owned<T> makeOwned(Arguments&&... arguments) {
  void* place = std::malloc(sizeof(T));
  if (place == nullptr) return Owned<T>();
  return Owned<T>(new (place) T(std::forward<Arguments>(arguments)...));
}

}  // namespace attune
