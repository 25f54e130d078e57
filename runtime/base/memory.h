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

/// What all buffers are, whatever they hold: one code for all of them. Counts and widths are of
/// elements.
class RawBuffer {
 public:
  RawBuffer() = default;
  RawBuffer(const RawBuffer&) = delete;
  RawBuffer& operator=(const RawBuffer&) = delete;
  ~RawBuffer() { std::free(data_); }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear() { size_ = 0; }
  /// REQUIRES: size <= this->size()
  void truncate(size_t size) { size_ = size; }

 protected:
  Status reserve(size_t capacity, size_t width);
  Status resize(size_t size, size_t width);
  Status append(const void* values, size_t count, size_t width);
  void dropFront(size_t count, size_t width);
  void swap(RawBuffer& other) {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  void* data_ = nullptr;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

/// A growable array of plain values whose growth can fail: std::vector ends the wasm instance when
/// memory runs out, this reports it. Storage is aligned to 16 bytes. Not thread-safe.
template <typename T>
class Buffer : public RawBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }

  T* data() { return static_cast<T*>(data_); }
  const T* data() const { return static_cast<const T*>(data_); }
  T& operator[](size_t index) { return data()[index]; }
  const T& operator[](size_t index) const { return data()[index]; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  const T* begin() const { return data(); }
  const T* end() const { return data() + size_; }
  std::span<T> span() { return {data(), size_}; }
  std::span<const T> span() const { return {data(), size_}; }

  /// Makes room for `capacity` values in all.
  Status reserve(size_t capacity) { return RawBuffer::reserve(capacity, sizeof(T)); }
  /// Changes the size; new values are all-zero bytes.
  Status resize(size_t size) { return RawBuffer::resize(size, sizeof(T)); }
  Status push(const T& value) { return RawBuffer::append(&value, 1, sizeof(T)); }
  Status append(std::span<const T> values) {
    return RawBuffer::append(values.data(), values.size(), sizeof(T));
  }
  /// Takes the first `count` values away. REQUIRES: count <= size()
  void dropFront(size_t count) { RawBuffer::dropFront(count, sizeof(T)); }
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
