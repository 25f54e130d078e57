#pragma once

#include <stdint.h>

/*
The C ABI of attune.wasm: what js/src/abi.ts calls. A shim: each export converts its arguments,
calls one function of the engine and stores the outcome.

Conventions
 1. The module has no imports. Call `_initialize` once after instantiation.
 2. A call returns a number >= 0 on success (a count or an index where said so, else 0), or minus an
    error number of runtime/base/error_codes.inc. attune_error_* then describe the error until the
    next call. A trap (WebAssembly.RuntimeError) is a bug: the instance must be thrown away.
 3. Handles and pointers are unsigned 32-bit; 0 is none. A handle is closed once, sessions and
    filters before the recommender they were made for.
 4. Further results are written to the reply, one fixed place in memory (attune_reply): 8 uint32
    words, then 4 doubles. "reply: a, b" below lists the words in order; doubles are named number[i].
 5. Text is UTF-8, passed as pointer and length, without a final NUL unless said so. The caller
    writes what it passes into the input area (attune_input); "input: a, b" says what lies there,
    one behind the other.
 6. Pointers in a reply stay valid until the next call; memory may move when it grows, so typed
    arrays are made anew after each call.
 7. Times are seconds since 1970 as double. There are no 64-bit integers in the ABI.
 8. Not thread-safe: one instance, one thread.
*/

