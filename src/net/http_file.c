/* http_file.c: see http_file.h. What is malformed in a condition or a range is as if it were not there. */
#include "net/http_file.h"

#include <string.h>
#include <strings.h>
#include <time.h>

void http_date_write(int64_t unix_seconds, char text[HTTP_DATE_ROOM]) {
    time_t t = (time_t)unix_seconds;
    struct tm at;
    if (!gmtime_r(&t, &at) || !strftime(text, HTTP_DATE_ROOM, "%a, %d %b %Y %H:%M:%S GMT", &at)) text[0] = 0;
}

bool http_date_read(bytes text, int64_t *unix_seconds) {
    static const char *const forms[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                        "%a %b %d %H:%M:%S %Y"};
    char line[64];
    if (!text.n || text.n >= sizeof line) return false;
    memcpy(line, text.p, text.n);
    line[text.n] = 0;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm at = {0};
        const char *end = strptime(line, forms[i], &at);
        if (!end || *end) continue;
        *unix_seconds = (int64_t)timegm(&at);
        return true;
    }
    return false;
}

static bytes trim(bytes b) {
    while (b.n && (b.p[0] == ' ' || b.p[0] == '\t')) b.p++, b.n--;
    while (b.n && (b.p[b.n - 1] == ' ' || b.p[b.n - 1] == '\t')) b.n--;
    return b;
}

static bool is_tag(bytes b, const char *etag) { return b.n == strlen(etag) && memcmp(b.p, etag, b.n) == 0; }

/* Is etag in the list? Quoted texts may hold commas. `weak`: W/"x" is as good as "x". */
static bool lists_tag(bytes list, const char *etag, bool weak) {
    list = trim(list);
    if (list.n == 1 && list.p[0] == '*') return true;
    while (list.n) {
        bool is_weak = list.n > 2 && list.p[0] == 'W' && list.p[1] == '/';
        bytes one = is_weak ? (bytes){list.p + 2, list.n - 2} : list;
        const uint8_t *end = one.n && one.p[0] == '"' ? memchr(one.p + 1, '"', one.n - 1) : NULL;
        if (!end) return false;
        one.n = (size_t)(end + 1 - one.p);
        if ((weak || !is_weak) && is_tag(one, etag)) return true;
        list = trim((bytes){end + 1, list.n - (size_t)(end + 1 - list.p)});
        if (list.n && list.p[0] != ',') return false;
        while (list.n && list.p[0] == ',') list = trim((bytes){list.p + 1, list.n - 1});
    }
    return false;
}

/* 0, or the status that a condition ends with (RFC 9110 §13.2.2). */
static int conditions(const http_request *r, const http_file_view *v) {
    bytes header = http_request_header(r, "if-match");
    int64_t since;
    if (header.p) {
        if (!lists_tag(header, v->etag, false)) return 412;
    } else if (http_date_read(http_request_header(r, "if-unmodified-since"), &since) && v->modified > since) {
        return 412;
    }
    header = http_request_header(r, "if-none-match");
    if (header.p) return lists_tag(header, v->etag, true) ? 304 : 0;
    if (http_date_read(http_request_header(r, "if-modified-since"), &since) && v->modified <= since) return 304;
    return 0;
}

/* Digits at the front of *b, up to 18 of them; false when there are none or more. */
static bool take_number(bytes *b, uint64_t *n) {
    size_t at = 0;
    for (*n = 0; at < b->n && b->p[at] >= '0' && b->p[at] <= '9'; at++) {
        if (at == 18) return false;
        *n = *n * 10 + (uint64_t)(b->p[at] - '0');
    }
    b->p += at, b->n -= at;
    return at > 0;
}

/* 200: no range that counts; 206; 416. */
static int range(bytes text, size_t size, http_file_part *part) {
    if (text.n < 6 || strncasecmp((const char *)text.p, "bytes=", 6) != 0) return 200;
    text = trim((bytes){text.p + 6, text.n - 6});
    uint64_t from, to;
    if (text.n && text.p[0] == '-') { /* the last so many */
        text.p++, text.n--;
        if (!take_number(&text, &to) || text.n) return 200;
        if (!to || !size) return 416;
        part->n = to < size ? (size_t)to : size;
        part->from = size - part->n;
        return 206;
    }
    if (!take_number(&text, &from) || !text.n || text.p[0] != '-') return 200;
    text.p++, text.n--;
    if (!text.n)
        to = UINT64_MAX - 1;
    else if (!take_number(&text, &to) || text.n || to < from)
        return 200;
    if (from >= size) return 416;
    part->from = (size_t)from;
    part->n = (to < size ? (size_t)to + 1 : size) - part->from;
    return 206;
}

/* Does the peer's copy, of which it wants a part, belong to this file? */
static bool same_copy(bytes if_range, const http_file_view *v) {
    int64_t date;
    if (!if_range.p || is_tag(if_range, v->etag)) return true;
    return http_date_read(if_range, &date) && date == v->modified;
}

int http_file_choose(const http_request *r, const http_file_view *v, http_file_part *part) {
    *part = (http_file_part){0, 0};
    int status = conditions(r, v);
    if (status) return status;
    bytes wanted = http_request_header(r, "range");
    status = 200;
    if (wanted.p && !r->head && same_copy(http_request_header(r, "if-range"), v)) status = range(wanted, v->size, part);
    if (status == 200) *part = (http_file_part){0, v->size};
    return status;
}
