/* containers.h: bounded lists and maps inside a record's field.
 *
 * A list keeps its order; a map is kept sorted by key, so that walking by "the key after this one" survives any change.
 * Both are one allocation each, made at the first entry and released with the last. Refs to removed records leave them
 * by themselves: what is counted and walked is alive.
 *
 *     record_list_add(all, game, members, value_ref(session), &f);   record_map_set(all, game, attributes, key, v, &f);
 */
#ifndef RECORDS_CONTAINERS_H
#define RECORDS_CONTAINERS_H

#include "records/records.h"

/* Lists. Positions count from 0. The record must be alive and the field a list, else E_STALE / E_TYPE. */
int record_list_count(records *all, record_ref ref, uint32_t field);                      /* entries, or a code */
int record_list_get(records *all, record_ref ref, uint32_t field, uint32_t at, value *v); /* 0 or E_NOT_FOUND */
int record_list_add(records *all, record_ref ref, uint32_t field, value v, fault *f);     /* E_LIMIT when full */
int record_list_set(records *all, record_ref ref, uint32_t field, uint32_t at, value v, fault *f);
int record_list_find(records *all, record_ref ref, uint32_t field, value v, fault *f); /* position or E_NOT_FOUND */
int record_list_remove(records *all, record_ref ref, uint32_t field, uint32_t at);     /* the rest moves up */
int record_list_clear(records *all, record_ref ref, uint32_t field);

/* Maps. */
int record_map_get(records *all, record_ref ref, uint32_t field, value key, value *v,
                   fault *f); /* nil when it has none */
int record_map_set(records *all, record_ref ref, uint32_t field, value key, value v, fault *f); /* nil removes */
int record_map_next(records *all, record_ref ref, uint32_t field, const value *after, value *key,
                    value *v); /* 1, 0 end */
int record_map_get_at(records *all, record_ref ref, uint32_t field, uint32_t at, value *key,
                      value *v); /* by position, while nothing changes: 1, 0 end */
int record_map_count(records *all, record_ref ref, uint32_t field);
int record_map_clear(records *all, record_ref ref, uint32_t field);

/* For records.c: releases what a container cell holds; moves on a changed layout are by pointer. */
void container_free(const record_field *f, void *cell);

/* For records.c at a migration: calls fn for each indexed key that a map has. */
typedef int (*container_indexed)(void *context, uint32_t index, const value *v);
int container_indexed_values(const record_field *f, const void *cell, container_indexed fn, void *context);

#endif
