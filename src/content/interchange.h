/* interchange.h: the live configuration as Pocket Relay keeps it: JSON (reference 06 §2.12), so that operators can
 * reuse their file.
 *
 *     { "version": 1, "files": [ { "path": "…", "sections": [ { "name": "…", "properties": [ { "name": "…",
 *         "values": [ { "ty": "New|RemoveProperty|Add|AddUnique|Remove", "text": "…" | null } ] } ] } ] } ] } */
#ifndef CONTENT_INTERCHANGE_H
#define CONTENT_INTERCHANGE_H

#include "codec/coalesced.h"

/* Reads it into an empty c. E_PROTOCOL with "line N: expected …", E_LIMIT, E_MEMORY. */
int interchange_read(coalesced *c, bytes text, fault *f);
int interchange_write(const coalesced *c, buf *out, fault *f); /* appends */

#endif
