"""SSLv3 flights that a correct peer never sends, put together with scapy (messages, key derivation, MAC, Finished) against our server.

Each case has a connection of its own and says which alert must come back ("silence": none), and the server must go on
serving: the last case is an ordinary handshake on the server that saw all the others.
"""
import os
import socket
import struct
import sys
import warnings

warnings.simplefilter("ignore")
try:
    from scapy.layers.tls.crypto.h_mac import Hmac_MD5, Hmac_SHA
    from scapy.layers.tls.crypto.prf import PRF
    from scapy.layers.tls.handshake import TLSClientHello, TLSFinished, TLSServerHello
    from scapy.layers.x509 import X509_Cert
except ImportError as missing:
    # Debian's package belongs to Debian's python, which need not be the first one on the path.
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", "-B"] + sys.argv)
    print(f"case scapy is installed: failed, install python3-scapy ({missing})")
    sys.exit(1)

import ssl3_pump
from ssl3_pump import PATIENCE, SUITES, Server, case

CCS, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
SSL3 = PRF(tls_version=0x0300)


def rc4(key):
    s, j = list(range(256)), 0
    for i in range(256):
        j = (j + s[i] + key[i % len(key)]) & 255
        s[i], s[j] = s[j], s[i]
    i = j = 0
    while True:
        i = (i + 1) & 255
        j = (j + s[i]) & 255
        s[i], s[j] = s[j], s[i]
        yield s[(s[i] + s[j]) & 255]


def record(kind, body, version=0x0300):
    return struct.pack("!BHH", kind, version, len(body)) + body


def message(kind, body):
    return struct.pack("!B", kind) + struct.pack("!I", len(body))[1:] + body


def hello(**fields):
    fields = {"version": 0x0300, "gmt_unix_time": 0x01020304, "random_bytes": bytes(range(28)), "ciphers": [5, 4], "comp": [0], **fields}
    return bytes(TLSClientHello(**fields))


