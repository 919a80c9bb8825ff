"""Bad input at every door of a running server: a reply or a close, bounded memory, and everybody else is served on."""
import random
import re
import socket
import ssl
import struct
import sys

import relay
from relay import PING, Relay, answers_ping, case, frame, int_field, read_frame, tag, text_field, upgrade, varint

random.seed(20120306)  # the same bytes every time


def outcome(s):
    """Reads until the peer closes: "closed" and what it said. "open": it does not."""
    said = b""
    try:
        while True:
            part = s.recv(65536)
            if not part:
                return "closed", said
            said += part
            if len(said) > 1 << 20:
                return "talks", said
    except socket.timeout:
        return "open", said
    except OSError:
        return "closed", said


def http_answer(s):
    """One whole answer, however long the connection stays open behind it; or what came up to the close."""
    said = b""
    try:
        while part := s.recv(65536):
            said += part
            head, end, body = said.partition(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.I)
            if end and length and len(body) >= int(length[1]):
                return "answered", said
    except OSError:
        pass
    return "closed", said


def throw(r, door, data, through=None, pieces=False, hear=outcome):
    s = r.connect(door)
    try:
        if through == "upgrade":
            upgrade(s)
        if through == "tls":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            s = context.wrap_socket(s)
        for part in ([data[i:i + 1] for i in range(len(data))] if pieces else [data]):
            s.sendall(part)
        return hear(s)
    except OSError:
        return "closed", b""
    finally:
        s.close()


def alive(r):
    with r.connect("game") as s:
        return answers_ping(s)


def nested(depth):
    return tag("CDAT") + b"\x03" + (tag("CDAT") + b"\x03") * depth + b"\x00" * (depth + 1)


# Frames: after these the stream cannot be trusted, so it must be closed.
BROKEN_FRAMES = {
    "a frame of 1 MiB and one byte": struct.pack(">HHHHBBHH", 1, 9, 2, 0, 0, 0x10, 1, 0x10) + b"x" * 64,
    "a frame of 4 GiB": struct.pack(">HHHHBBHH", 0xffff, 9, 2, 0, 0, 0x10, 1, 0xffff),
    "a frame type that is none": frame(9, 2, 1, kind=7),
    "frame type ping of the next protocol": frame(9, 2, 1, kind=4),
}

# Bodies: the frame is fine, its content is not; an error or a close, never silence about it and never a crash.
BROKEN_BODIES = {
    "a truncated string": text_field("CFID", "ME3_DATA")[:-3],
    "a string longer than the body": tag("CFID") + b"\x01" + varint(1 << 20) + b"abc",
    "a string of negative length": tag("CFID") + b"\x01\x45abc",
    "a string without its end": tag("CFID") + b"\x01" + varint(3) + b"abc",
    "an integer that never ends": tag("CFID") + b"\x00" + b"\xff" * 40,
    "a type that is none": tag("CFID") + b"\x0e\x01",
    "a tag that is none": b"\x00\x00\x00\x01\x02a\x00",
    "groups 40 deep": nested(40),
    "groups 5000 deep": nested(5000),
    "a list of a thousand million": tag("CFID") + b"\x04\x00" + varint(10 ** 9),
    "a map that counts too many": tag("CFID") + b"\x05\x01\x01" + varint(1 << 40),
    "the field as another type": int_field("CFID", 7),
    "the field twice": text_field("CFID", "ME3_DATA") + text_field("CFID", "ME3_MSG"),
    "fields out of order": text_field("ZZZZ", "x") + text_field("CFID", "ME3_DATA"),
    "random bytes": random.randbytes(300),
    "nothing at all": b"",
}


def blaze(r):
    for through in (None, "upgrade", "tls"):
        door, where = ("game", "raw") if through is None else ("http", through)
        for name, data in BROKEN_FRAMES.items():
            how, said = throw(r, door, data, through)
            case(f"{where}: {name}: closed", how == "closed" and len(said) < 4096, f"{how} {said[:60]}")
        for name, body in BROKEN_BODIES.items():
            with r.connect(door) as s:
                if through == "upgrade":
                    upgrade(s)
                if through == "tls":
                    context = ssl.create_default_context()
                    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                    s = context.wrap_socket(s)
                s.sendall(frame(9, 1, 5, body))
                try:
                    component, command, number, kind, _, _ = read_frame(s)
                    good = (component, command, number) == (9, 1, 5) and kind in (1, 3)
                except (EOFError, ConnectionError):
                    good = True  # a close is an answer as well
                except OSError as e:
                    good = f"silence: {e}"
                case(f"{where}: {name}: answered or closed", good is True, good)
        case(f"{where}: others are served", alive(r))
    with r.connect("game") as s:
        s.sendall(frame(9, 2, 3, kind=1) + frame(9, 2, 3, kind=2))  # what only a server says
        try:
            s.sendall(PING)
            number = read_frame(s)[2]
        except (EOFError, ConnectionError):
            number = None
        case("raw: a response from a client is no request", number in (7, None), number)
    with r.connect("game") as s:
        for byte in frame(9, 1, 9, text_field("CFID", "ME3_DATA")):
            s.sendall(bytes([byte]))
        case("raw: byte by byte", read_frame(s)[:3] == (9, 1, 9))
    with r.connect("game") as s:
        s.sendall(b"".join(frame(9, 2, n) for n in range(400)))
        numbers = [read_frame(s)[2] for _ in range(400)]
        case("raw: 400 requests at once are answered in order", numbers == list(range(400)))


