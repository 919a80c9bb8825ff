/* tdf_module.h: joins mu.tdf (tdf.h) to the script engine. */
#ifndef BIND_TDF_MODULE_H
#define BIND_TDF_MODULE_H

#include "script/module.h"

extern const script_module module_tdf;

#endif
