/* crypto.h: mu.crypto and mu.token. Nothing here is for other C code. */
#ifndef BIND_CRYPTO_H
#define BIND_CRYPTO_H

#include "script/module.h"

extern const script_module module_crypto;

#endif
