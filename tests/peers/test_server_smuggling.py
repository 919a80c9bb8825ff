"""HTTP that is ambiguous, oversized, slow or half there, against the running server: a 4xx and a close, one answer and never
two, and everybody else is served on. Each shape is sent plainly and through TLS, with a request behind it that must not be
taken for one."""
import socket
import ssl
import sys
import threading
import time

import relay
from relay import Relay, answers_ping, case

BEHIND = b"GET /api/server HTTP/1.1\r\nhost: smuggled\r\n\r\n"
POST = b"POST /api/server/telemetry HTTP/1.1\r\nhost: a\r\n"
GET = b"GET /api/server HTTP/1.1\r\n"

REFUSED = {  # all of them: one answer, of these statuses, and a close
    "two lengths": (POST + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello!", (400,)),
    "the same length twice": (POST + b"content-length: 5\r\ncontent-length: 5\r\n\r\nhello", (400,)),
    "a list of lengths": (POST + b"content-length: 5, 5\r\n\r\nhello", (400,)),
    "a length with a sign": (POST + b"content-length: +5\r\n\r\nhello", (400,)),
    "a negative length": (POST + b"content-length: -5\r\n\r\nhello", (400,)),
    "a hexadecimal length": (POST + b"content-length: 0x5\r\n\r\nhello", (400,)),
    "an empty length": (POST + b"content-length:\r\n\r\nhello", (400,)),
    "a length past 64 bits": (POST + b"content-length: 99999999999999999999999\r\n\r\nhello", (400, 413)),
    "a length with a gap": (POST + b"content-length: 1 5\r\n\r\nhello", (400,)),
    "length and chunked": (POST + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", (400,)),
    "chunked and length": (POST + b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n", (400,)),
    "chunked twice": (POST + b"transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n", (400, 501)),
    "chunked in two headers": (POST + b"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n", (400, 501)),
    "chunked, then another coding": (POST + b"transfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n", (400, 501)),
    "a coding that is nearly chunked": (POST + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n", (400, 501)),
    "a coding with a control in it": (POST + b"transfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n", (400,)),
    "chunked in HTTP/1.0": (POST.replace(b"1.1", b"1.0") + b"content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", (400,)),
    "a blank before the colon": (POST + b"content-length : 5\r\n\r\nhello", (400,)),
    "a folded header": (GET + b"host: a\r\nx: 1\r\n 2\r\n\r\n", (400,)),
    "a folded coding": (POST + b"transfer-encoding:\r\n chunked\r\n\r\n0\r\n\r\n", (400,)),
    "a fold before the first header": (GET + b" host: a\r\n\r\n", (400,)),
    "bare line feeds": (b"GET /api/server HTTP/1.1\nhost: a\n\n", (400,)),
    "one bare line feed": (GET + b"host: a\nx: 1\r\n\r\n", (400,)),
    "a bare line feed at the end": (GET + b"host: a\r\n\n", (400,)),
    "a bare carriage return": (GET + b"host: a\rx: 1\r\n\r\n", (400,)),
    "NUL in a value": (GET + b"host: a\r\nx: 1\x002\r\n\r\n", (400,)),
    "NUL in a name": (GET + b"host: a\r\nx\x00y: 1\r\n\r\n", (400,)),
    "NUL in the target": (b"GET /api/\x00server HTTP/1.1\r\nhost: a\r\n\r\n", (400,)),
    "a header without a name": (GET + b"host: a\r\n: 1\r\n\r\n", (400,)),
    "a header without a colon": (GET + b"host: a\r\nxyz\r\n\r\n", (400,)),
    "two blanks in the first line": (b"GET  /api/server HTTP/1.1\r\nhost: a\r\n\r\n", (400,)),
    "a blank at the first line's end": (b"GET /api/server HTTP/1.1 \r\nhost: a\r\n\r\n", (400,)),
    "a blank in the target": (b"GET /api/server x HTTP/1.1\r\nhost: a\r\n\r\n", (400,)),
    "a tab in the first line": (b"GET /api/\tserver HTTP/1.1\r\nhost: a\r\n\r\n", (400,)),
    "a version that is none": (b"GET /api/server HTTP/1.1x\r\nhost: a\r\n\r\n", (400, 505)),
    "version 2": (b"GET /api/server HTTP/2.0\r\nhost: a\r\n\r\n", (400, 505)),
    "a chunk size that is none": (POST + b"transfer-encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n", (400,)),
    "a negative chunk": (POST + b"transfer-encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n", (400,)),
    "a chunk past 64 bits": (POST + b"transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello", (400, 413)),
    "a chunk longer than it says": (POST + b"transfer-encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n", (400,)),
    "a chunk line with a bare line feed": (POST + b"transfer-encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n", (400,)),
    "a chunk without its end": (POST + b"transfer-encoding: chunked\r\n\r\n5\r\nhello0\r\n\r\n", (400,)),
    "10,000 headers": (GET + b"host: a\r\n" + b"".join(b"x%d: y\r\n" % i for i in range(10000)) + b"\r\n", (431,)),
    "101 headers": (GET + b"host: a\r\n" + b"".join(b"x%d: y\r\n" % i for i in range(101)) + b"\r\n", (431,)),
    "a header of a mebibyte": (GET + b"host: a\r\nx: " + b"y" * (1 << 20) + b"\r\n\r\n", (431,)),
    "a name of a mebibyte": (GET + b"host: a\r\n" + b"y" * (1 << 20) + b": x\r\n\r\n", (431,)),
    "a target of a mebibyte": (b"GET /" + b"a" * (1 << 20) + b" HTTP/1.1\r\nhost: a\r\n\r\n", (414, 431)),
    "a body larger than its route takes": (POST + b"content-length: 65537\r\n\r\n" + b"x" * 65537, (413,)),
    "chunks larger than the route takes": (POST + b"transfer-encoding: chunked\r\n\r\n" + b"4000\r\n" * 1 +
                                           (b"x" * 0x4000 + b"\r\n4000\r\n") * 8, (413,)),
    "a body of a terabyte": (POST + b"content-length: 1099511627776\r\n\r\nhello", (413,)),
    "a body for a path that is not there": (b"POST /nowhere HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999\r\n\r\n", (413, 404)),
    "an expectation of something else": (POST + b"expect: 200-ok\r\ncontent-length: 5\r\n\r\nhello", (417,)),
}

CLIMBING = ["/../../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..\\..\\etc\\passwd", "/./api/server",
            "/api/../config.lua", "/api/server/../../config.lua", "/content/../../config.lua", "/%00", "/api/server%00",
            "/%c0%ae%c0%ae/etc/passwd", "//../data/secret.bin", "/data/secret.bin", "/scripts/main.lua", "/" + "a/" * 3000]


def connect(r, tls):
    s = r.connect("http")
    if not tls:
        return s
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(s)


def hear(s):
    """Everything up to the close; "open" when none comes."""
    said = b""
    try:
        while part := s.recv(65536):
            said += part
        return "closed", said
    except socket.timeout:
        return "open", said
    except OSError:
        return "closed", said


def say(s, data):
    """A server that has heard enough closes while we still speak; its answer can be read all the same, unless a reset was
    faster: then it is asked again with less at once."""
    try:
        s.sendall(data)
        return True
    except OSError:
        return False


def answer(r, data, tls):
    with connect(r, tls) as s:
        say(s, data)
        how, said = hear(s)
    for _ in range(5):
        if said or len(data) <= 60000:
            break
        with connect(r, tls) as s:  # the reset overtook the answer: send no more than the limit needs
            for at in range(0, len(data), 4096):
                s.settimeout(0.05)
                try:
                    s.sendall(data[at:at + 4096])
                    part = s.recv(65536)
                    said += part
                    if part:
                        break
                except socket.timeout:
                    continue
                except OSError:
                    break
            s.settimeout(relay.PATIENCE)
            how, more = hear(s)
            said += more
    return how, said


def shapes(r):
    for tls in (False, True):
        for name, (data, allowed) in REFUSED.items():
            how, said = answer(r, data + BEHIND, tls)
            status = int(said.split()[1]) if said.startswith(b"HTTP/1.1 ") else None
            good = how == "closed" and status in allowed and said.count(b"HTTP/1.1 ") == 1 and b"POCKET_RELAY" not in said
            case(f"{'TLS: ' if tls else ''}{name}: {allowed}", good, (how, said[:200]))
    with r.connect("game") as s:
        case("others are served", answers_ping(s))
    body = b"GET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n"
    with connect(r, False) as s:
        s.sendall(POST + b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
        how, said = hear(s)
        case("a body that looks like a request is a body", said.count(b"HTTP/1.1 ") == 1 and b" 400 " in said[:20], said)


def climbing(r):
    for path in CLIMBING:
        how, said = answer(r, b"GET " + path.encode() + b" HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", False)
        status = int(said.split()[1]) if said.startswith(b"HTTP/1.1 ") else None
        case(f"{path[:40]}: nothing there", how == "closed" and status in (400, 404, 414) and b"root:" not in said, said[:100])


def half_closed(r):
    for name, data, wanted in (("nothing", b"", None), ("half a head", GET + b"host: a\r\n", 400), ("half a line", b"GET /api", 400),
                               ("half a body", POST + b"content-length: 10\r\n\r\nhello", 400),
                               ("half a chunk", POST + b"transfer-encoding: chunked\r\n\r\n5\r\nhel", 400),
                               ("a whole request", GET + b"host: a\r\n\r\n", 200),
                               ("two whole requests", 2 * (GET + b"host: a\r\n\r\n"), 200)):
        with connect(r, False) as s:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            how, said = hear(s)
        status = int(said.split()[1]) if said.startswith(b"HTTP/1.1 ") else None
        count = said.count(b"HTTP/1.1 ")
        case(f"{name}, then no more: {wanted}, closed", how == "closed" and status == wanted and
             count == (0 if wanted is None else 2 if name.startswith("two") else 1), (how, said[:100]))


def drip(r, first, byte, allowed, name, results):
    """A byte now and then: each is in time, the whole is not."""
    try:
        with connect(r, False) as s:
            s.sendall(first)
            s.settimeout(0.25)
            until, said, closed = time.monotonic() + relay.PATIENCE, b"", False
            while not closed and time.monotonic() < until:
                try:
                    part = s.recv(65536)
                    said += part
                    closed = not part
                except socket.timeout:
                    say(s, byte)
                except OSError:
                    closed = True
            status = int(said.split()[1]) if said.startswith(b"HTTP/1.1 ") else None
            results.append((name, status in allowed and closed, (status, closed)))
    except Exception as e:
        results.append((name, False, repr(e)))


def slow(r):
    results = []
    drips = [(b"GET /api/server HTTP/1.1\r\nhost: a", b"a", (408,), "a head that never ends: 408, closed"),
             (POST + b"content-length: 60000\r\n\r\n", b"x", (408,), "a body that never ends: 408, closed"),
             (POST + b"transfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n", (408,), "chunks that never end: 408, closed"),
             (b"G", b"", (408, None), "one byte and silence: closed"),
             (GET + b"host: a\r\n\r\n", b"", (200,), "nothing after an answer: closed")]
    threads = [threading.Thread(target=drip, args=(r, *d, results)) for d in drips]
    for t in threads:
        t.start()
    with r.connect("game") as s:
        case("meanwhile others are served", answers_ping(s))
    for t in threads:
        t.join()
    for name, good, why in results:
        case(name, good, why)


def run(part, r):
    try:
        part(r)
    except Exception as e:
        case(part.__name__, False, repr(e))


def main():
    with Relay(sets=("limits.http_head_seconds=1", "limits.http_body_seconds=1", "limits.http_idle_seconds=1")) as r:
        run(slow, r)
    with Relay(sets=("limits.associations_per_minute=0",)) as r:  # whose patience is that of every server
        before = r.memory_kb()
        for part in (shapes, climbing, half_closed):
            run(part, r)
        grown = r.memory_kb() - before
        case("memory is bounded", grown < 32768 * relay.SLOW, f"{grown} kB")
        case("it ends cleanly", r.stop() == 0)
    return 1 if relay.failures else 0


if __name__ == "__main__":
    sys.exit(main())
