/* fault.h: what went wrong, as one number and one sentence.
 *
 * Functions that can fail return 0 or a negative `E_…` code of the single list below. Where a caller may want to
 * know more, the function takes a `fault *` (may be NULL) and leaves a sentence in it that a person can act on:
 * what happened, where, what to do.
 *
 *     fault f;
 *     if (store_open(&s, path, &f) < 0) log_error("store", "%s", f.text);
 *
 * The short names (`fault_name`) are what logs, counters and tests use; the codec names are those of reference 01 §6.4.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stddef.h>

#define FAULT_LIST(X)                                                                                                  \
    X(E_MEMORY, "out_of_memory")                                                                                       \
    X(E_ARGUMENT, "bad_argument")                                                                                      \
    X(E_LIMIT, "limit_exceeded")                                                                                       \
    X(E_STALE, "stale_handle")                                                                                         \
    X(E_NOT_FOUND, "not_found")                                                                                        \
    X(E_EXISTS, "already_exists")                                                                                      \
    X(E_TYPE, "wrong_type")                                                                                            \
    X(E_SYSTEM, "system_error")                                                                                        \
    X(E_IO, "io_error")                                                                                                \
    X(E_BUSY, "busy")                                                                                                  \
    X(E_TIMEOUT, "timeout")                                                                                            \
    X(E_CANCELLED, "cancelled")                                                                                        \
    X(E_CLOSED, "closed")                                                                                              \
    X(E_SLOW_PEER, "slow_peer")                                                                                        \
    X(E_PROTOCOL, "protocol_violation")                                                                                \
    X(E_CONFIG, "bad_config")                                                                                          \
    /* frames and TDF, reference 01 §6.4 */                                                                           \
    X(E_INCOMPLETE, "incomplete")                                                                                      \
    X(E_TRUNCATED, "truncated")                                                                                        \
    X(E_VARINT_OVERFLOW, "varint_overflow")                                                                            \
    X(E_BAD_TAG, "bad_tag")                                                                                            \
    X(E_UNKNOWN_TYPE, "unknown_type")                                                                                  \
    X(E_BAD_KEY_TYPE, "bad_key_type")                                                                                  \
    X(E_LENGTH_EXCEEDS_DATA, "length_exceeds_data")                                                                    \
    X(E_NEGATIVE_LENGTH, "negative_length")                                                                            \
    X(E_COUNT_EXCEEDS_DATA, "count_exceeds_data")                                                                      \
    X(E_STRING_NO_NUL, "string_no_nul")                                                                                \
    X(E_BAD_UNION, "bad_union")                                                                                        \
    X(E_BAD_VARIABLE, "bad_variable")                                                                                  \
    X(E_TOO_DEEP, "too_deep")                                                                                          \
    X(E_TOO_MANY, "too_many_values")                                                                                   \
    X(E_TRAILING_DATA, "trailing_data")                                                                                \
    X(E_BAD_FRAME_TYPE, "bad_frame_type")                                                                              \
    X(E_FRAME_TOO_LARGE, "frame_too_large")                                                                            \
    X(E_DUPLICATE_TAG, "duplicate_tag")                                                                                \
    X(E_DUPLICATE_KEY, "duplicate_key")                                                                                \
    X(E_EMBEDDED_NUL, "embedded_nul")                                                                                  \
    /* SSLv3 and TLS */                                                                                                \
    X(E_HANDSHAKE, "handshake_failed")                                                                                 \
    X(E_BAD_RECORD, "bad_record")                                                                                      \
    X(E_BAD_MAC, "bad_record_mac")                                                                                     \
    X(E_ALERT, "fatal_alert")                                                                                          \
    /* HTTP */                                                                                                         \
    X(E_BAD_REQUEST, "bad_request")                                                                                    \
    /* store */                                                                                                        \
    X(E_SQL, "sql_error")                                                                                              \
    X(E_CONSTRAINT, "constraint")                                                                                      \
    X(E_MIGRATION, "migration_failed")                                                                                 \
    /* script engine */                                                                                                \
    X(E_SCRIPT, "script_error")                                                                                        \
    X(E_KILLED, "script_killed")                                                                                       \
    X(E_LOAD, "load_error")

enum fault_code {
    E_NONE_ = -1000, /* codes count up from here and stay negative */
#define X(code, name) code,
    FAULT_LIST(X)
#undef X
        E_END_
};

typedef struct fault {
    int code;       /* 0 or an E_ code */
    int offset;     /* byte of the input at which a decoder stopped; -1 where there is none */
    char text[504]; /* one sentence, NUL-terminated, "" when there is none */
} fault;

/* Short name of a code, e.g. "bad_tag"; "ok" for 0, "unknown" for a number outside the list. Static storage. */
const char *fault_name(int code);

/* Fills *f (may be NULL) with code and a printf-style sentence; returns code so that it can be used in `return`. */
int fault_set(fault *f, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