class Client:
    """Does what it is told, in any order."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.transcript = b""
        self.sealed = False
        self.sent = self.received = 0

    def send(self, raw):
        self.socket.sendall(raw)

    def take(self):
        """One record: (type, body); None when the server closed."""
        raw = b""
        while len(raw) < 5 or len(raw) < 5 + struct.unpack("!H", raw[3:5])[0]:
            want = 5 - len(raw) if len(raw) < 5 else 5 + struct.unpack("!H", raw[3:5])[0] - len(raw)
            try:
                more = self.socket.recv(want)
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            raw += more
        assert raw[1:3] == b"\x03\x00"
        return raw[0], raw[5:]

    def say(self, kind, body):
        """A handshake message in a record of its own."""
        m = message(kind, body)
        self.transcript += m
        self.send(self.seal(HANDSHAKE, m))

    def say_hello(self, **fields):
        m = hello(**fields)
        self.transcript += m
        self.random = m[6:38]
        self.send(record(HANDSHAKE, m))

    def flight(self):
        """Reads ServerHello, Certificate, ServerHelloDone; says whether they were that."""
        for kind in (2, 11, 14):
            got = self.take()
            if not got or got[0] != HANDSHAKE or got[1][0] != kind or len(got[1]) != 4 + int.from_bytes(got[1][1:4], "big"):
                return False
            self.transcript += got[1]
            if kind == 2:
                h = TLSServerHello(got[1])
                self.server_random, self.suite = got[1][6:38], h.cipher
                if h.version != 0x0300 or h.sidlen != 0:
                    return False
            if kind == 11:
                key = X509_Cert(got[1][10:]).tbsCertificate.subjectPublicKeyInfo.subjectPublicKey
                self.n, self.e = key.modulus.val, key.publicExponent.val
        return True

    def lock(self, block):
        """RSA without any padding of its own."""
        size = (self.n.bit_length() + 7) // 8
        return pow(int.from_bytes(block, "big"), self.e, self.n).to_bytes(size, "big")

    def block(self, secret, head=b"\x00\x02"):
        size = (self.n.bit_length() + 7) // 8
        return head + b"\x77" * (size - len(head) - 1 - len(secret)) + b"\x00" + secret

    def derive(self, secret):
        self.mac = Hmac_SHA if self.suite == 5 else Hmac_MD5
        n = 20 if self.suite == 5 else 16
        self.master = SSL3.compute_master_secret(secret, self.random, self.server_random)
        keys = SSL3.derive_key_block(self.master, self.server_random, self.random, 2 * n + 32)
        self.mac_size, self.my_secret, self.its_secret = n, keys[:n], keys[n:2 * n]
        self.my_cipher, self.its_cipher = rc4(keys[2 * n:2 * n + 16]), rc4(keys[2 * n + 16:])

    def seal(self, kind, body, spoil=0):
        if not self.sealed:
            return record(kind, body)
        tag = self.mac(self.my_secret).digest_sslv3(struct.pack("!QBH", self.sent, kind, len(body)) + body)
        self.sent += 1
        tag = tag[:-1] + bytes([tag[-1] ^ spoil])
        return record(kind, bytes(b ^ k for b, k in zip(body + tag, self.my_cipher)))

    def unseal(self, got):
        kind, body = got
        body = bytes(b ^ k for b, k in zip(body, self.its_cipher))
        body, tag = body[:-self.mac_size], body[-self.mac_size:]
        assert tag == self.mac(self.its_secret).digest_sslv3(struct.pack("!QBH", self.received, kind, len(body)) + body)
        self.received += 1
        return kind, body

    def key(self, secret=b"\x03\x00" + b"\x11" * 46):
        self.say(16, self.lock(self.block(secret)))
        self.derive(secret)

    def change_cipher(self):
        self.send(record(CCS, b"\x01"))
        self.sealed = True

    def finished(self, spoil=0):
        v = SSL3.compute_verify_data("client", "write", self.transcript, self.master)
        m = bytes(TLSFinished(vdata=v))
        self.transcript += m
        self.send(self.seal(HANDSHAKE, m, spoil))

    def open(self, **fields):
        """A whole handshake, with the server's Finished checked."""
        self.say_hello(**fields)
        if not self.flight():
            return False
        self.key()
        self.change_cipher()
        self.finished()
        return self.server_finished()

    def server_finished(self):
        expected = SSL3.compute_verify_data("server", "write", self.transcript, self.master)
        if self.take() != (CCS, b"\x01"):
            return False
        got = self.take()
        return got is not None and self.unseal(got) == (HANDSHAKE, message(20, expected))

    def last_words(self, sealed=False):
        """The fatal alert the server ends with, "silence" when it just closes."""
        got = self.take()
        if got is None:
            return "silence"
        if sealed:
            got = self.unseal(got)
        if got[0] != ALERT or len(got[1]) != 2 or got[1][0] != 2 or self.take() is not None:
            return f"{got[0]}: {got[1].hex()}"
        return got[1][1]


def ordinary(s, name):
    for suite in SUITES:
        c = Client(s.port)
        ok = c.open(ciphers=[suite])
        c.send(c.seal(DATA, b"he") + c.seal(DATA, b"llo"))
        echo = b""
        while len(echo) < 5:
            echo += c.unseal(c.take())[1]
        c.send(c.seal(ALERT, b"\x01\x00"))
        last = c.unseal(c.take())
        case(f"{name}, {SUITES[suite]}", ok and echo == b"hello" and last == (ALERT, b"\x01\x00") and c.take() is None)
        s.report()


def expect(s, name, want, act, sealed=False):
    c = Client(s.port)
    try:
        act(c)
        got = c.last_words(sealed)
    except (OSError, AssertionError) as e:
        got = repr(e)
    c.socket.close()
    report = s.report()
    case(name, got == want and " failed " in report, f"got {got}, {report}")


