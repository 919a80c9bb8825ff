/* tls.h: the certificate of all TLS doors, as the settings tls.certificate and tls.key name it.
 *
 * The files are read with every generation, and looked at every tls.check_seconds: when they have changed, connections
 * from then on get the new certificate. A pair that cannot be used at the first start, or that a reload names for the
 * first time, refuses the generation; one that was good and is now bad leaves the old one in use, with one line in the
 * log. Nothing here reads a file on the loop thread. Reference 05 B.15. */
#ifndef BIND_TLS_H
#define BIND_TLS_H

#include "script/module.h"

extern const script_module module_tls;

#endif
