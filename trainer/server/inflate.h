#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace attune::trainer {

/// The bytes of a gzip stream. Stops as soon as there are more than `maxBytes`. Throws ApiError:
/// 413 when there are more, 400 when it is no gzip, is cut off or is followed by something else.
std::string inflateGzip(std::string_view bytes, size_t maxBytes);

}  // namespace attune::trainer
