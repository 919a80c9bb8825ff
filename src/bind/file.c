/* file.c: mu.file: see file.h. */
#include "bind/file.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "bind/server.h"
#include "net/loop.h"
#include "script/declare.h"
#include "script/task.h"

#define FOLDER     "files"
#define NAME_BYTES 100
#define FILE_MOST  ((size_t)16 << 20)
#define PATH_ROOM  1024

typedef struct file_job {
    engine *engine;
    task_token token;
    bool writing;
    char folder[PATH_ROOM], path[PATH_ROOM];
    char *text;
    size_t size;
    fault f; /* code 0: it went well */
} file_job;

static void job_free(void *ctx) {
    file_job *j = ctx;
    free(j->text);
    free(j);
}

/* ---- on the worker thread ---- */

static int wrong(file_job *j, const char *what) {
    return fault_set(&j->f, errno == ENOENT ? E_NOT_FOUND : E_IO, "%s: %s", what, strerror(errno));
}

static void write_it(file_job *j) {
    if (mkdir(j->folder, 0700) < 0 && errno != EEXIST)
        wrong(j, j->folder);
    else
        file_write(j->path, j->text, j->size, true, &j->f); /* notes its own code */
}

static void read_file(file_job *j) {
    int fd = open(j->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0) {
        wrong(j, j->path);
    } else if (!S_ISREG(st.st_mode)) {
        fault_set(&j->f, E_IO, "%s is no file", j->path);
    } else if ((size_t)st.st_size > FILE_MOST) {
        fault_set(&j->f, E_LIMIT, "%s is larger than %zu MiB", j->path, FILE_MOST >> 20);
    } else if (!(j->text = malloc((size_t)st.st_size + 1))) {
        fault_set(&j->f, E_MEMORY, "no memory for %s", j->path);
    } else {
        while (j->size < (size_t)st.st_size) {
            ssize_t k = read(fd, j->text + j->size, (size_t)st.st_size - j->size);
            if (k < 0 && errno == EINTR) continue;
            if (k < 0) wrong(j, j->path);
            if (k <= 0) break;
            j->size += (size_t)k;
        }
    }
    if (fd >= 0) close(fd);
}

static void job_work(void *ctx) {
    file_job *j = ctx;
    if (j->writing)
        write_it(j);
    else
        read_file(j);
}

/* ---- on the loop thread ---- */

static int push_result(lua_State *L, void *ctx) {
    const file_job *j = ctx;
    if (j->f.code) {
        lua_pushnil(L);
        lua_pushstring(L, j->f.text);
        return 2;
    }
    if (j->writing)
        lua_pushstring(L, j->path);
    else
        lua_pushlstring(L, j->text, j->size);
    return 1;
}

static void job_done(void *ctx) {
    file_job *j = ctx;
    task_wake(j->engine, j->token, push_result, j, job_free);
}

static bool good_name(const char *name, size_t n) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    return n > 0 && n <= NAME_BYTES && name[0] != '.' && strspn(name, letters) == n;
}

/* NULL: no memory, or the path is too long. */
static file_job *job_new(const server *s, const char *name, const char *text, size_t size) {
    file_job *j = calloc(1, sizeof *j);
    if (!j) return NULL;
    j->engine = s->engine;
    j->writing = text != NULL;
    if (text && !(j->text = malloc(size + 1))) goto fail;
    if (text) memcpy(j->text, text, size), j->size = size;
    snprintf(j->folder, sizeof j->folder, "%s/" FOLDER, s->data_dir);
    if (snprintf(j->path, sizeof j->path, "%s/" FOLDER "/%s", s->data_dir, name) < (int)sizeof j->path) return j;
fail:
    job_free(j);
    return NULL;
}

static int start(lua_State *L, const char *what, bool writing) {
    server *s = server_of(L);
    size_t n, size = 0;
    const char *name = lua_tolstring(L, 1, &n), *text = writing ? lua_tolstring(L, 2, &size) : NULL;
    if (!s || !s->loop || !s->data_dir) return luaL_error(L, "%s: this program has no data folder", what);
    if (!good_name(name, n)) {
        return luaL_error(L, "%s: a file's name has letters, digits, '_', '-' and '.', not at its beginning", what);
    }
    if (size > FILE_MOST) return luaL_error(L, "%s: a file has at most %d MiB", what, (int)(FILE_MOST >> 20));
    task_token token = task_suspend(L, what);
    file_job *j = job_new(s, name, text, size);
    if (j) j->token = token;
    if (j && loop_work(s->loop, job_work, job_done, j) == 0) return task_yield(L, token);
    if (j) job_free(j);
    task_suspend_cancel(L, token);
    return luaL_error(L, "%s: no memory, no worker thread, or the path of the data folder is too long", what);
}

static int l_write(lua_State *L) { return start(L, "mu.file.write", true); }
static int l_read(lua_State *L) { return start(L, "mu.file.read", false); }

static const script_function functions[] = {
    {.name = "mu.file.write",
     .params = "name: string, text: string",
     .returns = "string|nil, string?",
     .text =
         "Writes data/files/<name>, whole or not at all, and returns its path once it is on disk; nil and a sentence "
         "when that failed. At most 16 MiB.",
     .errors = "a name with anything but letters, digits, '_', '-' and '.'",
     .example = "local path = mu.file.write(\"example.json\", \"{}\")",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = l_write},
    {.name = "mu.file.read",
     .params = "name: string",
     .returns = "string|nil, string?",
     .text = "What is in data/files/<name>; nil and a sentence when it cannot be read.",
     .errors = "a name with anything but letters, digits, '_', '-' and '.'",
     .example = "local text, why = mu.file.read \"example.json\"",
     .since = "0.1",
     .flags = SCRIPT_SUSPENDS,
     .call = l_read},
};

static int file_open(generation *g, lua_State *L) {
    return script_declare(L, functions, sizeof functions / sizeof *functions);
}

const script_module module_file = {.name = "file", .open = file_open};
