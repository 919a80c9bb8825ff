/* content_tool.c: see content_tool.h. What a file is, its first bytes say, not its name; what is to be made, the name
 * of the result says. Everything is checked before anything is written. No script runs: what a server would change of a
 * live configuration by its balance scripts is not in the result, and that is said. */
#include "content_tool.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bind/content_build.h"
#include "codec/chunk.h"
#include "content/image.h"
#include "content/ini.h"
#include "content/interchange.h"
#include "content/talk.h"

bool content_tool_wants(int argc, char **argv) {
    return argc == 4 && (strcmp(argv[1], "extract") == 0 || strcmp(argv[1], "build") == 0);
}

static bool ends_with(const char *name, const char *ending) {
    size_t n = strlen(name), m = strlen(ending);
    return n > m && strcmp(name + n - m, ending) == 0;
}

static int read_whole(const char *path, buf *out, fault *f) {
    FILE *file = fopen(path, "rbe");
    if (!file) return fault_set(f, E_IO, "%s cannot be read: %s", path, strerror(errno));
    out->max = CONTENT_SOURCE_MAX;
    uint8_t piece[65536];
    for (size_t n; (n = fread(piece, 1, sizeof piece, file)) > 0;) buf_put(out, piece, n);
    int code = ferror(file)  ? fault_set(f, E_IO, "%s cannot be read: %s", path, strerror(errno))
               : out->failed ? fault_set(f, E_LIMIT, "%s is larger than %zu MiB", path, CONTENT_SOURCE_MAX >> 20)
                             : 0;
    fclose(file);
    return code;
}

static int write_whole(const char *path, const buf *text, fault *f) {
    int code = content_write_file(path, buf_bytes(text), f);
    if (code == 0) printf("written: %s, %zu bytes\n", path, text->n);
    return code;
}

/* ── extract ─────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int extract_configuration(const coalesced *c, const char *folder, fault *f) {
    buf text = {0};
    int code = ini_check(c, f);
    for (const coalesced_node *n = c->root.first; code == 0 && n; n = n->next) {
        char name[128], path[4096];
        ini_name(n->name, name, sizeof name);
        snprintf(path, sizeof path, "%s/%s%s", folder, name, ends_with(name, ".ini") ? "" : ".ini");
        buf_clear(&text);
        code = ini_write(n, &text, f);
        if (code == 0) code = write_whole(path, &text, f);
    }
    buf_free(&text);
    return code;
}

static int extract_talk(bytes in, const char *source, const char *folder, fault *f) {
    tlk t;
    buf text = {0};
    const char *slash = strrchr(source, '/'), *base = slash ? slash + 1 : source, *dot = strrchr(base, '.');
    char path[4096];
    snprintf(path, sizeof path, "%s/%.*s.txt", folder, (int)(dot ? dot - base : (ptrdiff_t)strlen(base)), base);
    tlk_init(&t);
    int code = tlk_read(&t, in, f);
    if (code == 0) code = talk_write(&t, &text, f);
    if (code == 0) code = write_whole(path, &text, f);
    tlk_free(&t);
    buf_free(&text);
    return code;
}

static int read_configuration(coalesced *c, bytes in, fault *f) {
    bool json = in.n && memchr("{ \t\r\n", in.p[0], 5);
    return json ? interchange_read(c, in, f) : coalesced_read(c, in, f);
}

static int extract(const char *source, const char *folder, fault *f) {
    buf file = {0}, plain = {0};
    coalesced c;
    coalesced_init(&c);
    int code = read_whole(source, &file, f);
    bytes in = buf_bytes(&file);
    if (code == 0 && nibc_is(in)) {
        code = nibc_unpack(in, &plain, f);
        in = buf_bytes(&plain);
    }
    if (code < 0) goto out;
    if (in.n >= 4 && memcmp(in.p, "Tlk", 4) == 0) {
        code = extract_talk(in, source, folder, f);
        goto out;
    }
    code = read_configuration(&c, in, f);
    if (code == 0) code = extract_configuration(&c, folder, f);
out:
    coalesced_free(&c);
    buf_free(&file), buf_free(&plain);
    return code;
}

/* ── build ───────────────────────────────────────────────────────────────────────────────────────────────────────── */

