/* file.h: mu.file: files of the operator in one folder of the data folder, for scripts.
 *
 * Only data/files/, only names without a folder in them: a script cannot reach anything else. Reading and writing
 * happen on a worker thread; a written file is whole or not there, and on disk when the call returns. */
#ifndef BIND_FILE_H
#define BIND_FILE_H

#include "script/module.h"

extern const script_module module_file;

#endif
