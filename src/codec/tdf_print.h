/* tdf_print.h: a decoded body as text, for the packet log, faults and tools.
 *
 *     tdf_print(&out, fields, util_preauth_schema, 0);
 *     → server_time STIM = 1653726458
 *       session SESS = {
 *         session_key KEY = (secret)
 *         …
 *
 * With a schema long names stand before tags, enumerations and union members have their names, and fields declared
 * secret are not shown. Without one, or for fields it does not know, strings and blobs below the tags that carry
 * credentials in this protocol are not shown either. The text is for people: it cannot be read back. */
#ifndef CODEC_TDF_PRINT_H
#define CODEC_TDF_PRINT_H

#include "codec/schema.h"
#include "codec/tdf_tree.h"

enum tdf_print_flag {
    TDF_PRINT_ONE_LINE = 1, /* spaces instead of line ends */
    TDF_PRINT_SECRETS = 2   /* show everything: only where an operator asked for it in so many words */
};

#define TDF_PRINT_TEXT_MAX 256u /* bytes of one string shown; blobs a quarter of it */

/* Appends the text to out (no final line end); schema may be NULL. Nothing can fail but out (see buf.failed): bound it
 * with out->max and print what there is. */
void tdf_print(buf *out, const tdf_node *fields, const schema_struct *schema, unsigned flags);

/* Whether text below this tag is a credential wherever it was seen. */
bool tdf_credential(uint32_t tag);

#endif
