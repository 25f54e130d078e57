#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "trainer/nn/gemm_threads.h"
#include "trainer/nn/matrix.h"

namespace attune::trainer {

/// Where one weight matrix lies inside a model's numbers.
struct Parameter {
  std::string name;
  size_t offset = 0;
  size_t rows = 0;
  size_t columns = 0;

  size_t size() const { return rows * columns; }
  Matrix in(float* numbers) const { return {numbers + offset, rows, columns}; }
  ConstMatrix in(const float* numbers) const { return {numbers + offset, rows, columns}; }
};

/// The shapes of all weights of a model, one after another without gaps, so that values, gradients
/// and moments are one array each and a checkpoint is a copy.
class ParameterLayout {
 public:
  /// Appends a (rows, columns) matrix. A vector is one row.
  Parameter add(std::string name, size_t rows, size_t columns);

  /// Numbers in all parameters together.
  size_t size() const { return size_; }
  std::span<const Parameter> all() const { return parameters_; }

 private:
  std::vector<Parameter> parameters_;
  size_t size_ = 0;
};

/// Normal numbers with this standard deviation, a function of (seed, stream) alone.
void fillNormal(std::span<float> values, float deviation, uint64_t seed, uint64_t stream);

/// Adds the partial gradients in their order, whatever the threads:
/// total[i] = parts[0][i] + parts[1][i] + ... REQUIRES: all parts have total's size
void addUp(std::span<const std::vector<float>> parts, std::span<float> total, GemmThreads* threads);

}  // namespace attune::trainer
