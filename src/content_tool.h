/* content_tool.h: `murelay content …`: the game's own files and editable texts into each other, without a server.
 *
 *     murelay content extract FILE FOLDER   a live configuration (coalesced, packed or JSON) or talk table → texts
 *     murelay content build SOURCE FILE     a folder of INI texts or a .json → a coalesced file (.json: that), a .txt →
 * a talk table, a .png → a picture of the game
 *
 * Any other words after `content` are the console's section of that name, of the server that runs: murelay ctl content
 * … */
#ifndef CONTENT_TOOL_H
#define CONTENT_TOOL_H

#include <stdbool.h>

bool content_tool_wants(int argc, char **argv); /* argv[0] is "content": is it one of the two, with files? */
int content_tool_main(int argc, char **argv);   /* the process's exit code */

#endif
