#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace attune::trainer {

/// Told once, from any thread, that all is to end; who waits for time to pass learns of it at once.
class StopSignal {
 public:
  void stop();
  bool isStopped() const;
  /// Waits so long; true as soon as stop() was called.
  bool wait(double seconds) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool stopped_ = false;
};

/// What a process may take from those beside it.
struct ProcessLimits {
  int niceness = 0;          ///< added to that of this process
  uint64_t memoryBytes = 0;  ///< of address space; 0: no limit
  double maxSeconds = 0;     ///< then it is killed; 0: no limit
};

/// How a process ended.
struct ProcessEnd {
  int exitCode = -1;  ///< -1 when a signal ended it
  int signal = 0;
  bool timedOut = false;  ///< killed for taking too long
  bool stopped = false;   ///< killed because of the stop signal
  double seconds = 0;
  uint64_t peakBytes = 0;  ///< of resident memory

  bool isGood() const { return exitCode == 0 && !timedOut && !stopped; }
  /// `exit code 2`, `signal 9`, `killed after 60 s`.
  std::string toText() const;
};

/// Runs a program to its end in a process group of its own, which a Ctrl-C at the terminal does not
/// reach, and which is killed when this thread ends: SIGTERM, two seconds later SIGKILL. It gets
/// none of this process' files and sockets, no input, and writes both outputs to the end of
/// `outputPath`. When memory gets short, the system takes it before this process. Throws UserError
/// when no process can be made; a program that cannot be executed ends with exit code 127.
ProcessEnd runProcess(const std::string& program, const std::vector<std::string>& words,
                      const std::string& outputPath, const ProcessLimits& limits,
                      const StopSignal& stop);

}  // namespace attune::trainer
