/* games_wire.c: requests of a game of four (games_wire.h). */
#include "bench/games_wire.h"

#include "bench/body.h"

#define VERSION "ME3-295976325-179181965240128"
#define PORT    3659

static const char *const packs[] = {"2300", "2500", "2700", "3050", "3225"};

static void put_address(buf *x, uint32_t ip) {
    open_group(x, "EXIP");
    put_int(x, "IP", ip), put_int(x, "PORT", PORT);
    close_group(x);
    open_group(x, "INIP");
    put_int(x, "IP", ip), put_int(x, "PORT", PORT);
    close_group(x);
}

static void put_address_union(buf *x, const char *tag, uint32_t ip) {
    put_tag(x, tag, TDF_UNION);
    buf_u8(x, 2);
    open_group(x, "VALU");
    put_address(x, ip);
    close_group(x);
}

void games_wire_network(buf *b, uint32_t ip) {
    buf x = {0};
    put_address_union(&x, "ADDR", ip);
    open_map(&x, "NLMP", TDF_STR, TDF_INT, 1);
    put_string(&x, "ea-sjc"), tdf_put_int(&x, 50);
    open_group(&x, "NQOS");
    put_int(&x, "DBPS", 96000000), put_int(&x, "NATT", 1), put_int(&x, "UBPS", 67200000);
    close_group(&x);
    put_frame(b, 0x7802, 0x14, &x);
}

static void put_attribute(buf *x, const char *key, const char *value) { put_string(x, key), put_string(x, value); }

void games_wire_create(buf *b, const char *map, const char *enemy, const char *difficulty, uint32_t ip) {
    buf x = {0};
    open_map(&x, "ATTR", TDF_STR, TDF_STR, 9);
    for (int i = 0; i < 5; i++) {
        char key[16] = "ME3_dlc";
        put_attribute(&x, strcat(key, packs[i]), "required");
    }
    put_attribute(&x, "ME3gameDifficulty", difficulty), put_attribute(&x, "ME3gameEnemyType", enemy);
    put_attribute(&x, "ME3map", map), put_attribute(&x, "ME3privacy", "PUBLIC");
    put_object_id(&x, "BTPL"), put_text(&x, "GCTR", ""), put_int(&x, "GENT", 0);
    put_text(&x, "GNAM", "somebody@bench.test"), put_int(&x, "GSET", 287), put_text(&x, "GTYP", "");
    put_text(&x, "GURL", "");
    open_list(&x, "HNET", TDF_GROUP, 1);
    buf_u8(&x, 2);
    put_address(&x, ip);
    close_group(&x);
    put_int(&x, "IGNO", 0), put_int(&x, "NRES", 0), put_int(&x, "NTOP", 0);
    open_list(&x, "PCAP", TDF_INT, 2);
    tdf_put_int(&x, 4), tdf_put_int(&x, 0);
    put_text(&x, "PGID", ""), put_blob(&x, "PGSC"), put_int(&x, "PMAX", 4), put_int(&x, "PRES", 1);
    put_int(&x, "QCAP", 0), put_int(&x, "RGID", 0), put_int(&x, "SLOT", 0), put_int(&x, "TCAP", 0);
    put_int(&x, "TIDX", 65535), put_int(&x, "VOIP", 2), put_text(&x, "VSTR", VERSION);
    put_frame(b, GAME_COMPONENT, GAME_CREATE, &x);
}

static void put_rule(buf *x, const char *name, const char *threshold, const char *value) {
    put_text(x, "NAME", name), put_text(x, "THLD", threshold);
    open_list(x, "VALU", TDF_STR, 1);
    put_string(x, value ? value : "abstain");
    close_group(x);
}

static void put_threshold(buf *x, const char *tag, const char *threshold) {
    open_group(x, tag);
    put_text(x, "THLD", threshold);
    close_group(x);
}

