/* talk.h: talk tables as text, one file a language.
 *
 *     ; a comment
 *     900000 = Contributor\nto this server
 *     female 900001 = Elle est prête
 *
 * After "= " everything counts; \n, \r, \t and \\ stand for what a line cannot hold. A later text of an id wins over
 * one that was read before; twice in one text is an error. */
#ifndef CONTENT_TALK_H
#define CONTENT_TALK_H

#include "codec/tlk.h"

/* Adds a text's entries to t (settle it afterwards). name must live as long as t. E_PROTOCOL with "<name>:<line>: …",
 * E_DUPLICATE_KEY, E_LIMIT, E_MEMORY. */
int talk_read(tlk *t, const char *name, bytes text, fault *f);

/* Appends a settled table as text. */
int talk_write(const tlk *t, buf *out, fault *f);

/* The three ids that every live table has (reference 06 §4.4), where they are missing. language: "de". */
int talk_complete(tlk *t, const char *language, fault *f);

/* "de-de" of "de"; NULL for a language that the game does not have. */
const char *talk_locale(const char *language);

extern const char *const talk_languages[]; /* en, de, …; NULL at the end */

#endif
