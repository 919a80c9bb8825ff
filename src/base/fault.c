/* fault.c: names and sentences of failures. */
#include "base/fault.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const names[] = {
#define X(code, name) name,
    FAULT_LIST(X)
#undef X
};

const char *fault_name(int code) {
    if (code == 0) return "ok";
    if (code <= E_NONE_ || code >= E_END_) return "unknown";
    return names[code - E_NONE_ - 1];
}

int fault_set(fault *f, int code, const char *format, ...) {
    if (!f) return code;
    f->code = code;
    f->offset = -1;
    va_list args;
    va_start(args, format);
    vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
    return code;
}
