/* lock.h: one program at a time: a lock on a file that the system takes away when its holder dies, however it dies.
 *
 *     int lock = lock_file("data/lock", &f);                  // negative: somebody has it; f.text names the process
 *     …  lock_release(lock);                                  // or simply end */
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include "base/fault.h"

/* Makes the file (0600) where it is missing and writes this process's number into it. Returns a descriptor > 0; E_BUSY
 * ("process 4711") when another process holds it, E_IO. */
int lock_file(const char *path, fault *f);
void lock_release(int lock); /* the file stays; fine with a negative number */

#endif
