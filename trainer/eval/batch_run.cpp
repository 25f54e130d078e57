#include "trainer/eval/batch_run.h"

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "trainer/base/parallel.h"

namespace attune::trainer {
namespace {

constexpr size_t kLinesPerBlock = 1024;
constexpr size_t kBytesPerBlock = size_t{8} << 20;
constexpr size_t kLinesPerChunk = 16;

struct InputLine {
  std::string text;
  bool tooLong = false;
};

/// Reads up to a line break or the end; false at the end. What is too long is skipped, not kept.
bool readLine(std::streambuf& in, InputLine& line) {
  line = {};
  bool any = false;
  for (int c = in.sbumpc(); c != std::streambuf::traits_type::eof(); c = in.sbumpc()) {
    any = true;
    if (c == '\n') break;
    if (line.text.size() < kMaxBatchLineBytes)
      line.text.push_back(static_cast<char>(c));
    else
      line.tooLong = true;
  }
  if (!line.text.empty() && line.text.back() == '\r') line.text.pop_back();
  return any;
}

bool isBlank(const std::string& text) {
  return text.find_first_not_of(" \t\r") == std::string::npos;
}

std::vector<InputLine> readBlock(std::streambuf& in) {
  std::vector<InputLine> block;
  size_t bytes = 0;
  for (InputLine line; block.size() < kLinesPerBlock && bytes < kBytesPerBlock;) {
    if (!readLine(in, line)) break;
    if (isBlank(line.text)) continue;
    bytes += line.text.size();
    block.push_back(std::move(line));
  }
  return block;
}

BatchAnswer answerOne(const BatchAnswerer& answerer, const InputLine& line, Scratch& scratch) {
  if (!line.tooLong) return answerer.answer(line.text, scratch);
  return {R"({"input":null,"output":null,"error":"the line is longer than )" +
              std::to_string(kMaxBatchLineBytes) + R"( bytes"})",
          true};
}

}  // namespace

BatchCounts answerLines(const BatchAnswerer& answerer, unsigned threads, std::istream& in,
                        const std::function<void(std::string_view)>& write) {
  if (threads == 0) threads = std::max(1u, std::thread::hardware_concurrency());
  std::vector<Scratch> scratches(threads);
  BatchCounts counts;
  for (auto block = readBlock(*in.rdbuf()); !block.empty(); block = readBlock(*in.rdbuf())) {
    std::vector<BatchAnswer> answers(block.size());
    parallelFor(block.size(), kLinesPerChunk, threads, [&](size_t begin, size_t end, unsigned w) {
      for (size_t i = begin; i < end; ++i) answers[i] = answerOne(answerer, block[i], scratches[w]);
    });
    for (BatchAnswer& answer : answers) {
      write(answer.line += '\n');
      counts.errors += answer.failed ? 1 : 0;
    }
    counts.lines += block.size();
  }
  return counts;
}

}  // namespace attune::trainer
