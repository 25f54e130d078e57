#include "runtime/models/blend.h"
#include "runtime/models/model.h"
#include "runtime/models/neighbours.h"
#include "runtime/models/popularity.h"
#include "runtime/models/recurrent.h"
#include "runtime/models/transformer.h"

namespace attune {
namespace {

Result<Owned<Model>> openKind(const Bundle& bundle) {
  switch (bundle.header().model()) {
    case ModelKind::Popularity:
      return PopularityModel::open(bundle);
    case ModelKind::Neighbours:
      return NeighbourModel::open(bundle);
    case ModelKind::Transformer:
      return TransformerModel::open(bundle);
    case ModelKind::Recurrent:
      return RecurrentModel::open(bundle);
    case ModelKind::None:
      break;
  }
  return Error{ErrorCode::UnsupportedVersion,
               "has a model this version of Attune does not know; update Attune"};
}

}  // namespace

Result<Owned<Model>> openModel(const Bundle& bundle) {
  auto model = openKind(bundle);
  if (!model.ok() || bundle.header().blend() == nullptr) return model;
  return BlendedModel::open(bundle, std::move(model.value()));
}

}  // namespace attune
