"""The same login through every door: plain, our own TLS with the operator's certificate, and nginx with TLS in front, as the
README configures it. Whose address a player has; certificates that change while the server runs."""
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

import relay
from relay import PATIENCE, Nginx, Relay, case, find_int, find_text, frame, group, int_field, read_exactly, read_frame, tag, text_field

HOST = "play.example.org"
PLAYER = "127.0.0.3"  # nginx is 127.0.0.1
BLAZE, AUTH, SESSIONS = 9, 1, 0x7802


def make_certificate(folder, name, host=HOST):
    """<name>.pem and <name>.key"""
    pem, key = (os.path.join(folder, f"{name}.{end}") for end in ("pem", "key"))
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9",
                    "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}", "-out", pem, "-keyout", key],
                   check=True, capture_output=True, timeout=PATIENCE)
    return pem, key


def der_of(pem):
    with open(pem) as f:
        return ssl.PEM_cert_to_DER_cert(f.read())


class Door:
    """Where a player connects: port, path, and the certificate it has to be shown (None = plain)."""

    def __init__(self, port, path="/", pem=None, source="127.0.0.1"):
        self.port, self.path, self.source = port, path, source
        self.tls = pem and ssl.create_default_context(cafile=pem)

    def open(self):
        s = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE, source_address=(self.source, 0))
        return self.tls.wrap_socket(s, server_hostname=HOST) if self.tls else s

    def get(self, path, *headers):
        """(status, headers, body, the open connection)"""
        s = self.open()
        lines = [f"GET {self.path}{path} HTTP/1.1", f"host: {HOST}", "user-agent: PocketRelayClient/v0.3.0", *headers]
        s.sendall("".join(line + "\r\n" for line in lines).encode() + b"\r\n")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += read_exactly(s, 1)
        status, *fields = head.decode().split("\r\n")
        fields = dict(re.split(": *", f, maxsplit=1) for f in fields if f)
        fields = {k.lower(): v for k, v in fields.items()}
        body = read_exactly(s, int(fields.get("content-length", 0))) if " 101 " not in status else b""
        return int(status.split()[1]), fields, body, s


class Game:
    def __init__(self, s):
        self.s, self.number, self.notified = s, 0, []

    def ask(self, component, command, body=b""):
        self.number += 1
        self.s.sendall(frame(component, command, self.number, body))
        while True:
            got = read_frame(self.s)
            if got[3] == 2:
                self.notified.append(got)
                continue
            assert got[:3] == (component, command, self.number) and got[3] == 1, got
            return got[5]


def enter(door, *headers):
    """From the look-up to a session."""
    status, _, body, s = door.get("api/server")
    s.close()
    found = json.loads(body)
    assert status == 200 and found["ident"] == "POCKET_RELAY_SERVER", (status, body)
    status, fields, _, s = door.get("api/server/upgrade", "connection: Upgrade", "upgrade: blaze",
                                    f"x-association: {found['association']}", *headers)
    assert (status, fields.get("upgrade")) == (101, "blaze"), (status, fields)
    return Game(s)


def hello(game):
    game.ask(BLAZE, 7, group("CDAT", int_field("LOC", 0x656E4E5A) + text_field("SVCN", "masseffect-3-pc")))


def external_address(game):
    """What the server holds for the player's own address, when the game does not know it."""
    none = group("EXIP", int_field("IP", 0) + int_field("PORT", 0))
    inside = group("INIP", int_field("IP", 0xC0A80105) + int_field("PORT", 3659))
    game.notified.clear()
    game.ask(SESSIONS, 0x14, tag("ADDR") + b"\x06\x02" + group("VALU", none + inside))
    got = game.notified or [read_frame(game.s)]
    pair = got[-1][5]
    return find_int(pair[pair.index(tag("EXIP")):], "IP")


def create(game, email):
    hello(game)
    made = game.ask(AUTH, 0x0A, text_field("CTRY", "NZ") + text_field("LANG", "en") + text_field("MAIL", email) +
                    text_field("PASS", "hunter22"))
    name = find_text(made, "DSNM")
    game.ask(AUTH, 0x6E, text_field("PNAM", name))
    game.ask(BLAZE, 8)
    return find_text(made, "PCTK"), name, find_int(made, "UID")


def login(door, email):
    """A new account, out, and in again by token: what a player's first evening is, whatever the door."""
    game = enter(door)
    token, name, player = create(game, email)
    seen, number = external_address(game), struct_ip(door.source)
    assert seen == number, f"the player's address is {seen:#x}, not {number:#x}"
    game.s.close()
    game = enter(door)
    hello(game)
    back = game.ask(AUTH, 0x32, text_field("AUTH", token) + int_field("PID", player) + int_field("TYPE", 2))
    assert find_text(back, "DSNM") == name, back
    big = game.ask(BLAZE, 1, text_field("CFID", "ME3_ENT"))
    assert len(big) > 20000, len(big)
    game.ask(BLAZE, 2)
    game.s.close()


def struct_ip(text):
    return int.from_bytes(socket.inet_aton(text), "big")


def tells(name, script, *words):
    try:
        script(*words)
        case(name, True)
    except Exception as e:
        case(name, False, repr(e))  # the next one tells more


# -- nginx -----------------------------------------------------------------------------------------------------------

def site_of_readme(changes):
    """The README's site; only ports and files become those of this test."""
    with open(os.path.join(relay.SOURCE, "README.md")) as f:
        site = re.search(r"```nginx\n(.*?)```", f.read(), re.S)[1]
    for old, new in changes.items():
        assert site.count(old) == 1, f"the README's nginx site has not one {old!r}"
        site = site.replace(old, new)
    return site


