#include "runtime/base/result.h"

namespace attune {

const char* errorName(ErrorCode code) {
  switch (code) {
#define ATTUNE_ERROR(name, number, text, meaning) \
  case ErrorCode::name:                           \
    return text;
#include "runtime/base/error_codes.inc"
#undef ATTUNE_ERROR
  }
  return "UNKNOWN";
}

}  // namespace attune
