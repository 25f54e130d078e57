#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "runtime/base/math.h"
#include "runtime/base/memory.h"
#include "runtime/base/result.h"
#include "runtime/base/topk.h"
#include "runtime/bundle/bundle.h"
#include "runtime/bundle/catalogue.h"
#include "runtime/bundle/query_columns.h"
#include "runtime/bundle/vocabulary.h"
#include "runtime/models/model.h"
#include "runtime/models/popularity.h"
#include "runtime/serve/arranger.h"
#include "runtime/serve/filter.h"
#include "runtime/serve/filter_fields.h"
#include "runtime/serve/list_controls.h"
#include "runtime/serve/named_filters.h"
#include "runtime/serve/session.h"

namespace attune {

/// Working memory of one request, with the answer in `ranked`.
struct Scratch : ModelScratch {
  FilterScratch filter;
  ControlScratch control;
  Buffer<ListMark> listMarks;  // (ranked) how each item came there; empty without controls
};

/// What a list request may say beside whom or what it is for.
struct ListRequest {
  uint32_t numResults = 25;             ///< 0 to the number of items; fewer come when fewer pass
  const Filter* filter = nullptr;       ///< null: everything passes
  const QueryRows* context = nullptr;   ///< of beginContext and setContext; null: nothing is known
  const FilterValues* filterValues = nullptr;  ///< of the filter's placeholders; null: none
  double now = 0;                              ///< seconds since 1970, for filter and controls
  ListControls controls = {};
  /// Scores every item, where a bundle with codes would score a shortlist that is chosen by them.
  bool exact = false;
};

/// When the items' metadata are opened: with the bundle, or when they are there (openMetadata).
enum class MetadataTime : uint8_t { now, later };

/// Opens a bundle once and answers requests from it. A pure function of the bundle's bytes, the
/// session and the request: the same on every machine, to the bit. Borrows the bytes, which must
/// outlive it. Immutable: threads may share it, each with its own Scratch and Session.
class Engine {
 public:
  /// Checks everything in the bundle, so that later calls cannot meet bad data.
  /// `later`: the bytes of the metadata's sections (ColumnNumbers to ColumnCodeMarks) may be
  /// anything still, and until openMetadata() there are no columns.
  /// Errors: NotABundle, UnsupportedVersion, CorruptBundle, OutOfMemory.
  static Result<Owned<Engine>> open(std::span<const uint8_t> bytes,
                                    MetadataTime metadata = MetadataTime::now);
  /// Checks and opens the metadata, which are there now. Filters must be compiled again. On an error
  /// (CorruptBundle, OutOfMemory) there are no columns still.
  Status openMetadata() { return setCatalogue(Catalogue::open(bundle_)); }

  const Bundle& bundle() const { return bundle_; }
  const Vocabulary& items() const { return items_; }
  const Catalogue& catalogue() const { return catalogue_; }
  const Model& model() const { return *model_; }
  const PopularityCounts& counts() const { return counts_; }

  /// The columns of users and requests that the model knows values of.
  const QueryColumns& queryColumns() const { return queryColumns_; }

  /// Sets one attribute of the session's user, or one value of a request's context; see
  /// QueryColumns::set. The rows belong to this bundle. Errors: NotFound, InvalidArgument,
  /// OutOfMemory.
  Result<bool> setAttribute(Session& session, std::string_view name, std::string_view text) const;
  Result<bool> setContext(QueryRows& context, std::string_view name, std::string_view text) const {
    return queryColumns_.set(QueryKind::Context, name, text, context);
  }
  /// Begins the context of a request at `now`, in seconds since 1970: what the time says by itself
  /// (see automaticNumber), in place of all it had. What setContext says then counts instead.
  /// Error: OutOfMemory.
  Status beginContext(const Session& session, double now, QueryRows& context) const;

  /// A filter over this bundle's items, prepared for them. Errors as of Filter::compile.
  Result<Filter> compileFilter(std::string_view expression, FilterLanguage language,
                               FilterHint& hint) const {
    auto filter = Filter::compile(expression, filterFields_, language, hint);
    if (filter.ok()) ATTUNE_TRY(filter.value().prepare(filterRows()));
    return filter;
  }
  const FilterFields& filterFields() const { return filterFields_; }
  /// The filters that the bundle has names for.
  const NamedFilters& namedFilters() const { return namedFilters_; }
  /// What filters look at.
  FilterRows filterRows() const { return {items_, catalogue_}; }

  /// The best items for a user, best first, in scratch.ranked: of those the bundle allows. A user
  /// without history gets items by attributes, context and popularity. Errors: InvalidFilter (see
  /// Filter::run), OutOfMemory.
  Status recommend(const Session& session, const ListRequest& request, Scratch& scratch) const;

  /// The items most like `item`, itself left out, in scratch.ranked. `session` is for the filter
  /// and may be null. Nothing is explored. Errors: NotFound, InvalidFilter, OutOfMemory.
  Status related(uint32_t item, const Session* session, const ListRequest& request,
                 Scratch& scratch) const;

  /// Orders the given items for a user, best first, in scratch.ranked: unknown ones are left out,
  /// repeated ones come once. Scores are shares that sum to 1. `context` may be null. Error:
  /// OutOfMemory.
  Status rank(const Session& session, std::span<const uint32_t> items, Scratch& scratch,
              const QueryRows* context = nullptr) const;

  /// For open(), which has checked the parts.
  Engine(const Bundle& bundle, const Vocabulary& items, QueryColumns&& queryColumns,
         const PopularityCounts& counts, Owned<Model>&& model, std::span<const uint8_t> allowed,
         const NamedFilters& namedFilters)
      : bundle_(bundle),
        items_(items),
        queryColumns_(std::move(queryColumns)),
        counts_(counts),
        model_(std::move(model)),
        allowed_(allowed),
        namedFilters_(namedFilters) {}

 private:
  Status setCatalogue(Result<Catalogue> catalogue);
  void hideForbidden(std::span<float> scores) const;
  Result<SoftmaxScale> shortlist(const Query& query, Scratch& scratch) const;

  Bundle bundle_;
  Vocabulary items_;
  Catalogue catalogue_;
  QueryColumns queryColumns_;
  FilterFields filterFields_;
  PopularityCounts counts_;
  Owned<Model> model_;
  std::span<const uint8_t> allowed_;  // (items), or empty: all may be recommended
  NamedFilters namedFilters_;
};

}  // namespace attune
