#pragma once

#include <string>

namespace attune::trainer {

/// A new id for a reply, in the form of a UUID; unique within and across processes. From any
/// thread.
std::string newRequestId();

}  // namespace attune::trainer
