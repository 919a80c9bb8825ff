/* content_build_images.c: images/<name>.png → content/<name>.dds of the data folder, where the file server finds it. A
 * picture that somebody else put there is never written over: its header lacks our note. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "bind/asset_list.h"
#include "bind/content_build.h"
#include "content/image.h"

#define SLOT CONTENT_PRODUCTS

static int make_folders(char *path, fault *f) {
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        int rc = mkdir(path, 0750);
        *slash = '/';
        if (rc < 0 && errno != EEXIST)
            return fault_set(f, E_IO, "the folder of %s cannot be made: %s", path, strerror(errno));
    }
    return 0;
}

int content_write_file(const char *path, bytes text, fault *f) {
    char own[ASSET_PATH_MAX], part[ASSET_PATH_MAX + 8];
    if (snprintf(own, sizeof own, "%s", path) >= (int)sizeof own)
        return fault_set(f, E_LIMIT, "the path %.80s… is too long", path);
    int code = make_folders(own, f);
    if (code < 0) return code;
    snprintf(part, sizeof part, "%s.part", own);
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0) return fault_set(f, E_IO, "%s cannot be written: %s", part, strerror(errno));
    for (size_t at = 0; code == 0 && at < text.n;) {
        ssize_t n = write(fd, text.p + at, text.n - at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0)
            code = fault_set(f, E_IO, "%s cannot be written: %s", part, strerror(errno));
        else
            at += (size_t)n;
    }
    if (fsync(fd) < 0 && code == 0) code = fault_set(f, E_IO, "%s cannot be written: %s", part, strerror(errno));
    close(fd);
    if (code == 0 && rename(part, own) < 0)
        code = fault_set(f, E_IO, "%s cannot be put there: %s", own, strerror(errno));
    if (code < 0) unlink(part);
    return code;
}

static bool is_png(const asset *a) {
    size_t n = strlen(a->name);
    return n > 11 && strncmp(a->name, "images/", 7) == 0 && strcmp(a->name + n - 4, ".png") == 0;
}

/* The header of what is there: 1 ours and of this PNG, 0 nothing or ours of another one, -1 somebody else's. */
static int state_of(const char *path, bytes png) {
    uint8_t head[DDS_HEADER];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return errno == ENOENT ? 0 : -1;
    ssize_t n = read(fd, head, sizeof head);
    close(fd);
    dds_image i = {0};
    if (n != (ssize_t)sizeof head) return -1;
    memcpy(i.note, head + 32, DDS_NOTE);
    return !image_is_ours(&i) ? -1 : image_is_of(&i, png);
}

static void build_one(content_set *s, const asset *a, const char *data_dir, buf *png, buf *dds) {
    char path[ASSET_PATH_MAX];
    fault f;
    int n = (int)strlen(a->name) - 11; /* without images/ and .png */
    if (snprintf(path, sizeof path, "%s/assets/content/%.*s.dds", data_dir, n, a->name + 7) >= (int)sizeof path) return;
    int code = content_read_source(a, png, &f);
    if (code == 0) {
        int state = state_of(path, buf_bytes(png));
        if (state == 1) return;
        if (state < 0) {
            content_say(s, SLOT, false, "%s is not used: %s was not made by this server", a->name, path);
            return;
        }
        buf_clear(dds);
        code = image_pack(buf_bytes(png), dds, &f);
    }
    if (code == 0) code = content_write_file(path, buf_bytes(dds), &f);
    if (code < 0) {
        content_say(s, SLOT, true, "%s: %s", a->name, f.text);
        return;
    }
    s->images_made++;
    log_info("content", "%s made from %s", path, a->name);
}

void content_build_images(content_set *s, const asset_list *assets, const char *data_dir, uint64_t before) {
    buf png = {0}, dds = {0};
    uint64_t mark = 3;
    for (size_t i = 0; i < assets->count; i++)
        if (is_png(&assets->items[i])) mark = content_mark_asset(mark, &assets->items[i]);
    s->pictures = mark;
    for (size_t i = 0; data_dir && mark != before && i < assets->count; i++)
        if (is_png(&assets->items[i])) build_one(s, &assets->items[i], data_dir, &png, &dds);
    buf_free(&png);
    buf_free(&dds);
}
