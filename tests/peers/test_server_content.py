"""Pictures over HTTP, asked for by curl and by hand: what is served, conditions, ranges, names that climb, files that come
and go while the server runs, many at once."""
import hashlib
import http.client
import os
import subprocess
import sys
import tempfile
import threading
import time

import relay
from relay import Relay, case

WELCOME = os.path.join(relay.SOURCE, "assets", "content", "promo_welcome.dds")


def read(path):
    with open(path, "rb") as f:
        return f.read()


def get(r, path, method="GET", headers=None):
    c = http.client.HTTPConnection("127.0.0.1", r.port["http"], timeout=relay.PATIENCE)
    try:
        c.request(method, path, headers=headers or {})
        answer = c.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        c.close()


def raw(r, path):
    """As it stands: http.client and curl would tidy it up."""
    with r.connect("http") as s:
        s.sendall(f"GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n".encode("latin-1"))
        said = b""
        while part := s.recv(65536):
            said += part
    return int(said.split()[1]), said


def put(r, name, data):
    path = os.path.join(r.data, "assets", "content", name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".part", "wb") as f:
        f.write(data)
    os.replace(path + ".part", path)


def becomes(r, path, wanted):
    """The listing is a few seconds old at most."""
    until = time.monotonic() + relay.PATIENCE
    while time.monotonic() < until:
        got = get(r, path)
        if (got[0], got[2]) == wanted or got[0] == wanted[0] != 200:
            return True
        time.sleep(0.2)
    return False


def picture(r):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-B", os.path.join(relay.SOURCE, "assets", "make_pictures.py"), folder], check=True,
                       timeout=relay.PATIENCE)
        for name in os.listdir(folder):
            same = read(os.path.join(folder, name)) == read(os.path.join(relay.SOURCE, "assets", "content", name))
            case(f"{name} is what make_pictures.py draws", same)
    data = read(WELCOME)
    header = bytes.fromhex("444453207c000000071000008402000000020000" + "00" * 56 + "200000000400000044585435" + "00" * 20 +
                           "00100000" + "00" * 16)
    case("it is a promo picture as the game knows them", data[:128] == header and len(data) == 329856, data[:128].hex())
    got = subprocess.run(["curl", "-s", "-D", "-", "-o", "/dev/null", "-w", "%{size_download}",
                          f"http://127.0.0.1:{r.port['http']}/content/promo_welcome.dds"], capture_output=True, timeout=relay.PATIENCE)
    case("curl gets it", got.stdout.startswith(b"HTTP/1.1 200") and got.stdout.endswith(b"329856"), got.stdout)
    status, headers, body = get(r, "/content/promo_welcome.dds")
    case("whole, with its type and length", (status, body) == (200, data) and headers["content-length"] == "329856" and
         headers["content-type"] == "image/vnd-ms.dds" and "transfer-encoding" not in headers, headers)
    tag = '"' + hashlib.sha256(data).hexdigest()[:32] + '"'
    case("with what caches need", headers["etag"] == tag and headers["last-modified"].endswith("GMT") and
         headers["accept-ranges"] == "bytes" and "max-age" in headers["cache-control"], headers)
    for path in ("/content/PROMO_WELCOME.DDS", "//content/promo_welcome.dds", "/content/ChallengeBanners/promo_welcome.dds",
                 "/content/promo%5Fwelcome.dds", "/content/a/b/c/promo_welcome.dds?x=1"):
        status, _, body = get(r, path)
        case(f"the same: {path}", (status, body) == (200, data), status)
    status, more, body = get(r, "/content/promo_welcome.dds", "HEAD")
    case("HEAD: the head alone", (status, body) == (200, b"") and more["content-length"] == "329856" and more["etag"] == tag)
    status, more, _ = get(r, "/content/promo_welcome.dds", "POST")
    case("POST: 405", status == 405 and "GET" in more["allow"] and "HEAD" in more["allow"], (status, more))
    return data, headers


def conditions(r, data, headers):
    path = "/content/promo_welcome.dds"
    for name, value, wanted in (("if-none-match", headers["etag"], 304), ("if-none-match", '"other", W/' + headers["etag"], 304),
                                ("if-none-match", '"other"', 200), ("if-modified-since", headers["last-modified"], 304),
                                ("if-modified-since", "Sun, 06 Nov 1994 08:49:37 GMT", 200), ("if-match", '"other"', 412)):
        status, more, body = get(r, path, headers={name: value})
        good = status == wanted and (body == data if wanted == 200 else body == b"")
        case(f"{name}: {value[:24]}: {wanted}", good and more["etag"] == headers["etag"], (status, more))
    for value, wanted in (("bytes=0-99", data[:100]), ("bytes=100-", data[100:]), ("bytes=-7", data[-7:]),
                          ("bytes=329855-999999", data[-1:])):
        status, more, body = get(r, path, headers={"range": value})
        first = len(data) - len(wanted) if value != "bytes=0-99" else 0
        case(f"{value}: that part", (status, body) == (206, wanted) and
             more["content-range"] == f"bytes {first}-{first + len(wanted) - 1}/329856", (status, more))
    status, more, body = get(r, path, headers={"range": "bytes=329856-"})
    case("a range behind the end: 416", (status, more.get("content-range"), body) == (416, "bytes */329856", b""), more)
    status, _, body = get(r, path, headers={"range": "bytes=0-1,5-6"})
    case("several ranges: the whole", (status, body) == (200, data), status)
    status, _, body = get(r, path, headers={"range": "bytes=0-1", "if-range": '"other"'})
    case("a range of another copy: the whole", (status, body) == (200, data), status)


