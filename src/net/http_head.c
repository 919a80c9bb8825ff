/* http_head.c: see http_head.h. */
#include "net/http_head.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* RFC 9110's tchar */
static bool is_token_char(uint8_t c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

bool http_is_token(bytes name) {
    for (size_t i = 0; i < name.n; i++)
        if (!is_token_char(name.p[i])) return false;
    return name.n > 0;
}

bool http_is_value(bytes value) {
    for (size_t i = 0; i < value.n; i++)
        if ((value.p[i] < 0x20 && value.p[i] != '\t') || value.p[i] == 0x7f) return false;
    return true;
}

/* One whole line after the first: "name:" at its start. */
static int check_field(const uint8_t *line, size_t n) {
    if (line[0] == ' ' || line[0] == '\t') return -400; /* folded */
    const uint8_t *colon = memchr(line, ':', n);
    return colon && http_is_token((bytes){line, (size_t)(colon - line)}) ? 0 : -400;
}

int http_scan_head(http_scan *scan, bytes in, size_t max_head, size_t max_headers) {
    for (; scan->at < in.n; scan->at++) {
        uint8_t c = in.p[scan->at];
        size_t column = scan->at - scan->line;
        if (scan->at >= max_head) return -431;
        if (c == '\n') {
            if (!column || in.p[scan->at - 1] != '\r') return -400;
            size_t length = column - 1;
            if (!length) return scan->lines ? (int)++scan->at : -400;
            if (scan->lines > 0 && check_field(in.p + scan->line, length) < 0) return -400;
            if (scan->lines > max_headers) return -431;
            scan->lines++;
            scan->line = scan->at + 1;
            continue;
        }
        if (column && in.p[scan->at - 1] == '\r') return -400; /* CR and not LF */
        if (c == '\r') continue;
        if ((c < 0x20 && !(c == '\t' && scan->lines)) || c == 0x7f || (c >= 0x80 && !scan->lines)) return -400;
        if (!scan->lines && column >= HTTP_MAX_LINE) return -414;
        if (scan->lines && !column && (c == ' ' || c == '\t')) return -400;
    }
    return 0;
}

/* -- llhttp's callbacks ------------------------------------------------------------------------------------------- */

static int extend(bytes *b, const char *p, size_t n) {
    if (b->p && b->p + b->n != (const uint8_t *)p) return -1;
    if (!b->p) b->p = (const uint8_t *)p;
    b->n += n;
    return 0;
}

static int on_target(llhttp_t *p, const char *at, size_t n) { return extend(&((http_message *)p)->target, at, n); }

static int on_field(llhttp_t *p, const char *at, size_t n) {
    http_message *m = (http_message *)p;
    if (m->head_done) return 0; /* a trailer: read, not kept */
    http_header *last = m->header_count ? &m->headers[m->header_count - 1] : NULL;
    if (last && !last->value.p && last->name.p + last->name.n == (const uint8_t *)at) return extend(&last->name, at, n);
    if (m->header_count == m->header_room) return -1;
    last = &m->headers[m->header_count++];
    *last = (http_header){.name = {(const uint8_t *)at, n}};
    return 0;
}

static int on_value(llhttp_t *p, const char *at, size_t n) {
    http_message *m = (http_message *)p;
    if (m->head_done) return 0;
    return m->header_count ? extend(&m->headers[m->header_count - 1].value, at, n) : -1;
}

static int on_head(llhttp_t *p) {
    http_message *m = (http_message *)p;
    m->head_done = true;
    if (p->type == HTTP_REQUEST) p->upgrade = 0; /* whether a connection is handed over is decided by the reply */
    return 0;
}

static int on_body(llhttp_t *p, const char *at, size_t n) {
    http_message *m = (http_message *)p;
    if (m->body.n + n > m->max_body) {
        m->too_large = true;
        return -1;
    }
    buf_put(&m->body, at, n);
    return m->body.failed ? -1 : 0;
}

static int on_complete(llhttp_t *p) {
    ((http_message *)p)->complete = true;
    return HPE_PAUSED;
}

static llhttp_settings_t settings;
static pthread_once_t settings_once = PTHREAD_ONCE_INIT;

static void make_settings(void) {
    llhttp_settings_init(&settings);
    settings.on_url = on_target;
    settings.on_header_field = on_field;
    settings.on_header_value = on_value;
    settings.on_headers_complete = on_head;
    settings.on_body = on_body;
    settings.on_message_complete = on_complete;
}

/* -- messages ----------------------------------------------------------------------------------------------------- */

http_message *http_message_new(llhttp_type_t type, bytes head, const http_scan *scan, size_t extra) {
    pthread_once(&settings_once, make_settings);
    size_t lines = scan->lines ? scan->lines - 1 : 0;
    size_t list = lines * sizeof(http_header);
    uint8_t *block = calloc(1, extra + sizeof(http_message) + list);
    char *text = malloc(head.n + 1);
    if (!block || !text) {
        free(block);
        free(text);
        return NULL;
    }
    http_message *m = (http_message *)(block + extra);
    m->headers = (http_header *)(m + 1);
    m->header_room = lines;
    m->head = text;
    m->head_length = head.n;
    m->response = type == HTTP_RESPONSE;
    memcpy(text, head.p, head.n);
    text[head.n] = 0;
    llhttp_init(&m->parser, type, &settings);
    return m;
}

void http_message_free(http_message *m, size_t extra) {
    if (!m) return;
    buf_free(&m->body);
    free(m->head);
    free((uint8_t *)m - extra);
}

bytes http_message_header(const http_header *headers, size_t count, const char *lower_name, size_t *times) {
    bytes found = {0};
    size_t n = strlen(lower_name), seen = 0;
    for (size_t i = 0; i < count; i++) {
        if (headers[i].name.n != n || memcmp(headers[i].name.p, lower_name, n) != 0) continue;
        if (!seen++) found = headers[i].value;
    }
    if (times) *times = seen;
    return found;
}

/* The parts point into our own copy of the head, so they can be made lower-case and NUL-terminated in place. The byte
 * behind a name is its colon, the one behind a value a blank or its CR. */
static void tidy(http_message *m) {
    for (size_t i = 0; i < m->header_count; i++) {
        http_header *h = &m->headers[i];
        uint8_t *name = (uint8_t *)h->name.p, *value = (uint8_t *)h->value.p;
        for (size_t k = 0; k < h->name.n; k++) name[k] = (uint8_t)tolower(name[k]);
        name[h->name.n] = 0;
        while (h->value.n && (value[h->value.n - 1] == ' ' || value[h->value.n - 1] == '\t')) h->value.n--;
        if (h->value.n)
            value[h->value.n] = 0;
        else
            h->value.p = name + h->name.n; /* llhttp points an empty one at the next line */
    }
}

/* A first line that names a version: then what is wrong with it may be named; else it is no request at all. */
static bool names_version(const http_message *m) {
    const char *end = memchr(m->head, '\r', m->head_length);
    return end && memmem(m->head, (size_t)(end - m->head), " HTTP/", 6);
}

static int status_of_error(const http_message *m, int error) {
    if (m->too_large) return -413;
    if (m->body.failed) return -503;
    if (m->response || !names_version(m)) return -400;
    if (error == HPE_PAUSED_H2_UPGRADE || error == HPE_INVALID_VERSION) return -505;
    if (error == HPE_INVALID_METHOD) return -501;
    return -400;
}

/* What llhttp lets pass, or reads differently from one version to the next. */
static int check_framing(http_message *m) {
    size_t lengths, codings, hosts;
    const llhttp_t *p = &m->parser;
    bytes length = http_message_header(m->headers, m->header_count, "content-length", &lengths);
    bytes coding = http_message_header(m->headers, m->header_count, "transfer-encoding", &codings);
    bytes host = http_message_header(m->headers, m->header_count, "host", &hosts);
    if (p->http_major != 1 || p->http_minor > 1) return m->response || names_version(m) ? -505 : -400;
    if (lengths > 1 || codings > 1 || (lengths && codings)) return -400;
    for (size_t i = 0; i < length.n; i++)
        if (length.p[i] < '0' || length.p[i] > '9') return -400;
    if (lengths && !length.n) return -400;
    if (codings && p->http_minor == 0) return -400;
    m->chunked = codings && coding.n == 7 && strncasecmp((const char *)coding.p, "chunked", 7) == 0;
    if (codings && !m->chunked) return m->response ? -400 : -501;
    if (m->response) return 0;
    if (hosts > 1 || (p->http_minor == 1 && !hosts)) return -400;
    for (size_t i = 0; i < host.n; i++)
        if (host.p[i] <= ' ' || host.p[i] == ',' || host.p[i] == '/') return -400;
    if (p->method == HTTP_CONNECT || p->method > HTTP_SOURCE) return -501; /* not HTTP/1.1 as a server serves it */
    return m->target.n ? 0 : -400;
}

int http_message_head(http_message *m) {
    llhttp_errno_t e = llhttp_execute(&m->parser, m->head, m->head_length);
    if (e != HPE_OK && !(e == HPE_PAUSED && m->complete)) {
        m->failed = true;
        return status_of_error(m, e);
    }
    if (!m->head_done && !m->response && strncmp(m->head, "PRI * HTTP/2.0\r\n", 16) == 0) return -505;
    if (!m->head_done || m->header_count != m->header_room) return -400; /* the two readers disagree */
    tidy(m);
    return check_framing(m);
}

int http_message_body(http_message *m, bytes in) {
    if (m->complete) return 0;
    if (in.n > (1 << 20)) in.n = 1 << 20;
    llhttp_errno_t e = llhttp_execute(&m->parser, (const char *)in.p, in.n);
    size_t used = in.n;
    if (e == HPE_PAUSED && m->complete)
        used = (size_t)(llhttp_get_error_pos(&m->parser) - (const char *)in.p);
    else if (e != HPE_OK)
        return status_of_error(m, e);
    m->wire += used;
    for (size_t i = used > 4 ? used - 4 : 0; i < used; i++) m->last_wire = m->last_wire << 8 | in.p[i];
    if (m->chunked && m->complete && m->last_wire != 0x0d0a0d0a) return -400; /* llhttp takes a bare LF there */
    if (m->wire > 8 * m->max_body + 65536) return -413;                       /* frames and trailers without end */
    return (int)used;
}

int http_message_end(http_message *m) {
    if (m->complete) return 0;
    llhttp_errno_t e = llhttp_finish(&m->parser);
    return (e == HPE_OK || e == HPE_PAUSED) && m->complete ? 0 : -400;
}
