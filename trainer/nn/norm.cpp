#include "trainer/nn/norm.h"

#include <cmath>

#include "trainer/nn/vectorised.h"

namespace attune::trainer {
namespace {

/// Sum of a[i] * b[i] * c[i] in LaneSum's order.
ATTUNE_INLINE float laneTriple(const float* a, const float* b, const float* c, size_t count) {
  LaneSum sum;
  const size_t whole = count / 16 * 16;
  for (size_t i = 0; i < whole; i += 16)
    for (size_t j = 0; j < 16; ++j) sum.lane[j] += a[i + j] * b[i + j] * c[i + j];
  for (size_t i = whole; i < count; ++i) sum.lane[i - whole] += a[i] * b[i] * c[i];
  return sum.total();
}

}  // namespace

ATTUNE_VECTORISED
void rmsNormForward(ConstMatrix x, ConstMatrix gain, float epsilon, Matrix y,
                    std::span<float> scale) {
  for (size_t i = 0; i < x.rows; ++i) {
    const float* from = x.row(i);
    float* to = y.row(i);
    const float meanSquare = laneDot(from, from, x.columns) / static_cast<float>(x.columns);
    const float factor = 1.0f / std::sqrt(meanSquare + epsilon);
    for (size_t j = 0; j < x.columns; ++j) to[j] = from[j] * factor * gain.data[j];
    scale[i] = factor;
  }
}

// With s = scale and g = dy * gain: dx = s g - s^3 x mean(g x).
ATTUNE_VECTORISED
void rmsNormBackward(ConstMatrix x, ConstMatrix gain, std::span<const float> scale, ConstMatrix dy,
                     Matrix dx, Matrix dGain) {
  float* __restrict gainGradient = dGain.data;
  for (size_t i = 0; i < x.rows; ++i) {
    const float* from = x.row(i);
    const float* up = dy.row(i);
    float* __restrict to = dx.row(i);
    const float factor = scale[i];
    const float along = laneTriple(up, gain.data, from, x.columns);
    const float back = factor * factor * factor * along / static_cast<float>(x.columns);
    for (size_t j = 0; j < x.columns; ++j) {
      to[j] += factor * up[j] * gain.data[j] - back * from[j];
      gainGradient[j] += up[j] * from[j] * factor;
    }
  }
}

ATTUNE_VECTORISED
void layerNormForward(ConstMatrix x, ConstMatrix gain, ConstMatrix bias, float epsilon, Matrix y,
                      LayerNormState state) {
  const float count = static_cast<float>(x.columns);
  for (size_t i = 0; i < x.rows; ++i) {
    const float* from = x.row(i);
    float* to = y.row(i);
    const float mean = laneSum(from, x.columns) / count;
    for (size_t j = 0; j < x.columns; ++j) to[j] = from[j] - mean;
    const float factor = 1.0f / std::sqrt(laneDot(to, to, x.columns) / count + epsilon);
    for (size_t j = 0; j < x.columns; ++j) to[j] = to[j] * factor * gain.data[j] + bias.data[j];
    state.mean[i] = mean;
    state.scale[i] = factor;
  }
}

// With n the normalised row and g = dy * gain: dx = scale (g - mean(g) - n mean(g n)).
ATTUNE_VECTORISED
void layerNormBackward(ConstMatrix x, ConstMatrix gain, LayerNormState state, ConstMatrix dy,
                       Matrix dx, Matrix dGain, Matrix dBias) {
  const float count = static_cast<float>(x.columns);
  for (size_t i = 0; i < x.rows; ++i) {
    const float* from = x.row(i);
    const float* up = dy.row(i);
    float* __restrict to = dx.row(i);
    const float mean = state.mean[i];
    const float factor = state.scale[i];
    const float shift = laneDot(up, gain.data, x.columns) / count;
    const float along = laneTriple(up, gain.data, from, x.columns) / count;
    const float back = factor * (along - mean * shift);
    for (size_t j = 0; j < x.columns; ++j) {
      const float normal = (from[j] - mean) * factor;
      to[j] += factor * (up[j] * gain.data[j] - shift - normal * back);
      dGain.data[j] += up[j] * normal;
      dBias.data[j] += up[j];
    }
  }
}

}  // namespace attune::trainer
