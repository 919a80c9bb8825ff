/* log.h: mu.log. Nothing here is for other C code. */
#ifndef BIND_LOG_H
#define BIND_LOG_H

#include "script/module.h"

extern const script_module module_log;

#endif