def climbing(r):
    """Beside the folder lies what must never be seen."""
    put(r, "inside.dds", b"inside")
    secret = os.path.join(r.data, "assets", "secret.txt")
    with open(secret, "w") as f:
        f.write("SECRET")
    os.symlink(secret, os.path.join(r.data, "assets", "content", "link.dds"))
    os.symlink(r.data, os.path.join(r.data, "assets", "content", "folder"))
    put(r, ".hidden.dds", b"SECRET")
    case("a file that is dropped in is served", becomes(r, "/content/inside.dds", (200, b"inside")))
    for path in ("/content/../secret.txt", "/content/..%2fsecret.txt", "/content/%2e%2e/secret.txt", "/content/..%5csecret.txt",
                 "/content/....//secret.txt", "/content/secret.txt", "/content/x/../../secret.txt", "/content//etc/passwd",
                 "/content/%00", "/content/inside.dds%00.txt", "/content/link.dds", "/content/folder/secret.txt",
                 "/content/folder/murelay.db", "/content/folder/secret.bin", "/content/.hidden.dds", "/content/", "/content",
                 "/content/.", "/content/..", "/content/" + "a/" * 14 + "a", "/content/" + "x" * 5000,
                 "/content/%252e%252e/secret.txt", "/content/\xff\xfe"):
        status, said = raw(r, path)
        case(f"{path[:40]!r}: nothing there", status in (400, 404) and b"SECRET" not in said and b"SQLite" not in said, status)


def changes(r, data):
    put(r, "promo_welcome.dds", b"ours")
    case("the data folder's file wins", becomes(r, "/content/promo_welcome.dds", (200, b"ours")))
    status, headers, _ = get(r, "/content/promo_welcome.dds")
    put(r, "promo_welcome.dds", b"Ours")
    case("changed within the second, same length: seen", becomes(r, "/content/promo_welcome.dds", (200, b"Ours")))
    status, _, body = get(r, "/content/promo_welcome.dds", headers={"if-none-match": headers["etag"]})
    case("and the old copy is not good any more", (status, body) == (200, b"Ours"), status)
    os.unlink(os.path.join(r.data, "assets", "content", "promo_welcome.dds"))
    case("taken away: the shipped one again", becomes(r, "/content/promo_welcome.dds", (200, data)))
    put(r, "empty.dds", b"")
    put(r, "page.html", b"<p>")
    put(r, "large.dds", bytes((3 << 20) + 1))
    case("an empty file", becomes(r, "/content/empty.dds", (200, b"")))
    case("the type goes by the name", get(r, "/content/page.html")[1]["content-type"] == "text/html; charset=utf-8")
    case("larger than 3 MiB: not served", get(r, "/content/large.dds")[0] == 404)
    case("and the log says so once", r.log().count("large.dds is larger than") == 1)


def many(r):
    """More than memory may hold, many at once: every byte is right and the memory bounded."""
    pictures = {f"set/p{i}.dds": bytes([i]) * (1 << 20) for i in range(48)}
    for name, body in pictures.items():
        put(r, name, body)
    case("a folder of 48 MiB", becomes(r, "/content/set/p47.dds", (200, pictures["set/p47.dds"])))
    before, wrong = r.memory_kb(), []

    def ask(part):
        for name in list(pictures)[part::4] + list(pictures)[part::4]:
            status, _, body = get(r, "/content/" + name)
            if (status, body) != (200, pictures[name]):
                wrong.append((name, status, len(body)))

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    grown = r.memory_kb() - before
    case("all of it twice, four at a time", not wrong, wrong[:4])
    case("memory is bounded", grown < 80 * 1024 * relay.SLOW, f"{grown} kB")
    with r.connect("http") as s:  # pipelined: in order, and each whole
        s.sendall(b"".join(b"GET /content/set/p%d.dds HTTP/1.1\r\nhost: a\r\n\r\n" % i for i in range(12)))
        f, good = s.makefile("rb"), []
        for i in range(12):
            while (line := f.readline()) not in (b"\r\n", b""):
                pass
            good.append(f.read(1 << 20) == bytes([i]) * (1 << 20))
        case("12 pipelined MiB arrive in order", all(good), good)


def main():
    with Relay() as r:
        data = read(WELCOME)
        for part in (lambda: conditions(r, *picture(r)), lambda: climbing(r), lambda: changes(r, data), lambda: many(r)):
            try:
                part()
            except Exception as e:
                case("it went on", False, repr(e))
        case("it ends cleanly", r.stop() == 0)
    return 1 if relay.failures else 0


if __name__ == "__main__":
    sys.exit(main())
