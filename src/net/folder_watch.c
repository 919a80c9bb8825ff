/* folder_watch.c: see folder_watch.h. One libuv handle a folder, one a file.
 *
 * libuv's handles close asynchronously, so each lives in memory of its own that goes when the handle has closed, and a
 * closing one is out of the list: it tells nobody anything. A folder below a watched one is found when its parent tells
 * of a name that is a folder: at once, and with everything that is in it by then, because what was put into it before
 * the watch began would otherwise never be told. */
#include "net/folder_watch.h"
#include "base/log.h"
#include "net/private.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDERS_MAX 2000
#define DEPTH_MAX   16
#define LOOK_MS     1000

typedef struct watched {
    union {
        uv_handle_t handle;
        uv_fs_event_t notices;
        uv_fs_poll_t look;
    } uv;
    folder_watch *of;
    bool folder, root; /* root: of a folder; looked at until it is there */
    bool missing;      /* a file that was not there when it was looked at last */
    int depth;
    struct watched *next;
    char path[];
} watched;

struct folder_watch {
    loop *loop;
    folder_saved saved;
    void *ctx;
    watched *first;
    unsigned folders;
    bool complained;
};

static void on_closed(uv_handle_t *h) { free(h->data); }

static void drop(watched *it) {
    folder_watch *w = it->of;
    watched **at = &w->first;
    while (*at != it) at = &(*at)->next;
    *at = it->next;
    w->folders -= it->folder;
    uv_close(&it->uv.handle, on_closed);
}

static watched *make(folder_watch *w, const char *path, bool folder, int depth) {
    size_t n = strlen(path) + 1;
    watched *it = calloc(1, sizeof *it + n);
    if (!it) return NULL;
    memcpy(it->path, path, n);
    it->of = w, it->folder = folder, it->depth = depth;
    if (folder)
        uv_fs_event_init(&w->loop->uv, &it->uv.notices);
    else
        uv_fs_poll_init(&w->loop->uv, &it->uv.look);
    it->uv.handle.data = it;
    uv_unref(&it->uv.handle);
    it->next = w->first;
    w->first = it;
    w->folders += folder;
    return it;
}

static bool is_folder(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static watched *find(const folder_watch *w, const char *path) {
    watched *it = w->first;
    while (it && !(it->folder && strcmp(it->path, path) == 0)) it = it->next;
    return it;
}

/* A folder that is gone, or is another one by now, with everything below it. */
static void forget(folder_watch *w, const char *path) {
    size_t n = strlen(path);
    for (watched *it = w->first, *next; it; it = next) {
        next = it->next;
        if (it->folder && strncmp(it->path, path, n) == 0 && (it->path[n] == 0 || it->path[n] == '/')) drop(it);
    }
}

static int watch_folder(folder_watch *w, const char *path, int depth, bool tell, fault *f);

static void on_notice(uv_fs_event_t *h, const char *name, int events, int status) {
    const watched *it = h->data;
    folder_watch *w = it->of;
    char path[PATH_MAX];
    fault f = {0};
    (void)events;
    if (status < 0 || !name || name[0] == '.') return;
    if (snprintf(path, sizeof path, "%s/%s", it->path, name) >= (int)sizeof path) return;
    int depth = it->depth; /* `it` may go */
    bool folder = is_folder(path);
    if (find(w, path) && !folder) forget(w, path);
    if (folder && !find(w, path) && watch_folder(w, path, depth + 1, true, &f) < 0 && !w->complained) {
        w->complained = true;
        log_warn("scripts", "%s; what is saved there is not noticed", f.text);
    }
    if (w->saved) w->saved(w->ctx, path);
}

/* Everything in it as well; `tell`: what is there is new. */
static int watch_below(folder_watch *w, const char *path, int depth, bool tell, fault *f) {
    int code = 0;
    DIR *d = opendir(path);
    if (!d) return 0; /* gone again */
    for (struct dirent *e; code == 0 && (e = readdir(d));) {
        char child[PATH_MAX];
        if (e->d_name[0] == '.') continue;
        if (snprintf(child, sizeof child, "%s/%s", path, e->d_name) >= (int)sizeof child) continue;
        if (is_folder(child))
            code = watch_folder(w, child, depth + 1, tell, f);
        else if (tell && w->saved)
            w->saved(w->ctx, child);
    }
    closedir(d);
    return code;
}

static int watch_folder(folder_watch *w, const char *path, int depth, bool tell, fault *f) {
    if (depth > DEPTH_MAX || w->folders >= FOLDERS_MAX)
        return fault_set(f, E_LIMIT, "%s: more than %d folders, or more than %d one inside the other", path,
                         FOLDERS_MAX, DEPTH_MAX);
    if (find(w, path)) return 0;
    watched *it = make(w, path, true, depth);
    if (!it) return fault_set(f, E_MEMORY, "out of memory");
    int rc = uv_fs_event_start(&it->uv.notices, on_notice, path, 0);
    if (rc < 0) {
        drop(it);
        return rc == UV_ENOENT ? 0 : fault_set(f, E_SYSTEM, "%s cannot be watched: %s", path, uv_strerror(rc));
    }
    return watch_below(w, path, depth, tell, f);
}

static void on_look(uv_fs_poll_t *h, int status, const uv_stat_t *before, const uv_stat_t *now) {
    watched *it = h->data;
    folder_watch *w = it->of;
    fault f = {0};
    (void)before, (void)now;
    if (!it->root) { /* libuv tells of a file that is not there as well */
        bool news = status == 0 || !it->missing;
        it->missing = status < 0;
        if (news && w->saved) w->saved(w->ctx, it->path);
        return;
    }
    watched *folder = find(w, it->path);
    if (status < 0 && folder) {
        forget(w, it->path);
        if (w->saved) w->saved(w->ctx, it->path);
    } else if (status == 0 && !folder && is_folder(it->path)) {
        if (watch_folder(w, it->path, 0, true, &f) < 0) log_warn("scripts", "%s", f.text);
        if (w->saved) w->saved(w->ctx, it->path);
    }
}

folder_watch *folder_watch_new(loop *l, folder_saved saved, void *ctx, fault *f) {
    folder_watch *w = calloc(1, sizeof *w);
    if (!w) {
        fault_set(f, E_MEMORY, "out of memory");
        return NULL;
    }
    *w = (folder_watch){.loop = l, .saved = saved, .ctx = ctx};
    return w;
}

static int look_at(folder_watch *w, const char *path, bool root, fault *f) {
    watched *it = make(w, path, false, 0);
    if (!it) return fault_set(f, E_MEMORY, "out of memory");
    it->root = root;
    it->missing = access(path, F_OK) != 0;
    int rc = uv_fs_poll_start(&it->uv.look, on_look, path, LOOK_MS);
    if (rc == 0) return 0;
    drop(it);
    return fault_set(f, E_SYSTEM, "%s cannot be watched: %s", path, uv_strerror(rc));
}

int folder_watch_folder(folder_watch *w, const char *path, fault *f) {
    int code = is_folder(path) ? watch_folder(w, path, 0, false, f) : 0;
    return code < 0 ? code : look_at(w, path, true, f);
}

int folder_watch_file(folder_watch *w, const char *path, fault *f) { return look_at(w, path, false, f); }

void folder_watch_free(folder_watch *w) {
    if (!w) return;
    while (w->first) drop(w->first);
    free(w);
}
