#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>

namespace attune::trainer {

/// Where and how progress is shown. The defaults of onStderr() are what a command wants; tests
/// give their own stream and clock.
struct ProgressTarget {
  std::ostream* out = nullptr;  ///< null: show nothing
  bool isTerminal = false;      ///< true: one bar, redrawn in place; false: a line now and then
  std::chrono::milliseconds redrawEvery{100};  ///< on a terminal
  std::chrono::milliseconds lineEvery{5000};   ///< elsewhere
  std::function<std::chrono::steady_clock::time_point()> now = std::chrono::steady_clock::now;

  /// Standard error, as a bar when it is a terminal.
  static ProgressTarget onStderr();
};

/// One task's progress: `import  [=====>    ]  42 %  1,260,000 rows`. For one thread.
class Progress {
 public:
  Progress(std::string label, ProgressTarget target);
  /// Clears an unfinished bar.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// `fraction` 0..1, or negative where the whole is unknown. Cheap when nothing is due.
  void update(double fraction, const std::string& detail);
  /// Removes the bar, so that what follows starts on a clean line.
  void finish();

 private:
  std::string render(double fraction, const std::string& detail) const;

  std::string label_;
  ProgressTarget target_;
  std::chrono::steady_clock::time_point due_;
  bool barShown_ = false;
};

/// 1234567 as `1,234,567`.
std::string withThousands(uint64_t number);

}  // namespace attune::trainer
