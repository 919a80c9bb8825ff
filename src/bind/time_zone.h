/* time_zone.h: mu.time.zone_offset: time zones by their names, as the system's files (or others) have them. */
#ifndef BIND_TIME_ZONE_H
#define BIND_TIME_ZONE_H

#include "script/module.h"

extern const script_module module_time_zone;

#endif