#ifdef __cplusplus
extern "C" {
#endif

typedef uint32_t AttuneHandle;

/* 6; changes whenever an export changes its meaning. */
int32_t attune_abi_version(void);

/* The reply's address, the same for the life of the instance. */
uint32_t attune_reply(void);

/* An input area of at least `bytes`; 0 when memory is out. Valid until the next attune_input. */
uint32_t attune_input(uint32_t bytes);

/* The last error: its name ("CORRUPT_BUNDLE") and what is wrong, both ending in NUL; where it is
   (a byte offset, a column), or -1 for nowhere. */
uint32_t attune_error_name(void);
uint32_t attune_error_what(void);
double attune_error_at(void);

/* Memory for a bundle, aligned to 16 bytes; 0 when memory is out. Freed by attune_bundle_free, or
   by attune_close once attune_open has succeeded. */
uint32_t attune_bundle_alloc(uint32_t length);
void attune_bundle_free(uint32_t bundle);

/* Opens the bundle at a pointer from attune_bundle_alloc and takes it over on success. With
   metadataLater = 1 the bytes of the items' metadata may be put there afterwards: until
   attune_open_metadata there are no columns. reply: recommender */
int32_t attune_open(uint32_t bundle, uint32_t length, uint32_t metadataLater);
/* Filters must be opened anew after it. */
int32_t attune_open_metadata(AttuneHandle recommender);
void attune_close(AttuneHandle recommender);

/* reply: items, columns, recipe pointer, length, provenance (JSON) pointer, length, query columns,
   named filters */
int32_t attune_describe(AttuneHandle recommender);

/* Metadata column by number. reply: name pointer, length, type (ColumnType of bundle.fbs) */
int32_t attune_column(AttuneHandle recommender, uint32_t column);

/* Column of users or requests by number. Returns its kind (QueryKind of bundle.fbs: 0 for users).
   reply: name pointer, length, type (ColumnType) */
int32_t attune_query_column(AttuneHandle recommender, uint32_t column);

/* input: id. Returns the item's index. Error NotFound if the bundle does not have it. */
int32_t attune_find_item(AttuneHandle recommender, uint32_t idLength);

/* reply: id pointer, length */
int32_t attune_item_id(AttuneHandle recommender, uint32_t item);

/* One metadata value. Returns 0 = null, 1 = text (reply: pointer, length; values of a categorical
   column are joined by '|'), 2 = number (number[0]), 3 = boolean (number[0] is 0 or 1). */
int32_t attune_attribute(AttuneHandle recommender, uint32_t item, uint32_t column);

/* A user's history, of at most `maxEvents` events; older ones are dropped. reply: session */
int32_t attune_session_open(AttuneHandle recommender, uint32_t maxEvents);
void attune_session_close(AttuneHandle session);
void attune_session_clear(AttuneHandle session);

/* input: item id, event type, context: names and values of columns in turn, each ended by a zero byte.
   `value` is NaN for none. Returns 1 if the bundle has the item, 0 if the event was only kept. */
int32_t attune_session_record(AttuneHandle session, uint32_t idLength, uint32_t typeLength,
                              uint32_t contextLength, double timestamp, double value);

/* input: name of a users' column, value as text (values joined by '|', a number, true or false; empty
   for none). Returns 1 if the model knows something of the value, else 0. Error NotFound for a name
   the bundle does not have, unless it has no such columns at all. Not part of the history. */
int32_t attune_session_attribute(AttuneHandle recommender, AttuneHandle session,
                                 uint32_t nameLength, uint32_t valueLength);

/* Begins a request: forgets the context, the values of a filter's placeholders and the
   controls of the one before. `now`, in seconds since 1970, is for filters and the automatic context, which is that of
   `session` (0 for attune_related without one). exact != 0: attune_recommend scores every item, where
   a bundle with codes would score a shortlist (ListRequest::exact). */
int32_t attune_request(AttuneHandle recommender, AttuneHandle session, double now, uint32_t exact);

/* What else the context is of attune_recommend and attune_rank. As attune_session_attribute, for
   columns of requests. */
int32_t attune_context_set(AttuneHandle recommender, uint32_t nameLength, uint32_t valueLength);

/* Returns the number of events held, oldest first. */
int32_t attune_session_size(AttuneHandle session);

/* reply: id pointer, length, event type pointer, length, context pointer, length; number[0] = timestamp, [1] = value or NaN.
   Returns 1 if the bundle has the item, else 0. */
int32_t attune_session_event(AttuneHandle session, uint32_t index);

/* input: `count` uint32 item indexes, 0xffffffff for an unknown item: they were shown to the user. */
int32_t attune_session_shown(AttuneHandle session, uint32_t count);

/* The history as bytes that attune_session_restore takes, of this bundle or of another one.
   reply: pointer, length */
int32_t attune_session_save(AttuneHandle session);

/* input: saved bytes. Replaces the history; on an error it stays as it was. */
int32_t attune_session_restore(AttuneHandle session, uint32_t length);

/* input: filter expression, in Attune's language or (compatible != 0) exactly Personalize's. The
   error's place is the column (from 1). reply: filter; after an error the text of the field that
   was probably meant (2 words), empty for none */
int32_t attune_filter_open(AttuneHandle recommender, uint32_t length, uint32_t compatible);
void attune_filter_close(AttuneHandle filter);

/* A filter of the bundle by number. reply: name pointer, length, expression pointer, length */
int32_t attune_named_filter(AttuneHandle recommender, uint32_t filter);

/* input: a placeholder's name and its values (FilterValues::set), for this request's filter. */
int32_t attune_filter_value(AttuneHandle recommender, uint32_t nameLength, uint32_t valueLength);

/* What this request's list is to be beside the best items (ListControls). input: 9
   doubles: diversity, at most so many a value, number of the column (or -1), popularity discount,
   freshness boost, freshness days, exploration weight, item age cut-off, seed
   (below 2^32). Then promotions one by one, at most 16, each perhaps with values of its filter's
   placeholders. Errors: InvalidArgument. */
int32_t attune_controls(AttuneHandle recommender);
int32_t attune_promotion(AttuneHandle recommender, AttuneHandle filter, uint32_t percent);
int32_t attune_promotion_value(AttuneHandle recommender, uint32_t nameLength, uint32_t valueLength);

/* The best items for a session. Returns how many. `filter` may be 0.
   reply: pointer to that many uint32 item indexes, pointer to that many float scores, pointer to
   that many pairs of uint32 and float (ListMark), or 0 without controls */
int32_t attune_recommend(AttuneHandle recommender, AttuneHandle session, uint32_t numResults,
                         AttuneHandle filter);

/* The items most like one item; `session` (for the filter) and `filter` may be 0. Else as above. */
int32_t attune_related(AttuneHandle recommender, uint32_t item, AttuneHandle session,
                       uint32_t numResults, AttuneHandle filter);

/* input: an item's id, known or not. Returns 1 if it passes the filter in the request that has begun,
   with its attune_filter_value, else 0. */
int32_t attune_filter_passes(AttuneHandle recommender, AttuneHandle session, AttuneHandle filter,
                             uint32_t idLength);

/* input: `count` uint32 item indexes, 0xffffffff for an unknown item. Ranks them for the session.
   Returns how many known, different items there are; scores sum to 1. reply: as attune_recommend */
int32_t attune_rank(AttuneHandle recommender, AttuneHandle session, uint32_t count);

/* input: `count` uint32 item indexes: why they are listed for the session (Explanation). Returns
   the number of events. reply: pointer to that many uint32 event numbers, pointer to (events,
   count) float contributions */
int32_t attune_explain(AttuneHandle recommender, AttuneHandle session, uint32_t count);

#ifdef __cplusplus
}
#endif
