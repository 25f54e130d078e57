#pragma once

#include <algorithm>
#include <boost/beast/core/flat_buffer.hpp>
#include <cstddef>

namespace attune::trainer {

/// What a request is read into. Beast takes a field that goes on in a line of its own, as RFC 9112
/// (5.2) lets a server refuse, and shows it as one line; proxies that read it otherwise would see
/// another request. So this looks at a header's bytes as they are taken out. For one thread.
class HeaderBuffer : public boost::beast::flat_buffer {
 public:
  /// Begins to look, at the first byte of a header.
  void beginHeader() {
    isHeader_ = true;
    isFolded_ = false;
    last_ = 0;
  }
  /// Looks no longer. True when a line of the header began with a space or a tab.
  bool endHeader() {
    isHeader_ = false;
    return isFolded_;
  }

  /// What Beast calls for the bytes that it has understood.
  void consume(size_t bytes) {
    if (isHeader_) look(std::min(bytes, size()));
    basic_flat_buffer::consume(bytes);
  }

 private:
  void look(size_t bytes) {
    const auto* begin = static_cast<const char*>(data().data());
    for (size_t i = 0; i < bytes; ++i) {
      isFolded_ = isFolded_ || (last_ == '\n' && (begin[i] == ' ' || begin[i] == '\t'));
      last_ = begin[i];
    }
  }

  bool isHeader_ = false;
  bool isFolded_ = false;
  char last_ = 0;
};

}  // namespace attune::trainer
