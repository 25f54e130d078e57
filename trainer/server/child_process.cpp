#include "trainer/server/child_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>

#include "trainer/base/errors.h"
#include "trainer/base/files.h"

namespace attune::trainer {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kPollSeconds = 0.02;
constexpr double kGraceSeconds = 2;
constexpr int kCannotExecute = 127;
constexpr int kHighestDescriptor = 65535;

double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A descriptor that is closed at the end.
class Descriptor {
 public:
  explicit Descriptor(const std::string& path, int flags) : path_(path) {
    file_ = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    if (file_ < 0) throw UserError("cannot write " + path + ": " + systemErrorText(errno));
  }
  ~Descriptor() { ::close(file_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  operator int() const { return file_; }  // NOLINT: it is one

 private:
  std::string path_;
  int file_;
};

void closeOthers() {
  if (::close_range(STDERR_FILENO + 1, ~0U, 0) == 0) return;
  for (int file = STDERR_FILENO + 1; file <= kHighestDescriptor; ++file) ::close(file);
}

/// Between fork and exec, where other threads' locks may be held for ever: system calls alone.
[[noreturn]] void becomeProgram(const char* program, char* const* words, int input, int output,
                                const ProcessLimits& limits, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kCannotExecute);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  errno = 0;
  const int niceness = ::getpriority(PRIO_PROCESS, 0) + limits.niceness;
  ::setpriority(PRIO_PROCESS, 0, niceness);
  if (limits.memoryBytes > 0) {
    const rlimit memory{limits.memoryBytes, limits.memoryBytes};
    if (::setrlimit(RLIMIT_AS, &memory) != 0) ::_exit(kCannotExecute);
  }
  const int score = ::open("/proc/self/oom_score_adj", O_WRONLY);
  if (score >= 0 && ::write(score, "500", 3) < 0)
    errno = 0;  // a wish, where there is no such thing
  if (::dup2(input, STDIN_FILENO) < 0 || ::dup2(output, STDOUT_FILENO) < 0 ||
      ::dup2(output, STDERR_FILENO) < 0)
    ::_exit(kCannotExecute);
  closeOthers();
  ::execv(program, words);
  ::_exit(kCannotExecute);
}

/// Waits for the end of the group's first process, and sees to it when it is time.
class Guard {
 public:
  Guard(pid_t process, const ProcessLimits& limits, const StopSignal& stop)
      : process_(process), limits_(limits), stop_(stop) {}

  ProcessEnd await() {
    int status = 0;
    rusage usage{};
    while (true) {
      const pid_t ended = ::wait4(process_, &status, WNOHANG, &usage);
      if (ended == process_ || (ended < 0 && errno != EINTR)) break;
      watch();
    }
    end_.seconds = secondsSince(start_);
    end_.peakBytes = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
    if (WIFEXITED(status)) end_.exitCode = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) end_.signal = WTERMSIG(status);
    return end_;
  }

 private:
  void watch() {
    const bool isLate = limits_.maxSeconds > 0 && secondsSince(start_) > limits_.maxSeconds;
    if (!isEnding_ && (isLate || stop_.isStopped())) {
      (stop_.isStopped() ? end_.stopped : end_.timedOut) = true;
      isEnding_ = true;
      askedAt_ = Clock::now();
      ::kill(-process_, SIGTERM);
    }
    if (isEnding_ && secondsSince(askedAt_) > kGraceSeconds) ::kill(-process_, SIGKILL);
    if (isEnding_)  // stop_ does not wait any more
      ::usleep(static_cast<useconds_t>(kPollSeconds * 1e6));
    else
      stop_.wait(kPollSeconds);
  }

  pid_t process_;
  const ProcessLimits& limits_;
  const StopSignal& stop_;
  Clock::time_point start_ = Clock::now(), askedAt_;
  bool isEnding_ = false;
  ProcessEnd end_;
};

}  // namespace

void StopSignal::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
}

bool StopSignal::isStopped() const {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

bool StopSignal::wait(double seconds) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::duration<double>(seconds),
                           [this] { return stopped_; });
}

std::string ProcessEnd::toText() const {
  if (stopped) return "killed to end";
  char text[64];
  if (timedOut) {
    std::snprintf(text, sizeof text, "killed after %.0f s", seconds);
    return text;
  }
  if (signal != 0) return "signal " + std::to_string(signal);
  return "exit code " + std::to_string(exitCode);
}

ProcessEnd runProcess(const std::string& program, const std::vector<std::string>& words,
                      const std::string& outputPath, const ProcessLimits& limits,
                      const StopSignal& stop) {
  const Descriptor input("/dev/null", O_RDONLY);
  const Descriptor output(outputPath, O_WRONLY | O_CREAT | O_APPEND);
  std::vector<char*> list;
  for (const std::string& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t process = ::fork();
  if (process < 0) throw UserError("cannot start a process: " + systemErrorText(errno));
  if (process == 0) becomeProgram(program.c_str(), list.data(), input, output, limits, parent);
  ::setpgid(process, process);  // whoever of both is first
  return Guard(process, limits, stop).await();
}

}  // namespace attune::trainer
