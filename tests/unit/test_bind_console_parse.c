/* A line of the console against declarations: words and quotes, commands, values, what is wrong with it, completion. */
#include "script_host.h"

#include "bind/console.h"
#include "bind/console_parse.h"

static const script_module *const with_console[] = {&module_test, &module_console, NULL};

static const char declared[] =
    "local function h() end\n"
    "mu.section 'players' { text = 'who is online' } mu.section 'help' { text = 'help' }\n"
    "mu.word 'player' { text = 'a name or id', find = h, complete = h }\n"
    "mu.command 'players list' { text = 'all', options = 'limit?: integer, share?: number, offline?: boolean, "
    "sort_by?: string', handle = h }\n"
    "mu.command 'players show' { text = 'one', params = 'player: player, depth?: integer', handle = h }\n"
    "mu.command 'players show all' { text = 'everything', handle = h }\n"
    "mu.command 'players password' { text = 'new', params = 'player: player, password: secret', "
    "options = 'old?: secret', handle = h }\n"
    "mu.command 'players keep' { text = 'keep', params = 'keep: boolean', options = 'why: string', handle = h }\n"
    "mu.command 'players online' { text = 'here', options = 'who?: player', handle = h }\n"
    "mu.command 'say' { text = 'message', section = 'players', params = 'to: player, text: rest', handle = h }\n"
    "mu.command 'help' { text = 'help', params = 'topic?: command', handle = h }\n"
    "mu.command '>' { text = 'Lua', section = 'help', params = 'code: rest', handle = h }\n";

static struct world w;
static arena memory;
static console_call call;
static console_completion found;
static fault f;

static int open_world(void **state) {
    world_open(&w);
    w.options.modules = with_console;
    world_write(&w, "scripts/main.lua", declared);
    world_start(&w);
    return 0;
}

static int close_world(void **state) {
    arena_free(&memory);
    world_close(&w);
    return 0;
}

static int parse(const char *line) {
    arena_free(&memory);
    arena_init(&memory, 1 << 20);
    f = (fault){0};
    return console_parse(console_set_of(engine_current(w.engine)), line, strlen(line), &memory, &call, &f);
}

static void refused(const char *line, const char *sentence) {
    assert_true(parse(line) < 0);
    assert_string_equal(f.text, sentence);
}

static void test_words(void **state) {
    console_line l;
    arena_init(&memory, 1 << 20);
    const char *line = "  a \"b c\"'d' \"x\\\"y\\z\" 'it''s' '' ";
    assert_int_equal(console_line_split(line, strlen(line), &memory, &l, &f), 0);
    assert_int_equal(l.count, 5);
    assert_string_equal(l.pieces[0].text, "a");
    assert_string_equal(l.pieces[1].text, "b cd");
    assert_string_equal(l.pieces[2].text, "x\"y\\z");
    assert_string_equal(l.pieces[3].text, "its");
    assert_string_equal(l.pieces[4].text, "");
    assert_int_equal(l.pieces[1].from, 4);
    assert_int_equal(l.pieces[1].to, 12);
    assert_int_equal(console_line_split("say 'x", 6, &memory, &l, &f), E_ARGUMENT);
    assert_string_equal(f.text, "a quote is not closed, in: 'x");
    assert_int_equal(console_line_begin("say 'x y", 8, &memory, &l, &f), 0);
    assert_true(l.open && l.count == 2);
    assert_int_equal(console_line_split("a\0b", 3, &memory, &l, &f), E_ARGUMENT);
    assert_int_equal(console_line_split("a\033b", 3, &memory, &l, &f), E_ARGUMENT);
    char many[2 * CONSOLE_PIECES_MAX + 2];
    for (size_t i = 0; i < sizeof many; i++) many[i] = i % 2 ? ' ' : 'a';
    assert_int_equal(console_line_split(many, sizeof many, &memory, &l, &f), E_ARGUMENT);
    arena_free(&memory);
}

static void test_values(void **state) {
    assert_int_equal(parse(""), 0);
    assert_null(call.command);
    assert_int_equal(parse("players list --limit 5 --offline --share=0.5 --sort-by name --json"), 0);
    assert_string_equal(call.command->name, "players list");
    assert_int_equal(call.options[0].integer, 5);
    assert_true(call.options[1].number == 0.5);
    assert_true(call.options[2].boolean && call.json && !call.help);
    assert_string_equal(call.options[3].text, "name");
    assert_int_equal(parse("players show \"Jane Doe\" -7"), 0);
    assert_string_equal(call.params[0].text, "Jane Doe");
    assert_int_equal(call.params[1].integer, -7);
    assert_int_equal(parse("players show all"), 0); /* the longest name wins … */
    assert_string_equal(call.command->name, "players show all");
    assert_int_equal(parse("players show 'all'"), 0); /* … but not over what is quoted */
    assert_string_equal(call.params[0].text, "all");
    assert_int_equal(parse("players show -- --odd"), 0);
    assert_string_equal(call.params[0].text, "--odd");
    assert_int_equal(parse("say  alice   it's  \"as\" it --stands  "), 0);
    assert_string_equal(call.params[1].text, "it's  \"as\" it --stands");
    assert_int_equal(parse("say alice \"one \\\"quoted\\\" word\""), 0); /* as murelay ctl writes it */
    assert_string_equal(call.params[1].text, "one \"quoted\" word");
    assert_int_equal(parse("say alice \"two\" 'words'"), 0);
    assert_string_equal(call.params[1].text, "\"two\" 'words'");
    assert_int_equal(parse("say alice 'tis so"), 0);
    assert_string_equal(call.params[1].text, "'tis so");
    assert_int_equal(parse("players keep off --why 'so it is'"), 0);
    assert_true(call.params[0].given && !call.params[0].boolean);
    assert_int_equal(parse("players keep off --why=\"so it is\""), 0);
    assert_string_equal(call.options[0].text, "so it is");
    assert_int_equal(parse("players keep off \"--why=so it is\""), E_ARGUMENT);
    assert_int_equal(parse(">1 +  'x'"), 0);
    assert_string_equal(call.params[0].text, "1 +  'x'");
    assert_int_equal(parse("players show --help"), 0);
    assert_true(call.help);
}

