/* client.h: the console's client: murelay console, murelay ctl.
 *
 *     murelay console [--data DIR]                        a prompt; words of the scripts, Lua after >
 *     murelay ctl [--json] [--data DIR] players list      one command; exit code 0 done, 1 failed, 2 usage or no server
 *     murelay ctl [--json] [--data DIR] -                 the lines of standard input, up to the first that fails
 *
 * Thin: it knows frames (codec/console.h), a terminal and a history. Commands, help and completion are the server's.
 * Room of its own: nothing of the server is linked into it but base and codec. */
#ifndef CONSOLE_CLIENT_H
#define CONSOLE_CLIENT_H

/* argv[0] is the verb, "console" or "ctl". Returns the program's exit code. */
int client_main(int argc, char **argv);

#endif
