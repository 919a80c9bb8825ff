/* config.h: mu.settings_…: the file that `config set` of the console writes. See config.c. */
#ifndef BIND_CONFIG_H
#define BIND_CONFIG_H

#include "script/module.h"

extern const script_module module_config;

#endif
