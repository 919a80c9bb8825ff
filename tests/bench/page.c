/* page.c: HTTP/1.1 with "connection: close", read to the end; a line that begins with the sample's name (page.h). It
 * does not know the format any better: tests/peers reads the page with a real parser. */
#include "bench/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "bench/wire.h"

#define PAGE_MAX ((size_t)4 << 20)

static int fetch(int port, const char *path, int seconds, buf *page, fault *f) {
    char request[300];
    struct timeval patience = {.tv_sec = seconds};
    int n = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n", path);
    int rc = 0, fd = n < (int)sizeof request ? wire_open(port, DOOR_RAW, f) : E_LIMIT;
    if (fd < 0) return fd;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (send(fd, request, (size_t)n, MSG_NOSIGNAL) != n)
        rc = fault_set(f, E_CLOSED, "%s was not to be asked for", path);
    for (ssize_t got = 1; rc == 0 && got > 0 && page->n < PAGE_MAX;) {
        if (!buf_reserve(page, 65536)) rc = E_MEMORY;
        if (rc == 0 && (got = recv(fd, page->p + page->n, page->cap - page->n - 1, 0)) > 0) page->n += (size_t)got;
        if (got < 0) rc = fault_set(f, E_TIMEOUT, "%s did not come whole", path);
    }
    close(fd);
    return rc;
}

int page_figure(int port, const char *sample, double *out, fault *f) {
    buf page = {0};
    char wanted[128];
    int rc = fetch(port, "/metrics", 10, &page, f);
    snprintf(wanted, sizeof wanted, "\n%s ", sample);
    const char *at = rc == 0 ? memmem(page.p, page.n, wanted, strlen(wanted)) : NULL;
    if (at) {
        page.p[page.n] = 0; /* fetch leaves room for it */
        *out = strtod(at + strlen(wanted), NULL);
    } else if (rc == 0)
        rc = fault_set(f, E_NOT_FOUND, "the page of metrics has no %s", sample);
    buf_free(&page);
    return rc;
}

int page_get(int port, const char *path, char *out, size_t size, fault *f) {
    buf page = {0};
    int rc = fetch(port, path, 30, &page, f);
    size_t n = page.n < size - 1 ? page.n : size - 1;
    if (page.p) memcpy(out, page.p, n);
    out[page.p ? n : 0] = 0;
    buf_free(&page);
    return rc;
}
