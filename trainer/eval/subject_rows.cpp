#include "trainer/eval/subject_rows.h"

#include <new>
#include <set>
#include <string>

#include "trainer/base/errors.h"
#include "trainer/eval/served_bundle.h"
#include "trainer/export/catalogue_writer.h"

namespace attune::trainer {

SubjectRows::SubjectRows(FilterSubject subject, const StringTable& ids,
                         const std::vector<Column>& columns)
    : ids_(StringsView()), fields_(subject) {
  const bool users = subject == FilterSubject::users;
  if (ids.size() == 0)
    throw UserError(users ? "there are no users to filter" : "there are no actions to filter");
  Dataset data;
  data.items = ids;
  data.itemColumns = columns;
  std::set<std::string> texts;
  for (const Column& column : columns)
    if (column.kind == ColumnKind::text || column.kind == ColumnKind::textual)
      texts.insert(column.name);
  BundleBuilder builder(ids.size(), "", ModelKind::Popularity);
  writeCatalogue(data, ItemOrder(ids), texts, builder);
  bool ok = bytes_.append(builder.finish()).ok();

  constexpr const char* kName = "the metadata for filters";
  auto bundle = Bundle::open(bytes_.span());
  auto opened = Vocabulary::open(valueOf(bundle, kName));
  ids_ = valueOf(opened, kName);
  auto catalogue = Catalogue::open(bundle.value());
  catalogue_ = std::move(valueOf(catalogue, kName));

  auto known = FilterFields::of(catalogue_, QueryColumns());
  const FilterFields& fields = valueOf(known, kName);
  for (uint32_t i = 0; i < fields.size(); ++i) {
    FilterField field = fields[i];
    if (field.type == FilterFieldType::id) continue;
    ok = ok && fields_.add(field).ok();
    if (!users || field.table != FilterTable::subject) continue;
    field.table = FilterTable::currentUser;
    ok = ok && fields_.add(field).ok();
  }
  ok = ok &&
       fields_.add({FilterTable::subject, FilterFieldType::id, users ? "USER_ID" : "ACTION_ID"})
           .ok();
  if (!ok) throw std::bad_alloc();
}

}  // namespace attune::trainer
