/* ini.h: the live configuration as text that people edit, one file for each INI of the game.
 *
 *     @file ..\..\biogame\config\biogame.ini
 *
 *     [sfxgame.sfxscoremanager]
 *     ; a comment
 *     randommapscorebonus=1.25        sets the value
 *     !mapbonuses                     drops all that the game has
 *     +mapbonuses=(ID=1,XPBonus=2)    adds it, where no equal one is
 *     .mapbonuses=(ID=1,XPBonus=2)    adds it in any case
 *     -mapbonuses=(ID=1,XPBonus=1)    drops the one of exactly this text
 *     note:=two\nlines                with ":=" \n, \r, \t and \\ stand for what a line cannot hold
 *
 * After "=" everything counts, blanks too. A property that is written replaces the one of what was read before, whole;
 * within one text its lines add up. Without "@file" the file is ..\..\biogame\config\ and the text's own name. */
#ifndef CONTENT_INI_H
#define CONTENT_INI_H

#include "codec/coalesced.h"

#define INI_FOLDER "..\\..\\biogame\\config\\"

/* Merges a text into c. name: what messages and origins call it, e.g. "game/bini/biogame.ini"; it must live as long as
 * c. E_PROTOCOL with "<name>:<line>: …", E_LIMIT, E_MEMORY. */
int ini_read(coalesced *c, const char *name, bytes text, fault *f);

/* Appends the text of one file of a configuration. E_PROTOCOL where a name cannot be written so that it is read again.
 */
int ini_write(const coalesced_node *file, buf *out, fault *f);

/* Would all files of c, written and read again, say the same? E_PROTOCOL when not: then nothing should be written. */
int ini_check(const coalesced *c, fault *f);

/* "biogame.ini" of a path of the game; the last part, letters and digits, "._-". */
void ini_name(bytes path, char *out, size_t room);

#endif