def first_flights(s):
    h = hello()
    plain = [
        ("HTTP", "silence", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("noise", "silence", bytes(range(200))),
        ("record of version 4.0", "silence", record(HANDSHAKE, h, 0x0400)),
        ("no common suite", 40, record(HANDSHAKE, hello(ciphers=[0x2f, 0x35]))),
        ("TLS 1.2 only, AES only", 40, record(HANDSHAKE, hello(version=0x0303, ciphers=[0xc02f, 0x9c]), 0x0301)),
        ("no null compression", 40, record(HANDSHAKE, hello(comp=[1]))),
        ("client version 2", 40, record(HANDSHAKE, hello(version=0x0200))),
        ("no suites at all", 47, record(HANDSHAKE, hello(ciphers=[]))),
        ("hello cut short", 47, record(HANDSHAKE, message(1, h[4:30]))),
        ("session id of 33 bytes", 47, record(HANDSHAKE, message(1, h[4:38] + b"\x21" + bytes(33) + h[39:]))),
        ("oversized record", 47, struct.pack("!BHH", HANDSHAKE, 0x0300, 16385)),
        ("oversized message", 47, record(HANDSHAKE, b"\x01\x00\x40\x01")),
        ("empty record", 10, record(HANDSHAKE, b"")),
        ("two hellos in one record", "flight, 10", record(HANDSHAKE, h + h)),
        ("hello and Finished", "flight, 10", record(HANDSHAKE, h) + record(HANDSHAKE, message(20, bytes(36)))),
        ("Finished first", 10, record(HANDSHAKE, message(20, bytes(36)))),
        ("key first", 10, record(HANDSHAKE, message(16, bytes(256)))),
        ("ServerHello first", 10, record(HANDSHAKE, message(2, bytes(38)))),
        ("change_cipher_spec first", 10, record(CCS, b"\x01")),
        ("data first", 10, record(DATA, b"hello")),
        ("heartbeat", "silence", record(24, b"\x01\x40\x00")),
        ("half a hello, then CCS", 10, record(HANDSHAKE, h[:20]) + record(CCS, b"\x01")),
        ("half a hello, then an alert", 10, record(HANDSHAKE, h[:20]) + record(ALERT, b"\x01\x00")),
        ("fatal alert first", "silence", record(ALERT, b"\x02\x28")),
        ("close_notify first", "silence", record(ALERT, b"\x01\x00")),
        ("33 warnings", 10, record(ALERT, b"\x01\x5a") * 33),
    ]
    for name, want, raw in plain:
        def act(c, raw=raw, want=want):
            c.send(raw)
            if isinstance(want, str) and want.startswith("flight"):
                c.transcript = h
                assert c.flight()
        expect(s, name, 10 if want == "flight, 10" else want, act)


def later_flights(s):
    def after_hello(raw):
        def act(c):
            c.say_hello()
            assert c.flight()
            c.send(raw)
        return act

    def after_key(tail):
        def act(c):
            c.say_hello()
            assert c.flight()
            c.key()
            tail(c)
        return act

    def after_open(tail):
        def act(c):
            assert c.open()
            tail(c)
        return act

    expect(s, "CCS before the key", 10, after_hello(record(CCS, b"\x01")))
    expect(s, "a client certificate nobody asked for", 10, after_hello(record(HANDSHAKE, message(11, b"\x00\x00\x00"))))
    expect(s, "key of 255 bytes", 47, after_hello(record(HANDSHAKE, message(16, bytes(255)))))
    expect(s, "key of no bytes", 47, after_hello(record(HANDSHAKE, message(16, b""))))
    expect(s, "version changes in the middle", 47, after_hello(record(HANDSHAKE, message(16, bytes(256)), 0x0301)))
    expect(s, "key twice", 10, after_key(lambda c: c.say(16, bytes(256))))
    expect(s, "CCS with a wrong body", 10, after_key(lambda c: c.send(record(CCS, b"\x02"))))
    expect(s, "CCS twice in one", 10, after_key(lambda c: c.send(record(CCS, b"\x01\x01"))))
    expect(s, "Finished without CCS", 10, after_key(lambda c: c.finished()))
    expect(s, "plain data after CCS", 20, after_key(lambda c: (c.change_cipher(), c.send(record(DATA, b"hello")))))
    expect(s, "sealed data before Finished", 10, after_key(lambda c: (c.change_cipher(), c.send(c.seal(DATA, b"hello")))))
    expect(s, "Finished with a wrong MAC", 20, after_key(lambda c: (c.change_cipher(), c.finished(spoil=1))))
    expect(s, "Finished of another transcript", 40,
           after_key(lambda c: (c.change_cipher(), setattr(c, "transcript", c.transcript + b"x"), c.finished())))
    expect(s, "record shorter than its MAC", 20, after_open(lambda c: c.send(record(DATA, b"short"))), sealed=True)
    expect(s, "wrong MAC", 20, after_open(lambda c: c.send(c.seal(DATA, b"hello", spoil=0x80))), sealed=True)

    def twice(c):
        raw = c.seal(DATA, b"once")
        c.send(raw)
        assert c.unseal(c.take()) == (DATA, b"once")
        c.send(raw)
    expect(s, "a record twice", 20, after_open(twice), sealed=True)
    expect(s, "renegotiation", 40, after_open(lambda c: c.send(c.seal(HANDSHAKE, hello()))), sealed=True)
    expect(s, "CCS once more", 10, after_open(lambda c: c.send(c.seal(CCS, b"\x01"))), sealed=True)
    expect(s, "oversized sealed record", 47, after_open(lambda c: c.send(struct.pack("!BHH", DATA, 0x0300, 16405))), sealed=True)
    expect(s, "33 empty records", 10, after_open(lambda c: [c.send(c.seal(DATA, b"")) for _ in range(33)]), sealed=True)
    expect(s, "sealed fatal alert", "silence", after_open(lambda c: c.send(c.seal(ALERT, b"\x02\x14"))))


def rsa_blocks(s):
    """However the block is malformed: no answer up to Finished, then bad_record_mac."""
    good = b"\x03\x00" + b"\x22" * 46
    kinds = {
        "another secret": lambda c: c.lock(c.block(b"\x03\x00" + b"\x33" * 46)),
        "version 3.1 inside": lambda c: c.lock(c.block(b"\x03\x01" + good[2:])),
        "block type 1": lambda c: c.lock(c.block(good, b"\x00\x01")),
        "block begins with 1": lambda c: c.lock(c.block(good, b"\x01\x02")),
        "secret of 47 bytes": lambda c: c.lock(c.block(good[:47])),
        "secret of 49 bytes": lambda c: c.lock(c.block(good + b"\x00")),
        "no separator": lambda c: c.lock(b"\x00\x02" + b"\x77" * 254),
        "zero in the padding": lambda c: c.lock(c.block(good)[:5] + b"\x00" + c.block(good)[6:]),
        "nought": lambda c: bytes(256),
        "not below the modulus": lambda c: b"\xff" * 256,
    }
    for name, make in kinds.items():
        def act(c, make=make):
            c.say_hello()
            assert c.flight()
            c.say(16, make(c))
            c.derive(good)
            c.change_cipher()
            c.socket.settimeout(0.1)
            try:
                raise AssertionError(f"answered: {c.take()}")
            except socket.timeout:
                pass
            c.socket.settimeout(PATIENCE)
            c.finished()
        expect(s, f"RSA block: {name}", 20, act)


def packings(s):
    c = Client(s.port)
    h = hello(sid=bytes(32))
    c.transcript, c.random = h, h[6:38]
    c.send(b"".join(record(HANDSHAKE, h[i:i + 1]) for i in range(len(h))))
    ok = c.flight()
    c.key()
    c.change_cipher()
    v = message(20, SSL3.compute_verify_data("client", "write", c.transcript, c.master))
    c.transcript += v
    raw = b"".join(c.seal(HANDSHAKE, v[i:i + 7]) for i in range(0, 40, 7))
    for i in range(len(raw)):
        c.send(raw[i:i + 1])
    case("messages spread over records, records over segments", ok and c.server_finished())
    c.socket.close()
    s.report()
    c = Client(s.port)
    ok = c.open(version=0x0301, ciphers=[0x00ff, 0xc02f, 4, 5]) is False  # the secret must carry the hello's version
    c.socket.close()
    case("a hello of 3.1 with a secret of 3.0", ok and "bad_record_mac" in s.report())


def ends(s):
    c = Client(s.port)
    c.send(record(HANDSHAKE, hello())[:30])
    c.socket.shutdown(socket.SHUT_WR)
    case("end of stream in the hello", c.take() is None and "handshake_failed" in s.report())
    c = Client(s.port)
    ok = c.open()
    c.socket.shutdown(socket.SHUT_WR)
    case("end of stream without close_notify", ok and c.take() is None and " open ok " in s.report())
    c = Client(s.port)
    ok = c.open()
    c.send(c.seal(DATA, b"hello")[:9])
    c.socket.shutdown(socket.SHUT_WR)
    case("end of stream in a record", ok and c.take() is None and " truncated " in s.report())


def main():
    with Server("plain", 5, 4) as s:
        ordinary(s, "an ordinary handshake")
        first_flights(s)
        later_flights(s)
        rsa_blocks(s)
        packings(s)
        ends(s)
        ordinary(s, "still ordinary after all that")
        case("the server lives", s.process.poll() is None)
    return 1 if ssl3_pump.failures else 0


if __name__ == "__main__":
    sys.exit(main())