HTTP = {  # request → the statuses that are fine; None = a close without a word
    b"GET / HTTP/1.1\r\n\r\n": (400, 404),
    b"GET /api/server HTTP/9.9\r\nhost: a\r\n\r\n": (400, 505, None),
    b"GET /api/server HTTP/1.1\r\nhost a\r\n\r\n": (400,),
    b"GET /api/server HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello": (400,),
    b"POST /api/server/telemetry HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n": (400,),
    b"POST /api/server/telemetry HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n": (400,),
    b"POST /api/server/telemetry HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999\r\n\r\n": (413, 400),
    b"POST /api/server/telemetry HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n": (400,),
    b"GET /" + b"a" * 40000 + b" HTTP/1.1\r\nhost: a\r\n\r\n": (400, 414, 431),
    b"GET / HTTP/1.1\r\nhost: a\r\n" + b"".join(b"x%d: y\r\n" % i for i in range(300)) + b"\r\n": (400, 431),
    b"GET / HTTP/1.1\r\nhost: a\r\nx: " + b"y" * 40000 + b"\r\n\r\n": (400, 431),
    b"GET /../../etc/passwd HTTP/1.1\r\nhost: a\r\n\r\n": (400, 404),
    b"GET /%00 HTTP/1.1\r\nhost: a\r\n\r\n": (400, 404),
    b"GET /%zz HTTP/1.1\r\nhost: a\r\n\r\n": (400, 404),
    b"BREW /api/server HTTP/1.1\r\nhost: a\r\n\r\n": (400, 405, 501, None),
}


def http(r):
    for through in (None, "tls"):
        for request, allowed in HTTP.items():
            how, said = throw(r, "http", request, through, hear=http_answer)
            line = said.split(b"\r\n")[0]
            status = int(line.split()[1]) if line.startswith(b"HTTP/1.1 ") else None
            name = request[:50].decode("latin-1").replace("\r\n", "|")
            case(f"http{' in tls' if through else ''}: {name}", status in allowed, f"{how} {line}")
    how, said = throw(r, "http", b"GET /api/server HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n", pieces=True)
    case("http: byte by byte", said.startswith(b"HTTP/1.1 200"), said[:80])
    how, said = throw(r, "http", b"GET /api/server HTTP/1.1\r\nhost: a\r\n\r\n" * 20 +
                      b"GET /api/server HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
    case("http: 21 requests at once", said.count(b"HTTP/1.1 200") == 21 and how == "closed", said[:80])
    case("http: others are served", alive(r))


def handshakes(r):
    hello3 = bytes.fromhex("1603000041010000 3d0300".replace(" ", "")) + b"\0" * 3
    broken = {
        "SSLv3: a hello that stops": hello3[:9],
        "SSLv3: a record of 65535 bytes": b"\x16\x03\x00\xff\xff" + b"x" * 200,
        "SSLv3: an alert first": b"\x15\x03\x00\x00\x02\x02\x28",
        "TLS: garbage behind the record header": b"\x16\x03\x01\x00\x40" + random.randbytes(64),
        "TLS: application data first": b"\x17\x03\x03\x00\x10" + random.randbytes(16),
        "SSLv2: a hello of old": b"\x80\x2e\x01\x00\x02" + random.randbytes(43),
    }
    for door in ("redirector", "http"):
        for name, data in broken.items():
            s = r.connect(door)
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            how, said = outcome(s)
            s.close()
            case(f"{door}: {name}: closed", how == "closed" and len(said) < 4096, f"{how} {said[:40]}")
    case("handshakes: others are served", alive(r))


def noise(r):
    before = r.memory_kb()
    for door in ("http", "redirector", "game", "telemetry"):
        for size in (1, 2, 5, 12, 40, 500, 5000, 60000):
            s = r.connect(door)
            try:
                s.sendall(random.randbytes(size))
                s.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            how, said = outcome(s)
            s.close()
            case(f"{door}: {size} random bytes: closed", how == "closed" and len(said) < 65536, f"{how} {len(said)}")
    grown = r.memory_kb() - before
    case("noise: memory is bounded", grown < 65536, f"{grown} kB")
    case("noise: others are served", alive(r))


def greedy(r):
    """Asks for 40 kB answers and never reads them: the server stops reading or closes, and its memory stays bounded."""
    before = r.memory_kb()
    s = r.connect("game")
    ask = b"".join(frame(9, 1, n & 0xfffff, text_field("CFID", "ME3_ENT")) for n in range(200))
    sent = 0
    try:
        s.settimeout(1)
        while sent < 400:  # 80,000 answers of 40 kB would be 3 GB
            s.sendall(ask)
            sent += 1
    except OSError:
        pass
    grown = r.memory_kb() - before
    case("a client that never reads: memory is bounded", grown < 65536 * relay.SLOW, f"{grown} kB after {sent} x 200 requests")
    case("a client that never reads: others are served", alive(r))
    s.close()


with Relay(sets=("limits.associations_per_minute=0",)) as r:
    for part in (blaze, http, handshakes, noise, greedy):
        try:
            part(r)
        except Exception as e:
            case(part.__name__, False, repr(e))
    case("the server still runs", r.process.poll() is None)
    case("and ends cleanly", r.stop() == 0)
sys.exit(1 if relay.failures else 0)
