/* asset.h: mu.asset: the files of assets/ (and of the data folder's assets/, which win) for scripts, while they load.
 */
#ifndef BIND_ASSET_H
#define BIND_ASSET_H

#include "bind/asset_list.h"
#include "script/module.h"

extern const script_module module_asset;

/* The list of a generation; read by its module's open, so it is never NULL between open and close. */
const asset_list *asset_list_of(generation *g);

#endif
