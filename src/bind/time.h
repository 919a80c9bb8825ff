/* time.h: mu.time. Nothing here is for other C code. */
#ifndef BIND_TIME_H
#define BIND_TIME_H

#include "script/module.h"

extern const script_module module_time;

#endif
