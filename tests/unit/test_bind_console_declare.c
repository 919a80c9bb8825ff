/* The console's declarations: what scripts may write, and that each mistake is told with its file and line. */
#include "script_host.h"

#include "bind/console.h"
#include "bind/console_set.h"

static const script_module *const with_console[] = {&module_test, &module_console, NULL};

static void open_with(struct world *w, const char *main) {
    world_open(w);
    w->options.modules = with_console;
    world_write(w, "scripts/main.lua", main);
}

static const char good[] =
    "mu.command 'players show' { text = 'one account', params = 'player: player, depth?: integer',\n"
    "  options = 'limit?: integer, offline?: boolean', example = 'players show alice', changes = true,\n"
    "  handle = function(caller, player, options) end }\n"
    "mu.command 'say' { text = 'a message', section = 'players', params = 'to: string, text: rest',\n"
    "  handle = function() end }\n"
    "mu.command '>' { text = 'Lua', section = 'players', params = 'code: rest', handle = function() end, endless = "
    "true }\n"
    "mu.word 'player' { text = 'a name or id', find = function(t) return t end }\n"
    "mu.section 'players' { text = 'who is online' }\n";

static void test_good(void **state) {
    struct world w;
    open_with(&w, good);
    world_start(&w);
    const console_set *s = console_set_of(engine_current(w.engine));
    const console_command *c = console_set_command(s, "players show");
    assert_non_null(c);
    assert_int_equal(s->command_count, 3);
    assert_string_equal(c->section, "players");
    assert_string_equal(c->place.file, "scripts/main.lua");
    assert_int_equal(c->place.line, 1);
    assert_int_equal(c->words, 2);
    assert_int_equal(c->param_count, 2);
    assert_int_equal(c->option_count, 2);
    assert_true(c->changes && !c->endless);
    assert_int_equal(c->params[0].kind, CONSOLE_WORD);
    assert_string_equal(c->params[0].word->text, "a name or id");
    assert_int_equal(c->params[1].kind, CONSOLE_INTEGER);
    assert_true(c->params[1].optional && !c->params[0].optional);
    assert_int_equal(c->options[1].kind, CONSOLE_BOOLEAN);
    assert_true(console_set_command(s, ">")->endless);
    assert_string_equal(s->commands[0].name, ">"); /* sorted */
    world_close(&w);
}

static void test_all_mistakes(void **state) {
    struct world w;
    open_with(&w, "mu.section 'players' { text = 'x' }\n"
                  "mu.section 'players' { text = 'y' }\n"
                  "mu.section 'Bad name' { text = 'y' }\n"
                  "mu.word 'integer' { text = 'y', find = function() end }\n"
                  "mu.command 'players show' { text = 'x', handle = 7 }\n"
                  "mu.command 'players list' { txet = 'x', text = 'x', handle = function() end }\n"
                  "mu.command 'players kick' { text = 'x', params = 'a: player', handle = function() end }\n"
                  "mu.command 'players kick' { text = 'x', handle = function() end }\n"
                  "mu.command 'player ban' { text = 'x', handle = function() end }\n"
                  "mu.command 'players a' { text = 'x', params = 'a: rest, b: string', handle = function() end }\n"
                  "mu.command 'players b' { text = 'x', params = 'a?: string, b: string', handle = function() end }\n"
                  "mu.command 'players c' { text = 'x', options = 'json: boolean', handle = function() end }\n"
                  "mu.command 'players d' { text = 'x', params = 'a', handle = function() end }\n"
                  "mu.command 'players e' { text = 'x', params = 'a: intger', handle = function() end }\n"
                  "mu.command 'players  f' { text = 'x', handle = function() end }\n"
                  "mu.command 'players g' { handle = function() end }\n"
                  "mu.command 'players h' 'x'\n");
    assert_int_equal(world_try(&w), E_LOAD);
    const char *report = engine_report(w.engine);
    assert_contains(report, "main.lua:2: mu.section \"players\": it is declared already, at scripts/main.lua:1");
    assert_contains(report, "main.lua:3: mu.section \"Bad name\": a name is one word");
    assert_contains(report, "main.lua:4: mu.word \"integer\": that is a base type");
    assert_contains(report, "main.lua:5: mu.command \"players show\": 'handle' must be a function, got number");
    assert_contains(report, "main.lua:6: mu.command \"players list\": it has no field 'txet'; did you mean 'text'?");
    assert_contains(report, "main.lua:8: mu.command \"players kick\": it is declared already, at scripts/main.lua:7");
    assert_contains(report, "main.lua:10: mu.command \"players a\": params: 'a' takes the rest of the line");
    assert_contains(report, "main.lua:11: mu.command \"players b\": params: 'b' must be given, so 'a' before it");
    assert_contains(report, "main.lua:12: mu.command \"players c\": options: every command has the option --json");
    assert_contains(report, "main.lua:13: mu.command \"players d\": params: 'a' has no type");
    assert_contains(report, "main.lua:15: mu.command \"players  f\": a name is 1 to 4 words");
    assert_contains(report, "main.lua:16: mu.command \"players g\": 'text' must be a string, got nothing");
    assert_contains(report, "main.lua:17: mu.command \"players h\": a table with its fields");
    assert_contains(report, "main.lua:7: the command 'players kick': 'a' is of the type 'player'");
    assert_contains(report, "main.lua:9: the command 'player ban' belongs to the section 'player', but there is no "
                            "mu.section \"player\"; did you mean 'players'?");
    assert_contains(report, "'intger', which is no base type and no mu.word; did you mean 'integer'?");
    world_close(&w);
}

static void test_lists(void **state) {
    struct world w;
    struct outcome o;
    open_with(&w, good);
    char text[4096];
    snprintf(text, sizeof text,
             "%smu.handler('it', function() local c = mu.console.commands()[2]\n"
             "return c.name, c.line, c.params[1].type, c.params[1].text, c.options[2].name, c.changes, "
             "#mu.console.sections(), mu.console.words()[1].name end)",
             good);
    world_write(&w, "scripts/main.lua", text);
    world_start(&w);
    world_call(&w, "it", &o);
    assert_int_equal(o.code, 0);
    assert_string_equal(o.result, "players show 1 player a name or id offline true 1 player");
    world_close(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_all_mistakes),
        cmocka_unit_test(test_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
