/* time_zone.c: see time_zone.h.
 *
 * A zone's file, 1 to 4 KiB below the folder server.zone_files (one without a leading slash lies in the data folder),
 * is read when a generation first asks for it and kept for as long as that one lives: a reload sees new files. Names
 * have letters, digits, _ + - and single slashes, so nothing outside of the folder can be meant. */
#include "bind/time_zone.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "bind/server.h"
#include "bind/slots.h"
#include "codec/zone.h"
#include "script/declare.h"

#define NAME_MAX_BYTES 64
#define PATH_ROOM      1024
#define ZONES_KEPT     32 /* then the oldest goes */

typedef struct zone_set {
    unsigned next;
    struct {
        char name[NAME_MAX_BYTES + 1];
        zone *zone;
    } kept[ZONES_KEPT];
} zone_set;

static bool is_name(const char *name) {
    size_t n = strlen(name);
    if (!n || n > NAME_MAX_BYTES || name[0] == '/' || name[n - 1] == '/' || strstr(name, "//")) return false;
    return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") == n;
}

/* The folder of the settings; its text stays on the stack. */
static const char *push_folder(lua_State *L) {
    static const char *const path[] = {"config", "server", "zone_files"};
    lua_getglobal(L, "mu");
    for (int i = 0; i < 3; i++)
        if (lua_getfield(L, -1, path[i]) == LUA_TNIL) luaL_error(L, "the setting server.zone_files is not declared");
    const char *folder = lua_tostring(L, -1), *data = server_of(L)->data_dir;
    return folder && folder[0] != '/' && data ? lua_pushfstring(L, "%s/%s", data, folder) : folder;
}

static int load(const char *folder, const char *name, zone **out, fault *f) {
    char path[PATH_ROOM];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", folder, name) >= sizeof path)
        return fault_set(f, E_ARGUMENT, "the setting server.zone_files is too long");
    struct stat st;
    if (stat(folder, &st) < 0 || !S_ISDIR(st.st_mode))
        return fault_set(f, E_IO,
                         "there are no time zones in %s: install the package tzdata, or write '%s' as an offset "
                         "like \"+01:00\"",
                         folder, name);
    size_t n = 0;
    char *file = file_read(path, ZONE_FILE_MAX, &n);
    if (!file && errno == EFBIG) return fault_set(f, E_PROTOCOL, "%s: it is no time zone's file: it is too long", path);
    if (!file) return fault_set(f, E_IO, "there is no time zone '%s' in %s", name, folder);
    fault why = {0};
    int rc = zone_read((bytes){(const uint8_t *)file, n}, out, &why);
    if (rc < 0) fault_set(f, rc, "%s: %s", path, why.text);
    free(file);
    return rc;
}

static const zone *find(zone_set *set, const char *folder, const char *name, fault *f) {
    for (unsigned i = 0; i < ZONES_KEPT; i++)
        if (set->kept[i].zone && strcmp(set->kept[i].name, name) == 0) return set->kept[i].zone;
    zone *z;
    if (load(folder, name, &z, f) < 0) return NULL;
    unsigned at = set->next++ % ZONES_KEPT;
    zone_free(set->kept[at].zone);
    set->kept[at].zone = z;
    strcpy(set->kept[at].name, name); /* is_name: it has room */
    return z;
}

static int zone_offset_at(lua_State *L) {
    const char *name = lua_tostring(L, 1);
    lua_Integer unix = lua_tointeger(L, 2);
    fault f = {0};
    const zone *z = NULL;
    if (!is_name(name))
        fault_set(&f, E_ARGUMENT, "'%.*s' is no name of a time zone", NAME_MAX_BYTES, name);
    else
        z = find(generation_of(L)->slots[SLOT_TIME_ZONE], push_folder(L), name, &f);
    if (!z) {
        lua_pushnil(L);
        lua_pushstring(L, f.text);
        return 2;
    }
    lua_pushinteger(L, zone_offset(z, unix));
    return 1;
}

static const script_function functions[] = {
    {.name = "mu.time.zone_offset",
     .params = "zone: string, unix: integer",
     .returns = "integer?, string?",
     .text = "How many seconds the clocks of a time zone (\"Europe/Berlin\") are ahead of UTC at a moment, summer time "
             "and all. nil and a sentence when there is no such zone in the folder that the setting server.zone_files "
             "names.",
     .example = "local offset, why = mu.time.zone_offset(\"Europe/Berlin\", mu.time.unix())",
     .since = "0.1",
     .call = zone_offset_at},
};

static int open_time_zone(generation *g, lua_State *L) {
    g->slots[SLOT_TIME_ZONE] = calloc(1, sizeof(zone_set));
    if (!g->slots[SLOT_TIME_ZONE]) return E_MEMORY;
    return script_declare(L, functions, sizeof functions / sizeof *functions);
}

static void close_time_zone(generation *g) {
    zone_set *set = g->slots[SLOT_TIME_ZONE];
    for (unsigned i = 0; set && i < ZONES_KEPT; i++) zone_free(set->kept[i].zone);
    free(set);
}

const script_module module_time_zone = {.name = "time_zone", .open = open_time_zone, .close = close_time_zone};
