/* store.h: mu.store. Nothing here is for other C code. */
#ifndef BIND_STORE_H
#define BIND_STORE_H

#include "script/module.h"

extern const script_module module_store;

#endif
