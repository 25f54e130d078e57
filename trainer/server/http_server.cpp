#include "trainer/server/http_server.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/version.hpp>
#include <csignal>
#include <optional>
#include <unordered_set>

#include "trainer/server/header_buffer.h"
#include "trainer/server/http_message.h"

namespace attune::trainer {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kLinger{2000};      // for a peer to read why it was refused
constexpr milliseconds kAcceptPause{100};  // when there are no descriptors left

tcp::endpoint parseEndpoint(const std::string& address) {
  const size_t colon = address.rfind(':');
  error_code error;
  if (colon != std::string::npos && colon + 1 < address.size()) {
    std::string host = address.substr(0, colon);
    if (host.size() > 1 && host.front() == '[' && host.back() == ']')
      host = host.substr(1, host.size() - 2);
    const asio::ip::address ip = asio::ip::make_address(host, error);
    const std::string port = address.substr(colon + 1);
    const bool isNumber = port.size() <= 5 && std::all_of(port.begin(), port.end(), [](char c) {
                            return c >= '0' && c <= '9';
                          });
    if (!error && isNumber && std::stoul(port) <= 65535)
      return {ip, static_cast<unsigned short>(std::stoul(port))};
  }
  throw UserError("\"" + address +
                  "\" is no address to listen on: write 127.0.0.1:8600 or [::1]:8600");
}

std::string endpointText(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? '[' + host + ']' : host) + ':' +
         std::to_string(endpoint.port());
}

std::string peerAddress(const tcp::socket& socket) {
  error_code error;
  const tcp::endpoint peer = socket.remote_endpoint(error);
  if (error) return "";
  const asio::ip::address address = peer.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

}  // namespace

class HttpServer::Impl {
 public:
  explicit Impl(const HttpLimits& limitsGiven) : limits_(limitsGiven) {}

  std::string listen(const std::string& address, HttpHandler handler);
  bool run(const std::function<void()>& onDrain);

  class Connection;
  struct Listener {
    Listener(asio::io_context& context, HttpHandler handle)
        : acceptor(context), timer(context), handler(std::move(handle)) {}
    tcp::acceptor acceptor;
    asio::steady_timer timer;
    HttpHandler handler;
  };

  void accept(Listener& listener);
  void drain();
  void closed(Connection* connection);

  HttpLimits limits_;
  HttpCounts counts_;
  size_t bodyBytes_ = 0;  // of the requests being read or answered
  bool draining_ = false;
  bool running_ = false;
  std::unordered_set<Connection*> connections_;
  // Below what connections use: those still waiting go when the context does.
  asio::io_context context_{1};
  std::vector<std::unique_ptr<Listener>> listeners_;
  std::unique_ptr<asio::steady_timer> deadline_;
};