static int is_text(const struct dirent *e) { return ends_with(e->d_name, ".ini"); }

/* names[i] lives as long as c: origins point to it. */
static int read_folder(coalesced *c, const char *folder, struct dirent **names, int count, fault *f) {
    buf text = {0};
    int code = count > 0 ? 0 : fault_set(f, E_NOT_FOUND, "there is no .ini in %s", folder);
    for (int i = 0; code == 0 && i < count; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        buf_clear(&text);
        code = read_whole(path, &text, f);
        if (code == 0) code = ini_read(c, names[i]->d_name, buf_bytes(&text), f);
    }
    buf_free(&text);
    return code;
}

static int write_configuration(const coalesced *c, const char *target, fault *f) {
    buf out = {0};
    int code = ends_with(target, ".json") ? interchange_write(c, &out, f) : coalesced_write(c, &out, f);
    if (code == 0) code = write_whole(target, &out, f);
    if (code == 0)
        puts("without what scripts/balance/ changes: a server merges that into assets/game/ when it builds (on its "
             "console: content build)");
    buf_free(&out);
    return code;
}

static int build_folder(const char *folder, const char *target, fault *f) {
    struct dirent **names = NULL;
    coalesced c;
    coalesced_init(&c);
    int count = scandir(folder, &names, is_text, alphasort);
    int code = read_folder(&c, folder, names, count, f);
    if (code == 0) code = write_configuration(&c, target, f);
    coalesced_free(&c);
    for (int i = 0; i < count; i++) free(names[i]);
    free(names);
    return code;
}

/* The language of a talk table is its file's name: de.txt. */
static int build_talk(bytes in, const char *source, buf *out, fault *f) {
    const char *slash = strrchr(source, '/');
    char language[8];
    tlk t;
    tlk_init(&t);
    snprintf(language, sizeof language, "%.2s", slash ? slash + 1 : source);
    int code = talk_read(&t, source, in, f);
    if (code == 0) code = talk_complete(&t, language, f);
    if (code == 0) code = tlk_write(&t, out, f);
    tlk_free(&t);
    return code;
}

static int build_file(const char *source, const char *target, fault *f) {
    buf in = {0}, out = {0};
    coalesced c;
    coalesced_init(&c);
    int code = read_whole(source, &in, f);
    if (code == 0 && ends_with(source, ".png")) {
        code = image_pack(buf_bytes(&in), &out, f);
    } else if (code == 0 && ends_with(source, ".txt")) {
        code = build_talk(buf_bytes(&in), source, &out, f);
    } else if (code == 0) {
        bool text = ends_with(source, ".ini");
        code = text ? ini_read(&c, source, buf_bytes(&in), f) : read_configuration(&c, buf_bytes(&in), f);
        if (code == 0) code = write_configuration(&c, target, f);
        goto out;
    }
    if (code == 0) code = write_whole(target, &out, f);
out:
    coalesced_free(&c);
    buf_free(&in), buf_free(&out);
    return code;
}

int content_tool_main(int argc, char **argv) {
    struct stat st;
    fault f = {0};
    const char *source = argv[2], *target = argv[3];
    bool folder = stat(source, &st) == 0 && S_ISDIR(st.st_mode);
    int code = strcmp(argv[1], "extract") == 0 ? extract(source, target, &f)
               : folder                        ? build_folder(source, target, &f)
                                               : build_file(source, target, &f);
    if (code == 0) return 0;
    fprintf(stderr, "murelay: %s%s%s\n", strstr(f.text, source) ? "" : source, strstr(f.text, source) ? "" : ": ",
            f.text);
    return 1;
}
