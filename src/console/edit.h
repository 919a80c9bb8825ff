/* edit.h: a line at a terminal: editing, history, completion.
 *
 *     edit *e = edit_open(link);
 *     while ((line = edit_line(e, &f))) { … edit_remember(e, line); }
 *     edit_close(e);
 *
 * The history is a file of the user (0600) below $XDG_STATE_HOME or ~/.local/state. */
#ifndef CONSOLE_EDIT_H
#define CONSOLE_EDIT_H

#include "console/link.h"

typedef struct edit edit;

edit *edit_open(console_link *l); /* NULL: this terminal cannot do it */
void edit_close(edit *e);
const char *edit_line(edit *e,
                      fault *f); /* without its newline; NULL at the end (f->code 0) or when the server has gone */
void edit_remember(edit *e, const char *line);

#endif
