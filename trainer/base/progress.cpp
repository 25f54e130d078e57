#include "trainer/base/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iostream>

namespace attune::trainer {
namespace {

constexpr int kBarWidth = 30;
constexpr const char* kClearLine = "\r\033[K";

std::string bar(double fraction) {
  const int filled = static_cast<int>(fraction * kBarWidth);
  std::string text = "[" + std::string(static_cast<size_t>(filled), '=');
  if (filled < kBarWidth)
    text += '>' + std::string(static_cast<size_t>(kBarWidth - filled - 1), ' ');
  return text + "]";
}

}  // namespace

ProgressTarget ProgressTarget::onStderr() {
  ProgressTarget target;
  target.out = &std::cerr;
  target.isTerminal = ::isatty(STDERR_FILENO) == 1;
  return target;
}

Progress::Progress(std::string label, ProgressTarget target)
    : label_(std::move(label)), target_(std::move(target)) {
  // A task that is over before the first line is due needs none.
  due_ = target_.now() + (target_.isTerminal ? target_.redrawEvery : target_.lineEvery);
}

Progress::~Progress() { finish(); }

void Progress::update(double fraction, const std::string& detail) {
  if (target_.out == nullptr) return;
  const auto now = target_.now();
  if (now < due_) return;
  due_ = now + (target_.isTerminal ? target_.redrawEvery : target_.lineEvery);
  const std::string line = render(fraction, detail);
  if (target_.isTerminal) {
    *target_.out << kClearLine << line << std::flush;
    barShown_ = true;
  } else {
    *target_.out << line << std::endl;
  }
}

std::string Progress::render(double fraction, const std::string& detail) const {
  std::string line = label_;
  if (fraction >= 0) {
    const double bounded = std::min(fraction, 1.0);
    if (target_.isTerminal) line += "  " + bar(bounded);
    line += "  " + std::to_string(static_cast<int>(std::floor(bounded * 100))) + " %";
  }
  if (!detail.empty()) line += "  " + detail;
  return line;
}

void Progress::finish() {
  if (!barShown_) return;
  *target_.out << kClearLine << std::flush;
  barShown_ = false;
}

std::string withThousands(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

}  // namespace attune::trainer
