/* asset_list.c: walks the assets folders. */
#include "bind/asset_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int compare(const void *a, const void *b) { return strcmp(((const asset *)a)->name, ((const asset *)b)->name); }

static bool fit_name(const char *name) {
    if (name[0] == '.') return false;
    for (const char *p = name; *p; p++) {
        char c = *p;
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("._-", c)))
            return false;
    }
    return true;
}

static int add(asset_list *list, const char *name, const char *path, const struct stat *st, fault *f) {
    if (list->count == ASSETS_MAX) return fault_set(f, E_LIMIT, "more than %d files in the assets folders", ASSETS_MAX);
    if (list->count == list->room) {
        size_t room = list->room ? 2 * list->room : 64;
        asset *items = realloc(list->items, room * sizeof *items);
        if (!items) return fault_set(f, E_MEMORY, "out of memory");
        list->items = items;
        list->room = room;
    }
    asset a = {.name = strdup(name),
               .path = strdup(path),
               .size = (uint64_t)st->st_size,
               .modified = st->st_mtime,
               .changed = (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec};
    if (!a.name || !a.path) {
        free(a.name);
        free(a.path);
        return fault_set(f, E_MEMORY, "out of memory");
    }
    list->items[list->count++] = a;
    return 0;
}

/* `before`: how many items were there, in order, before this folder. */
static int walk(asset_list *list, size_t before, const char *folder, const char *below, int depth, fault *f) {
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* opendir, in a way that ThreadSanitizer sees */
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d && fd >= 0) close(fd);
    if (!d && errno == ENOENT && depth == 0) return 0;
    if (!d) return fault_set(f, E_IO, "the folder %s cannot be read: %s", folder, strerror(errno));
    int code = 0;
    for (struct dirent *e; code == 0 && (e = readdir(d));) {
        if (!fit_name(e->d_name)) continue;
        char path[ASSET_PATH_MAX], name[ASSET_PATH_MAX];
        int a = snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        int b = snprintf(name, sizeof name, "%s%s%s", below, *below ? "/" : "", e->d_name);
        struct stat st;
        if ((size_t)a >= sizeof path || (size_t)b >= sizeof name || depth == ASSET_DEPTH_MAX) {
            code = fault_set(f, E_LIMIT, "%s/%s: its name is too long or it lies too deep", folder, e->d_name);
        } else if (lstat(path, &st) < 0) {
            if (errno != ENOENT) code = fault_set(f, E_IO, "%s cannot be read: %s", path, strerror(errno));
        } else if (S_ISDIR(st.st_mode)) {
            code = walk(list, before, path, name, depth + 1, f);
        } else if (S_ISREG(st.st_mode)) {
            asset wanted = {.name = name};
            if (!before || !bsearch(&wanted, list->items, before, sizeof wanted, compare))
                code = add(list, name, path, &st, f);
        }
    }
    closedir(d);
    return code;
}

int asset_list_read(asset_list *list, const char *folder, fault *f) {
    int code = walk(list, list->count, folder, "", 0, f);
    if (list->count) qsort(list->items, list->count, sizeof *list->items, compare);
    return code;
}

const asset *asset_find(const asset_list *list, const char *name) {
    asset wanted = {.name = (char *)name};
    return list->count ? bsearch(&wanted, list->items, list->count, sizeof wanted, compare) : NULL;
}

void asset_list_free(asset_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].name);
        free(list->items[i].path);
    }
    free(list->items);
    *list = (asset_list){0};
}

int asset_read(const asset *a, void *to, fault *f) {
    int fd = open(a->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), code = 0;
    if (fd < 0) return fault_set(f, E_IO, "%s cannot be read: %s", a->name, strerror(errno));
    struct stat st;
    size_t at = 0;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size != a->size) {
        code = fault_set(f, E_IO, "%s is being changed", a->name);
        goto out;
    }
    while (at < a->size) {
        ssize_t n = read(fd, (char *)to + at, a->size - at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            code =
                fault_set(f, E_IO, "%s cannot be read: %s", a->name, n < 0 ? strerror(errno) : "it is being changed");
            goto out;
        }
        at += (size_t)n;
    }
out:
    close(fd);
    return code;
}
