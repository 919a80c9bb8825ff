/* runner.h: what the play runner's two halves share: runner.c (the program) and module.c (the table mu.test). */
#ifndef PLAYS_RUNNER_H
#define PLAYS_RUNNER_H

#include <stdbool.h>

#include "bind/server.h"
#include "net/loop.h"
#include "script/module.h"
#include "tools/process.h"

#define PLAY_SERVERS 8
#define PLAYS_MAX    512
#define WANTS_MAX    8

enum play_mode { MODE_PLAIN, MODE_BYTES, MODE_DELAY, MODE_RELOAD, MODE_MEMORY };

typedef struct play {
    char name[128];
    int function_ref;
} play;

typedef struct runner {
    server self; /* the client-mode server that the bind files see */
    enum play_mode mode;
    const char *program, *checkout; /* murelay; the folder with scripts/ and tests/ */
    char clock[512];                /* the library of clock.c; "" = there is none */
    const char *const *modules;     /* "plays.login", "lua.test_text": what to load, ended by NULL */
    bool update;                    /* --update: generated files are written, not compared */
    const char *only;               /* run only plays whose name contains this; may be NULL */
    const char *wants[WANTS_MAX];   /* "minutes=10": what the play may look at (mu.test.wants), ended by NULL */
    play plays[PLAYS_MAX];
    int play_count, current, failed;
    struct test_server *servers[PLAY_SERVERS]; /* started by the play that runs */
} runner;

extern runner the_runner;
extern const script_module module_test;
extern const char *const play_mode_names[];

void test_tools_open(lua_State *L);   /* tools.c */
void test_sockets_open(lua_State *L); /* mu.test.udp and mu.test.tcp (sockets.c) */

int server_ctl(lua_State *L, const process *of); /* ctl.c: line at 2, file at 3 */

/* Ends all servers of the play that has ended; with `tell` prints the end of what they logged. Blocks a little. */
void test_servers_end(bool tell);

#endif
