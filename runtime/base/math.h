#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

/// Float arithmetic that gives the same bits natively and in wasm: additions happen in a fixed
/// order (16 lanes, then a fixed tree), nothing is fused (-ffp-contract=off), and exp and log are
/// our own. All functions are pure and thread-safe.
namespace attune {

/// Sum of a[i] * b[i]. REQUIRES: a.size() == b.size()
float dot(std::span<const float> a, std::span<const float> b);

/// dot(a, b) of b[i] = scale * bytes[i], to the bit. There are bytes up to a multiple of 16.
float dotBytes(std::span<const float> a, const int8_t* bytes, float scale);

/// Sum of the values, in dot's order.
float sum(std::span<const float> values);

/// y[i] += scale * x[i]. REQUIRES: x.size() == y.size()
void axpy(float scale, std::span<const float> x, std::span<float> y);

/// out[r] = dot(row r of matrix, x); matrix is (out.size(), x.size()), row after row.
void matvec(std::span<const float> matrix, std::span<const float> x, std::span<float> out);

/// e^x; relative error below 2e-7. 0 below -87.3, the largest float above 88.7, NaN for NaN.
float expOf(float x);

/// Natural logarithm; relative error below 3e-7. -infinity for 0, NaN below 0.
float logOf(float x);

/// 1 / (1 + e^-x).
float sigmoid(float x);

/// Hyperbolic tangent; absolute error below 3e-7.
float tanhOf(float x);

/// Turns scores into probabilities that sum to 1, in place; -infinity becomes 0. An empty span and
/// one of only -infinity stay as they are.
void softmax(std::span<float> values);

/// The share of a score: expOf(score - highest) / total.
struct SoftmaxScale {
  float highest = 0;
  float total = 1;

  float shareOf(float score) const { return expOf(score - highest) / total; }
};

/// What turns finite scores into probabilities that sum to 1, in one pass that leaves them as they
/// are. Blocks of 1,024 are summed in dot's order against the highest score so far, and the blocks'
/// sums in double, scaled anew when the highest score changes (Milakov and Gimelshein 2018).
SoftmaxScale softmaxScale(std::span<const float> scores);

/// About the sum of e^(score - highest) over the scores below a ceiling, by one group of 16 in 16.
/// No score is above highest + 80.
double sampledPowersBelow(std::span<const float> scores, float ceiling, float highest);

/// x / sqrt(mean(x^2) + epsilon) * gain, in place (Zhang and Sennrich 2019).
/// REQUIRES: gain.size() == x.size()
void rmsNorm(std::span<float> x, std::span<const float> gain, float epsilon);

/// (x - mean) / sqrt(variance + epsilon) * gain + bias, in place (Ba et al. 2016).
/// REQUIRES: gain and bias have x's size
void layerNorm(std::span<float> x, std::span<const float> gain, std::span<const float> bias,
               float epsilon);

}  // namespace attune