static void put_criteria(buf *x, const char *map, const char *enemy, const char *difficulty) {
    open_group(x, "CRIT");
    open_group(x, "CUST"), close_group(x);
    open_group(x, "DNF"), put_int(x, "DNF", 101), close_group(x);
    put_threshold(x, "GEO", "");
    open_group(x, "GNAM"), put_text(x, "SUBS", ""), close_group(x);
    put_threshold(x, "NAT", "hostBalancing"), put_threshold(x, "PSR", ""), put_threshold(x, "RANK", "");
    open_list(x, "RLST", TDF_GROUP, 9);
    put_rule(x, "ME3_gameStateMatchRule", "quickMatch", "MATCH_MAKING");
    put_rule(x, "ME3_gameMapMatchRule", "quickMatch", map);
    put_rule(x, "ME3_gameEnemyTypeRule", "quickMatch", enemy);
    put_rule(x, "ME3_gameDifficultyRule", "quickMatch", difficulty);
    for (int i = 0; i < 5; i++) {
        char name[24] = "ME3_rule_dlc";
        put_rule(x, strcat(name, packs[i]), "requireExactMatch", "required");
    }
    open_group(x, "RSZR"), put_int(x, "PCAP", 65535), put_int(x, "PMIN", 0), close_group(x);
    open_group(x, "SIZE"), put_int(x, "ISSG", 0), put_int(x, "PCAP", 4), put_int(x, "PCNT", 4);
    put_int(x, "PMIN", 2), put_text(x, "THLD", "matchAny"), close_group(x);
    open_group(x, "TEAM"), put_int(x, "PCAP", 0), put_int(x, "PCNT", 0), put_int(x, "PMIN", 0);
    put_int(x, "SDIF", 0), put_text(x, "THLD", ""), put_int(x, "TID", 65535), close_group(x);
    open_map(x, "UED", TDF_STR, TDF_GROUP, 1);
    put_string(x, "ME3_characterSkill_Rule"), put_int(x, "CVAL", 0), put_text(x, "NAME", "ME3_characterSkill_Rule");
    put_int(x, "OVAL", 0), put_text(x, "THLD", "quickMatch"), close_group(x);
    put_threshold(x, "VIAB", "hostViability");
    open_group(x, "VIRT"), put_text(x, "THLD", ""), put_int(x, "VALU", 1), close_group(x);
    close_group(x);
}

void games_wire_search(buf *b, const char *map, const char *enemy, const char *difficulty, uint32_t ip) {
    buf x = {0};
    put_object_id(&x, "BTPL");
    put_criteria(&x, map, enemy, difficulty);
    put_int(&x, "DUR", 1800000), put_int(&x, "GENT", 0), put_text(&x, "GNAM", ""), put_int(&x, "GSET", 1311);
    put_text(&x, "GVER", VERSION), put_int(&x, "IGNO", 0), put_int(&x, "MODE", 3), put_int(&x, "NTOP", 0);
    put_int(&x, "PMAX", 0);
    put_address_union(&x, "PNET", ip);
    put_int(&x, "QCAP", 0), put_int(&x, "VOIP", 2);
    put_frame(b, GAME_COMPONENT, GAME_SEARCH, &x);
}

void games_wire_finalize(buf *b, uint32_t game) {
    buf x = {0};
    put_int(&x, "GID", game), put_blob(&x, "XNNC"), put_blob(&x, "XSES");
    put_frame(b, GAME_COMPONENT, GAME_FINALIZE, &x);
}

void games_wire_advance(buf *b, uint32_t game, unsigned state) {
    buf x = {0};
    put_int(&x, "GID", game), put_int(&x, "GSTA", state);
    put_frame(b, GAME_COMPONENT, GAME_ADVANCE, &x);
}

void games_wire_settings(buf *b, uint32_t game, unsigned settings) {
    buf x = {0};
    put_int(&x, "GID", game), put_int(&x, "GSET", settings);
    put_frame(b, GAME_COMPONENT, GAME_SETTINGS, &x);
}

void games_wire_mesh(buf *b, uint32_t game, int64_t peer) {
    buf x = {0};
    put_int(&x, "GID", game);
    open_list(&x, "TARG", TDF_GROUP, 1);
    put_int(&x, "FLGS", 0), put_int(&x, "PID", peer), put_int(&x, "STAT", 2);
    close_group(&x);
    put_frame(b, GAME_COMPONENT, GAME_MESH, &x);
}

void games_wire_admin(buf *b, uint32_t game, int64_t player) {
    buf x = {0};
    put_int(&x, "GID", game), put_int(&x, "PID", player);
    put_frame(b, GAME_COMPONENT, GAME_ADMIN, &x);
}

void games_wire_remove(buf *b, uint32_t game, int64_t player) {
    buf x = {0};
    put_object_id(&x, "BTPL"), put_int(&x, "CNTX", 0), put_int(&x, "GID", game), put_int(&x, "PID", player);
    put_int(&x, "REAS", 6);
    put_frame(b, GAME_COMPONENT, GAME_REMOVE, &x);
}

void games_wire_cancel(buf *b, uint32_t search) {
    buf x = {0};
    put_int(&x, "MSID", search);
    put_frame(b, GAME_COMPONENT, 0xe, &x);
}
