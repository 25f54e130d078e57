#include "trainer/nn/attention.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "trainer/nn/product.h"
#include "trainer/nn/vectorised.h"

namespace attune::trainer {
namespace {

constexpr size_t kBlock = 32;  // queries worked on together; keys after the block are skipped

/// One head of one sequence; all matrices have the sequence's tokens as rows.
struct Head {
  ConstMatrix query, key, value;  // (tokens, width)
  const float* bias;              // (window)
  size_t window;
  float scale;
};

/// Keys (or values) turned, padded with zeros to whole vectors: (width, padded tokens).
class Turned {
 public:
  explicit Turned(ConstMatrix rows)
      : stride_((rows.rows + 15) / 16 * 16), numbers_(rows.columns * stride_, 0.0f) {
    transpose(rows, {numbers_.data(), rows.columns, rows.rows, stride_});
  }
  ConstMatrix first(size_t tokens, size_t width) const {
    return {numbers_.data(), width, (tokens + 15) / 16 * 16, stride_};
  }

 private:
  size_t stride_;
  std::vector<float> numbers_;
};

size_t firstVisible(const Head& head, size_t token) {
  return token < head.window ? 0 : token + 1 - head.window;
}

/// Scores of one row become scale * score + bias where the token may look; returns the highest.
ATTUNE_INLINE float addBias(const Head& head, size_t token, size_t first, float* row) {
  float highest[16];
  std::fill(highest, highest + 16, -std::numeric_limits<float>::infinity());
  const float* bias = head.bias + token;
  for (size_t j = first; j <= token; ++j) row[j] = row[j] * head.scale + *(bias - j);
  size_t j = first;
  for (; j + 16 <= token + 1; j += 16)
    for (size_t lane = 0; lane < 16; ++lane)
      highest[lane] = row[j + lane] > highest[lane] ? row[j + lane] : highest[lane];
  for (; j <= token; ++j) highest[0] = row[j] > highest[0] ? row[j] : highest[0];
  return *std::max_element(highest, highest + 16);
}

/// Turns raw products of a block of queries into softmax numerators; tokens out of sight become 0.
/// Stores each row's 1 / denominator and log denominator.
ATTUNE_VECTORISED
void softmaxRows(const Head& head, size_t begin, Matrix scores, float* inverse, float* logSum) {
  for (size_t i = 0; i < scores.rows; ++i) {
    const size_t token = begin + i;
    const size_t first = firstVisible(head, token);
    float* row = scores.row(i);
    const float highest = addBias(head, token, first, row);
    for (size_t j = first; j <= token; ++j) row[j] = fastExp(row[j] - highest);
    std::fill(row, row + first, 0.0f);
    std::fill(row + token + 1, row + scores.columns, 0.0f);
    const float sum = laneSum(row + first, token + 1 - first);
    inverse[i] = 1.0f / sum;
    logSum[i] = highest + std::log(sum);
  }
}

/// The same rows again from the kept log denominators, as probabilities.
ATTUNE_VECTORISED
void repeatRows(const Head& head, size_t begin, const float* logSum, Matrix scores) {
  for (size_t i = 0; i < scores.rows; ++i) {
    const size_t token = begin + i;
    const size_t first = firstVisible(head, token);
    float* row = scores.row(i);
    const float* bias = head.bias + token;
    const float shift = logSum[token];
    for (size_t j = first; j <= token; ++j)
      row[j] = fastExp(row[j] * head.scale + *(bias - j) - shift);
    std::fill(row, row + first, 0.0f);
    std::fill(row + token + 1, row + scores.columns, 0.0f);
  }
}

ATTUNE_VECTORISED
void scaleRows(Matrix rows, const float* factors) {
  for (size_t i = 0; i < rows.rows; ++i)
    for (size_t j = 0; j < rows.columns; ++j) rows.row(i)[j] *= factors[i];
}

void forwardHead(const Head& head, Matrix out, float* logSum, std::vector<float>& scratch) {
  const size_t tokens = head.query.rows, width = head.query.columns;
  const Turned keys(head.key);
  for (size_t begin = 0; begin < tokens; begin += kBlock) {
    const size_t rows = std::min(kBlock, tokens - begin);
    const ConstMatrix seen = keys.first(begin + rows, width);
    const Matrix scores(scratch.data(), rows, seen.columns);
    float inverse[kBlock];
    multiply(head.query.rowRange(begin, rows), seen, scores);
    softmaxRows(head, begin, scores, inverse, logSum + begin);
    const ConstMatrix weights(scores.data, rows, begin + rows, scores.stride);
    multiply(weights, head.value.rowRange(0, begin + rows), out.rowRange(begin, rows));
    scaleRows(out.rowRange(begin, rows), inverse);
  }
}

/// dProducts: in probabilities' gradients, out scores' gradients p (dp - sum p dp). The bias's
/// gradient is their sum along diagonals.
ATTUNE_VECTORISED
void scoreGradients(const Head& head, size_t begin, ConstMatrix probabilities, const float* rowDots,
                    Matrix dScores, float* dBias) {
  for (size_t i = 0; i < dScores.rows; ++i) {
    const size_t token = begin + i;
    const size_t first = firstVisible(head, token);
    const float* p = probabilities.row(i);
    float* d = dScores.row(i);
    for (size_t j = 0; j < dScores.columns; ++j) d[j] = p[j] * (d[j] - rowDots[i]);
    float* along = dBias + token;
    for (size_t j = first; j <= token; ++j) *(along - j) += d[j];
    for (size_t j = 0; j < dScores.columns; ++j) d[j] *= head.scale;
  }
}

ATTUNE_VECTORISED
void dotRows(ConstMatrix a, ConstMatrix b, float* dots) {
  for (size_t i = 0; i < a.rows; ++i) dots[i] = laneDot(a.row(i), b.row(i), a.columns);
}

struct HeadGradients {
  Matrix query, key, value;  // (tokens, width)
  float* bias;               // (window)
};

void backwardHead(const Head& head, ConstMatrix out, ConstMatrix dOut, const float* logSum,
                  const HeadGradients& gradients, std::vector<float>& scratch) {
  const size_t tokens = head.query.rows, width = head.query.columns;
  const Turned keys(head.key), values(head.value);
  for (size_t begin = 0; begin < tokens; begin += kBlock) {
    const size_t rows = std::min(kBlock, tokens - begin), seenTokens = begin + rows;
    const ConstMatrix seen = keys.first(seenTokens, width);
    const Matrix p(scratch.data(), rows, seen.columns);
    const Matrix d(scratch.data() + kBlock * seen.columns, rows, seen.columns);
    const ConstMatrix query = head.query.rowRange(begin, rows), up = dOut.rowRange(begin, rows);
    float rowDots[kBlock];
    multiply(query, seen, p);
    repeatRows(head, begin, logSum, p);
    multiply(up, values.first(seenTokens, width), d);
    dotRows(out.rowRange(begin, rows), up, rowDots);
    scoreGradients(head, begin, p, rowDots, d, gradients.bias);
    const ConstMatrix weights(p.data, rows, seenTokens, p.stride);
    const ConstMatrix dScores(d.data, rows, seenTokens, d.stride);
    multiply(dScores, head.key.rowRange(0, seenTokens), gradients.query.rowRange(begin, rows));
    addMultiplyLeftTransposed(dScores, query, gradients.key.rowRange(0, seenTokens));
    addMultiplyLeftTransposed(weights, up, gradients.value.rowRange(0, seenTokens));
  }
}

Head headOf(ConstMatrix qkv, ConstMatrix bias, size_t heads, size_t h) {
  const size_t d = qkv.columns / 3, width = d / heads;
  return {qkv.columnRange(h * width, width),
          qkv.columnRange(d + h * width, width),
          qkv.columnRange(2 * d + h * width, width),
          bias.row(h),
          bias.columns,
          1.0f / std::sqrt(static_cast<float>(width))};
}

Head rowsOf(Head head, size_t begin, size_t count) {
  head.query = head.query.rowRange(begin, count);
  head.key = head.key.rowRange(begin, count);
  head.value = head.value.rowRange(begin, count);
  return head;
}

std::vector<float> scratchFor(std::span<const uint32_t> offsets) {
  uint32_t longest = 0;
  for (size_t s = 0; s + 1 < offsets.size(); ++s)
    longest = std::max(longest, offsets[s + 1] - offsets[s]);
  return std::vector<float>(2 * kBlock * (longest + kBlock));
}

}  // namespace

void CausalAttention::forward(ConstMatrix qkv, std::span<const uint32_t> offsets, ConstMatrix bias,
                              Matrix out, Matrix logSums) const {
  std::vector<float> scratch = scratchFor(offsets);
  const size_t width = out.columns / heads;
  for (size_t s = 0; s + 1 < offsets.size(); ++s)
    for (size_t h = 0; h < heads; ++h) {
      const size_t begin = offsets[s], count = offsets[s + 1] - begin;
      forwardHead(rowsOf(headOf(qkv, bias, heads, h), begin, count),
                  out.rowRange(begin, count).columnRange(h * width, width), logSums.row(h) + begin,
                  scratch);
    }
}

void CausalAttention::backward(ConstMatrix qkv, std::span<const uint32_t> offsets, ConstMatrix bias,
                               ConstMatrix out, ConstMatrix logSums, ConstMatrix dOut, Matrix dQkv,
                               Matrix dBias) const {
  std::vector<float> scratch = scratchFor(offsets);
  const size_t d = out.columns, width = d / heads;
  for (size_t i = 0; i < dQkv.rows; ++i) std::fill_n(dQkv.row(i), dQkv.columns, 0.0f);
  for (size_t s = 0; s + 1 < offsets.size(); ++s)
    for (size_t h = 0; h < heads; ++h) {
      const size_t begin = offsets[s], count = offsets[s + 1] - begin;
      const Matrix rows = dQkv.rowRange(begin, count);
      backwardHead(rowsOf(headOf(qkv, bias, heads, h), begin, count),
                   out.rowRange(begin, count).columnRange(h * width, width),
                   dOut.rowRange(begin, count).columnRange(h * width, width),
                   logSums.row(h) + begin,
                   {rows.columnRange(h * width, width), rows.columnRange(d + h * width, width),
                    rows.columnRange(2 * d + h * width, width), dBias.row(h)},
                   scratch);
    }
}

}  // namespace attune::trainer