/// One connection: idle -> header -> body -> handler -> reply -> idle.
class HttpServer::Impl::Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Impl& server, tcp::socket socket, const HttpHandler& handler)
      : server_(server),
        handler_(handler),
        address_(peerAddress(socket)),
        stream_(std::move(socket)) {
    error_code ignored;
    stream_.socket().set_option(tcp::no_delay(true), ignored);
    server_.connections_.insert(this);
    server_.counts_.connections = server_.connections_.size();
  }
  ~Connection() {
    release();
    server_.closed(this);
  }

  void awaitRequest() {
    if (server_.draining_) return close();
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(server_.limits_.headerBytes));
    parser_->body_limit(server_.limits_.bodyBytes);
    if (buffer_.size() > 0) return readHeader();
    buffer_.shrink_to_fit();
    idle_ = true;
    stream_.expires_after(seconds(server_.limits_.idleSeconds));
    stream_.async_read_some(buffer_.prepare(kFirstBytes),
                            [self = shared_from_this()](error_code error, size_t bytes) {
                              self->idle_ = false;
                              if (error) return self->close();
                              self->buffer_.commit(bytes);
                              self->readHeader();
                            });
  }

  /// Ends a connection that waits for its next request.
  void closeIfIdle() {
    if (idle_) close();
  }

 private:
  static constexpr size_t kFirstBytes = 4096;

  void readHeader() {
    stream_.expires_after(seconds(server_.limits_.headerSeconds));
    buffer_.beginHeader();
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](error_code error, size_t) {
                              if (error) return self->refuse(error);
                              self->headerIsRead();
                            });
  }

  void headerIsRead() {
    if (buffer_.endHeader())
      return refuse(ApiError(400, "InvalidInputException",
                             "a line of the header begins with a space or a tab: write each field "
                             "in one line"));
    const auto length = parser_->content_length();
    reserved_ = length ? *length : parser_->chunked() ? server_.limits_.bodyBytes : 0;
    if (server_.bodyBytes_ + reserved_ > limits::kBodiesInFlightBytes) {
      reserved_ = 0;
      return refuse(ApiError(503, "ServiceUnavailableException", "too many requests at once",
                             limits::kRetryAfterSeconds));
    }
    server_.bodyBytes_ += reserved_;
    stream_.expires_after(seconds(server_.limits_.bodySeconds));
    if (!beast::iequals(parser_->get()[http::field::expect], "100-continue")) return readBody();
    response_ = BeastResponse(http::status::continue_, 11);
    http::async_write(stream_, response_, [self = shared_from_this()](error_code error, size_t) {
      if (error) return self->close();
      self->readBody();
    });
  }

  void readBody() {
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](error_code error, size_t) {
                       if (error) return self->refuse(error);
                       self->handle();
                     });
  }

  void handle() {
    auto request = parser_->release();
    keepAlive_ = request.keep_alive();
    stream_.expires_never();
    handler_(toRequest(std::move(request), address_), [self = shared_from_this()](HttpReply reply) {
      asio::post(self->server_.context_,
                 [self, reply = std::move(reply)]() mutable { self->write(std::move(reply)); });
    });
  }

  void write(HttpReply&& reply) {
    keepAlive_ = keepAlive_ && !server_.draining_;
    release();
    if (reply.file) return writeFile(std::move(reply));
    response_ = toResponse(std::move(reply), keepAlive_);
    stream_.expires_after(seconds(server_.limits_.bodySeconds));
    http::async_write(stream_, response_, [self = shared_from_this()](error_code error, size_t) {
      self->response_ = {};
      self->isWritten(error);
    });
  }

  /// A file goes out piece by piece, however long it is, as fast as a slow client may read.
  void writeFile(HttpReply&& reply) {
    const uint64_t bytes = reply.file->bytes();
    fileResponse_ = toFileResponse(std::move(reply), keepAlive_);
    stream_.expires_after(seconds(server_.limits_.bodySeconds) +
                          seconds(bytes / limits::kSlowestBytesPerSecond));
    http::async_write(stream_, *fileResponse_,
                      [self = shared_from_this()](error_code error, size_t) {
                        self->fileResponse_.reset();
                        self->isWritten(error);
                      });
  }

  void isWritten(error_code error) {
    if (error == beast::error::timeout) ++server_.counts_.timedOut;
    if (error || !keepAlive_) return close();
    awaitRequest();
  }

  /// What HTTP itself forbids is answered where the peer may still be listening, then closed.
  void refuse(error_code error) {
    if (error == beast::error::timeout) ++server_.counts_.timedOut;
    if (error == http::error::header_limit || error == http::error::buffer_overflow)
      return refuse(ApiError(431, "RequestHeaderFieldsTooLargeException",
                             "the request's header is longer than " +
                                 std::to_string(server_.limits_.headerBytes) + " bytes"));
    if (error == http::error::body_limit)
      return refuse(ApiError(413, "RequestEntityTooLargeException",
                             "the request's body is longer than " +
                                 std::to_string(server_.limits_.bodyBytes) + " bytes"));
    const bool isHttp = error.category() == make_error_code(http::error::bad_version).category();
    if (!isHttp || error == http::error::end_of_stream || error == http::error::partial_message)
      return close();
    refuse(ApiError(400, "InvalidInputException", "this is not HTTP/1.1: " + error.message()));
  }

  void refuse(const ApiError& error) {
    ++server_.counts_.malformed;
    keepAlive_ = false;
    lingers_ = true;
    write(errorReply(error));
  }

  void release() {
    server_.bodyBytes_ -= reserved_;
    reserved_ = 0;
  }

  void close() {
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
    // Closing with unread bytes would reset the connection, and the peer would lose the reply.
    if (!lingers_) return stream_.close();
    lingers_ = false;
    stream_.expires_after(kLinger);
    discard();
  }

  void discard() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(kFirstBytes),
                            [self = shared_from_this()](error_code error, size_t bytes) {
                              self->discarded_ += bytes;
                              if (error || self->discarded_ > limits::kBodyBytes)
                                self->stream_.close();
                              else
                                self->discard();
                            });
  }

  Impl& server_;
  const HttpHandler& handler_;
  std::string address_;
  beast::tcp_stream stream_;
  HeaderBuffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  BeastResponse response_;
  std::optional<BeastFileResponse> fileResponse_;
  size_t reserved_ = 0;  // of server_.bodyBytes_
  size_t discarded_ = 0;
  bool keepAlive_ = true;
  bool idle_ = false;
  bool lingers_ = false;
};

