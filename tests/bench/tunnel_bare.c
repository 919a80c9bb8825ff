/* tunnel_bare.c: see tunnel_bare.h. It blocks in recvmmsg for the first datagram and takes along what else is there. */
#include "bench/tunnel_bare.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH 64
#define ROOM  2048

static struct sockaddr_in peers[65536]; /* by the port a datagram came from */

static struct sockaddr_in loopback(uint16_t port) {
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static _Noreturn void forward(int fd) {
    static uint8_t room[BATCH][ROOM];
    static struct sockaddr_in from[BATCH];
    static struct iovec in_parts[BATCH], out_parts[BATCH];
    static struct mmsghdr in[BATCH], out[BATCH];
    for (int i = 0; i < BATCH; i++) {
        in_parts[i] = (struct iovec){room[i], ROOM};
        in[i].msg_hdr = (struct msghdr){.msg_name = &from[i], .msg_iov = &in_parts[i], .msg_iovlen = 1};
        out[i].msg_hdr = (struct msghdr){.msg_iov = &out_parts[i], .msg_iovlen = 1, .msg_namelen = sizeof from[0]};
    }
    for (;;) {
        for (int i = 0; i < BATCH; i++) in[i].msg_hdr.msg_namelen = sizeof from[0];
        int n = recvmmsg(fd, in, BATCH, MSG_WAITFORONE, NULL);
        for (int i = 0; i < n; i++) {
            out_parts[i] = (struct iovec){room[i], in[i].msg_len};
            out[i].msg_hdr.msg_name = &peers[ntohs(from[i].sin_port)];
        }
        for (int done = 0; done < n;) {
            int sent = sendmmsg(fd, out + done, (unsigned)(n - done), 0);
            done += sent > 0 ? sent : 1;
        }
    }
}

pid_t tunnel_bare_start(const uint16_t *ports, unsigned count, int *port, fault *f) {
    struct sockaddr_in a = loopback(0);
    socklen_t length = sizeof a;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), room = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || getsockname(fd, (struct sockaddr *)&a, &length) < 0)
        return fault_set(f, E_SYSTEM, "the bare forwarder has no socket: %s", strerror(errno));
    for (unsigned i = 0; i < count; i++) peers[ports[i]] = loopback(ports[i ^ 1]);
    *port = ntohs(a.sin_port);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        forward(fd);
    }
    close(fd);
    return pid > 0 ? pid : fault_set(f, E_SYSTEM, "fork: %s", strerror(errno));
}
