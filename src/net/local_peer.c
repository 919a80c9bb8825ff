/* local_peer.c: who is at the other end of a local socket: what Linux knows, and what others know. */
#include "net/local.h"

#include <pwd.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int ask(int fd, local_peer *who) {
#ifdef SO_PEERCRED
    struct ucred c;
    socklen_t size = sizeof c;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &c, &size) < 0) return E_SYSTEM;
    who->uid = c.uid, who->pid = c.pid;
#else
    uid_t uid;
    gid_t gid;
    if (getpeereid(fd, &uid, &gid) < 0) return E_SYSTEM;
    who->uid = uid;
#endif
    return 0;
}

int local_peer_of(int fd, local_peer *who) {
    struct passwd entry, *found = NULL;
    char text[2048];
    *who = (local_peer){.uid = -1, .pid = -1, .name = "?"};
    if (ask(fd, who) < 0) return E_SYSTEM;
    if (getpwuid_r((uid_t)who->uid, &entry, text, sizeof text, &found) == 0 && found)
        snprintf(who->name, sizeof who->name, "%s", found->pw_name);
    else
        snprintf(who->name, sizeof who->name, "user %lld", (long long)who->uid);
    return 0;
}
