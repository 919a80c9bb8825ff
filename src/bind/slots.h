/* slots.h: which slot of generation.slots belongs to which bind file. One line a file; order means nothing. */
#ifndef BIND_SLOTS_H
#define BIND_SLOTS_H

enum bind_slot {
    SLOT_TDF,
    SLOT_BLAZE,
    SLOT_RECORD,
    SLOT_TIMER,
    SLOT_STORE,
    SLOT_CRYPTO,
    SLOT_HTTP,
    SLOT_NET,
    SLOT_TLS,
    SLOT_JSON,
    SLOT_CLIENT,
    SLOT_ASSET,
    SLOT_CONTENT,
    SLOT_METRICS,
    SLOT_CONSOLE,
    SLOT_RELAY,
    SLOT_LOG,
    SLOT_RANKING,
    SLOT_SCRIPTS,
    SLOT_INSPECT,
    SLOT_TIME_ZONE,
    SLOT_TEST,
    SLOT_COUNT /* ≤ SCRIPT_SLOTS */
};

#endif