std::string HttpServer::Impl::listen(const std::string& address, HttpHandler handler) {
  const tcp::endpoint endpoint = parseEndpoint(address);
  listeners_.push_back(std::make_unique<Listener>(context_, std::move(handler)));
  tcp::acceptor& acceptor = listeners_.back()->acceptor;
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) throw UserError("cannot listen on " + address + ": " + error.message());
  return endpointText(acceptor.local_endpoint());
}

void HttpServer::Impl::accept(Listener& listener) {
  listener.acceptor.async_accept([this, &listener](error_code error, tcp::socket socket) {
    if (draining_) return;
    if (error) {  // most likely no descriptors are left: wait for some
      listener.timer.expires_after(kAcceptPause);
      return listener.timer.async_wait([this, &listener](error_code) {
        if (!draining_) accept(listener);
      });
    }
    if (connections_.size() >= limits_.connections)
      ++counts_.refused;
    else
      std::make_shared<Connection>(*this, std::move(socket), listener.handler)->awaitRequest();
    accept(listener);
  });
}

void HttpServer::Impl::closed(Connection* connection) {
  connections_.erase(connection);
  counts_.connections = connections_.size();
  if (running_ && draining_ && connections_.empty()) context_.stop();
}

void HttpServer::Impl::drain() {
  draining_ = true;
  for (const auto& listener : listeners_) {
    error_code ignored;
    listener->acceptor.close(ignored);
    listener->timer.cancel();
  }
  if (connections_.empty()) return context_.stop();
  for (Connection* connection : std::vector(connections_.begin(), connections_.end()))
    connection->closeIfIdle();
  deadline_ = std::make_unique<asio::steady_timer>(context_, seconds(limits_.drainSeconds));
  deadline_->async_wait([this](error_code error) {
    if (!error) context_.stop();
  });
}

bool HttpServer::Impl::run(const std::function<void()>& onDrain) {
  std::signal(SIGPIPE, SIG_IGN);  // who reads the log may go away
  asio::signal_set signals(context_, SIGTERM, SIGINT);
  signals.async_wait([&](error_code error, int) {
    if (error) return;
    onDrain();
    drain();
  });
  for (const auto& listener : listeners_) accept(*listener);
  running_ = true;
  context_.run();
  running_ = false;
  return connections_.empty();
}

HttpServer::HttpServer(const HttpLimits& limits) : impl_(std::make_unique<Impl>(limits)) {}
HttpServer::~HttpServer() = default;
std::string HttpServer::listen(const std::string& address, HttpHandler handler) {
  return impl_->listen(address, std::move(handler));
}
bool HttpServer::run(const std::function<void()>& onDrain) { return impl_->run(onDrain); }
const HttpCounts& HttpServer::counts() const { return impl_->counts_; }

bool isLoopback(const std::string& address) {
  return parseEndpoint(address).address().is_loopback();
}

}  // namespace attune::trainer
