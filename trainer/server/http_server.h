#pragma once

#include <functional>
#include <memory>
#include <string>

#include "trainer/server/http.h"
#include "trainer/server/limits.h"

namespace attune::trainer {

/// The limits of one server, as in limits.h.
struct HttpLimits {
  size_t headerBytes = limits::kHeaderBytes;
  size_t bodyBytes = limits::kBodyBytes;
  int headerSeconds = limits::kHeaderSeconds;
  int bodySeconds = limits::kBodySeconds;
  int idleSeconds = limits::kIdleSeconds;
  int drainSeconds = limits::kDrainSeconds;
  size_t connections = limits::kConnections;
};

/// What the server counts of itself. Read in its own thread.
struct HttpCounts {
  size_t connections = 0;  ///< open now
  uint64_t refused = 0;    ///< closed at once: too many were open
  uint64_t timedOut = 0;   ///< header, body or reply took too long
  uint64_t malformed = 0;  ///< answered 400, 413, 431 or 503 before any handler saw them
};

/// An HTTP/1.1 server over Boost.Beast: one thread reads, calls the handlers and writes. Requests
/// of a connection are answered in their order.
class HttpServer {
 public:
  explicit HttpServer(const HttpLimits& limits);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// Listens on `address` (`127.0.0.1:8600`, `[::1]:0`) and returns it with the port it got. Throws
  /// UserError when it is no address or cannot be listened on.
  std::string listen(const std::string& address, HttpHandler handler);
  /// Serves until SIGTERM or SIGINT; then calls `onDrain`, takes no new connections and returns
  /// when the requests under way are answered, after drainSeconds at most. True when all were
  /// answered.
  bool run(const std::function<void()>& onDrain);
  const HttpCounts& counts() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

/// True when `address` (as for listen) can be reached from this machine only.
bool isLoopback(const std::string& address);

}  // namespace attune::trainer