static void test_secrets(void **state) {
    assert_int_equal(parse("players password alice 'my secret' --old=first"), 0);
    assert_true(call.secret);
    assert_string_equal(call.params[1].text, "my secret");
    assert_string_equal(call.options[0].text, "first");
    assert_string_equal(call.loggable, "players password alice (hidden) --old=(hidden)");
    assert_int_equal(parse("players password alice --old first second"), 0);
    assert_string_equal(call.loggable, "players password alice --old (hidden) (hidden)");
    assert_int_equal(parse("players password alice second --old='the first'"), 0);
    assert_string_equal(call.loggable, "players password alice (hidden) --old=(hidden)");
    assert_int_equal(parse("players list"), 0);
    assert_false(call.secret);
    assert_string_equal(call.loggable, "players list");
}

static void test_refusals(void **state) {
    refused("plyers list", "there is no command 'plyers'; did you mean 'players'?");
    refused("what", "there is no command 'what'; 'help' lists them all");
    refused("players", "'players' needs one more word: keep, list, online, password, show");
    refused("players shwo alice", "'players' has no command 'shwo'; did you mean 'show'?");
    refused("players xyzzy", "'players' has no command 'xyzzy'; it has: keep, list, online, password, show");
    refused("players list --limt 5", "players list has no option --limt; did you mean --limit?");
    refused("players list --xyzzy", "players list has no option --xyzzy; 'help players list' tells which it has");
    refused("players list --limit", "players list: --limit needs a value (integer)");
    refused("players list --limit 5.5", "players list: 'limit' must be a whole number, got '5.5'");
    refused("players list --limit 99999999999999999999",
            "players list: 'limit' must be a whole number, got '99999999999999999999'");
    refused("players list --share nan", "players list: 'share' must be a number, got 'nan'");
    refused("players list --offline --offline", "players list: --offline is there twice");
    refused("players keep perhaps", "players keep: 'keep' must be yes or no, got 'perhaps'");
    refused("players keep yes", "players keep needs --why <string>");
    refused("players show", "players show needs <player>; it is written: players show <player> [depth]");
    refused("players show a 1 b",
            "players show: 'b' is one word too many; it is written: players show <player> [depth]");
    refused("players show \"x", "a quote is not closed, in: \"x");
    refused("> ", "behind > comes Lua, e.g. > 1 + 1");
}

/* The candidates, the word of a script behind a *, where it begins. */
static void completes(const char *line, const char *expected) {
    char text[1024] = "";
    arena_free(&memory);
    arena_init(&memory, 1 << 20);
    assert_int_equal(console_complete(console_set_of(engine_current(w.engine)), line, strlen(line), &memory, &found),
                     0);
    for (unsigned i = 0; i < found.count; i++) {
        strcat(text, *text ? " " : "");
        strcat(text, found.candidates[i]);
    }
    if (found.word) sprintf(text + strlen(text), "%s*%s(%s)", *text ? " " : "", found.word->name, found.prefix);
    if (found.lua) sprintf(text + strlen(text), "lua(%s)", found.prefix);
    assert_string_equal(text, expected);
}

static void test_completion(void **state) {
    completes("", "> help players say");
    completes("pl", "players");
    assert_int_equal(found.from, 0);
    completes("players ", "keep list online password show");
    assert_int_equal(found.from, 8);
    completes("players s", "show");
    completes("players show a", "all *player(a)");
    completes("players show alice ", "");
    completes("players show \"Jane D", "*player(Jane D)");
    assert_int_equal(found.from, 13);
    completes("players list --", "--help --json --limit --offline --share --sort-by");
    completes("players list --limit 5 --o", "--offline");
    completes("players list --limit ", "");
    completes("players list --offline=", "no yes");
    assert_int_equal(found.from, 23);
    completes("players list --offline=y", "yes");
    completes("players list --weather=", "");
    completes("players list -- --offline=", "");
    completes("players online --who=al", "*player(al)");
    assert_int_equal(found.from, 21);
    completes("players online --who al", "*player(al)");
    completes("players online --who=\"Jane D", "*player(Jane D)");
    assert_int_equal(found.from, 21);
    completes("players keep ", "no yes");
    completes("say ", "*player()");
    completes("say alice hel", "");
    completes("help pla", "players");
    completes("help players ", "keep list online password show");
    completes("help mu.console.sec", "mu.console.sections");
    completes("> x = mu.con", "lua(mu.con)");
    assert_int_equal(found.from, 6);
    completes("nothing ", "");
}

static void test_usage(void **state) {
    char text[200];
    const console_set *s = console_set_of(engine_current(w.engine));
    assert_string_equal(console_usage(console_set_command(s, "players list"), text, sizeof text),
                        "players list [--limit <integer>] [--share <number>] [--offline] [--sort-by <string>]");
    console_usage(console_set_command(s, "players list"), text, 20);
    assert_string_equal(text, "players list [--lim");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),    cmocka_unit_test(test_values),     cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_refusals), cmocka_unit_test(test_completion), cmocka_unit_test(test_usage),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