def nginx(r, pem, key):
    return Nginx(r.folder, lambda port: site_of_readme({
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl", f"/etc/ssl/{HOST}.pem": pem, f"/etc/ssl/{HOST}.key": key,
        "127.0.0.1:8080": f"127.0.0.1:{r.port['http']}"}))


def doors(r, pem, key):
    tells("plain: login", login, Door(r.port["http"], source=PLAYER), "plain@example.org")
    tells("our own TLS: login", login, Door(r.port["http"], pem=pem, source=PLAYER), "tls@example.org")
    with nginx(r, pem, key) as n:
        front = Door(n.port, "/me3/", pem, source=PLAYER)
        tells("nginx with TLS, below a path: login, and the address is the player's", login, front, "nginx@example.org")
        status, _, _, s = front.get("api/server/upgrade")
        s.close()
        case("nginx: without an upgrade: 426", status == 426, status)
        status, _, body, s = front.get("qos/qos?qtyp=1")
        s.close()
        case("nginx: an ordinary request", status == 200 and b"<qos>" in body, body)
    for value in ("x-real-ip:", "x-real-ip: nonsense", "x-real-ip: 2001:db8::1", "x-real-ip: 1.2.3.256",
                  "x-real-ip: 1.2.3.4:x", "x-real-ip: 1.2.3.4, 5.6.7.8", "x-nothing: 1"):
        status, _, _, s = Door(r.port["http"]).get("api/server/upgrade", "connection: Upgrade", "upgrade: blaze", value)
        s.close()
        case(f"a trusted proxy that says {value!r}: 400", status == 400, status)


def strangers():
    """A header from who is no proxy of ours is not looked at."""
    config = relay.CONFIG.replace("return {", 'return { reverse_proxy = true, trusted_proxies = { "192.0.2.0/24", "::1" },')
    with Relay(config) as r:
        for value in ("x-real-ip: 203.0.113.9", "x-real-ip: nonsense"):
            def script(value=value):
                game = enter(Door(r.port["http"]), value)
                create(game, f"{len(value)}@example.org")
                assert external_address(game) == struct_ip("127.0.0.1")
            tells(f"not a trusted proxy, says {value!r}: its own address", script)
    broken = Relay(relay.CONFIG.replace("return {", 'return { trusted_proxies = { "10.0.0.0/33" },'))
    broken.spawn()
    code = broken.process.wait(PATIENCE)
    case("a trusted proxy that is none: one clear sentence", code == 1 and "'10.0.0.0/33' has too many bits" in broken.log(),
         broken.log())
    broken.__exit__()


# -- certificates that change -------------------------------------------------------------------------------------------

def shown(r):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(r.connect("http")) as s:
        return s.getpeercert(True)


def put(new, old):
    for a, b in zip(new, old):
        with open(a, "rb") as f:
            text = f.read()
        with open(b + ".new", "wb") as f:
            f.write(text)
        os.replace(b + ".new", b)


def certificates(folder):
    pairs = [make_certificate(folder, f"pair{i}") for i in range(3)]
    used = tuple(os.path.join(folder, f"used.{end}") for end in ("pem", "key"))
    put(pairs[0], used)
    sets = (f"tls.certificate={used[0]}", f"tls.key={used[1]}", "tls.check_seconds=1")
    with Relay(sets=sets) as r:
        case("the operator's certificate is shown", shown(r) == der_of(pairs[0][0]))
        game = enter(Door(r.port["http"], pem=pairs[0][0]))
        mark = len(r.log(0).encode())
        put(pairs[1], used)
        r.wait_log("the certificate has changed", since=mark)
        case("changed files: new connections get the new one", shown(r) == der_of(pairs[1][0]))
        mark = len(r.log(0).encode())
        put((pairs[1][0], pairs[2][1]), used)
        r.wait_log("stays in use", since=mark)
        case("a key of another certificate: the old one goes on", shown(r) == der_of(pairs[1][0]))
        time.sleep(2.5)
        case("and is complained about once", r.log(mark).count("stays in use") == 1, r.log(mark))
        mark = len(r.log(0).encode())
        r.signal(signal.SIGHUP)
        r.wait_log("is running", since=mark)
        case("a reload meanwhile: the old one goes on", shown(r) == der_of(pairs[1][0]))
        mark = len(r.log(0).encode())
        put(pairs[2], used)
        r.wait_log("the certificate has changed", since=mark)
        case("mended: the new one", shown(r) == der_of(pairs[2][0]))
        os.unlink(used[0])
        r.wait_log("stays in use", since=mark)
        case("a file that is gone: the old one goes on", shown(r) == der_of(pairs[2][0]))
        put(pairs[0], used)
        mark = len(r.log(0).encode())
        r.signal(signal.SIGHUP)
        r.wait_log("is running", since=mark)
        case("a reload takes the new files at once", shown(r) == der_of(pairs[0][0]))
        tells("a game that came in long before plays on", game.ask, BLAZE, 2)
        game.s.close()
    put((pairs[1][0], pairs[2][1]), used)
    broken = Relay(sets=sets)
    broken.spawn()
    code = broken.process.wait(PATIENCE)
    case("a first start with such a pair ends with one sentence", code == 1 and "does not belong to" in broken.log(),
         broken.log())
    broken.__exit__()


def main():
    with tempfile.TemporaryDirectory(prefix="murelay-doors-") as folder:
        pem, key = make_certificate(folder, "own")
        sets = (f"tls.certificate={pem}", f"tls.key={key}")
        with Relay(relay.CONFIG.replace("return {", 'return { reverse_proxy = true, trusted_proxies = { "127.0.0.1" },'),
                   sets) as r:
            doors(r, pem, key)
        tells("strangers", strangers)
        tells("certificates", certificates, folder)
    return 1 if relay.failures else 0


if __name__ == "__main__":
    sys.exit(main())
