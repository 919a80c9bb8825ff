"""A murelay process for the peer tests, and the few bytes of Fire frames they need. Everything is on loopback, on
ephemeral ports, in a temporary folder, and bounded in time."""
import os
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

BUILD = os.environ.get("MU_BUILD", "build/release")
SOURCE = os.environ.get("MU_SOURCE", ".")
SLOW = 5 if any(word in BUILD for word in ("asan", "tsan")) else 1  # their memory; nobody measures their time
PATIENCE = 60  # seconds for what will come, however slow the machine

CONFIG = """return { listeners = {
  { name = "http", address = "127.0.0.1", port = 0, protocols = { "ssl3", "tls", "http", "blaze" }, prefer = "tls" },
  { name = "redirector", address = "127.0.0.1", port = 0, protocols = { "ssl3", "tls" }, prefer = "ssl3" },
  { name = "game", address = "127.0.0.1", port = 0, protocols = { "blaze" } },
  { name = "telemetry", address = "127.0.0.1", port = 0, telemetry = true },
} }
"""

failures = 0


def case(name, good, why=""):
    global failures
    if good:
        print(f"case {name}: ok", flush=True)
    else:
        failures += 1
        print(f"case {name}: failed {why}", flush=True)
    return good


class Relay:
    """with Relay() as r: r.port["http"] …; r.folder holds config.lua, data/ and log."""

    def __init__(self, config=CONFIG, sets=(), folder=None):
        self.made = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="murelay-peer-")
        self.sets = [word for s in sets for word in ("--set", s)]
        self.data = os.path.join(self.folder, "data")
        self.log_path = os.path.join(self.folder, "log")
        with open(os.path.join(self.folder, "config.lua"), "w") as f:
            f.write(config)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *unused):
        code = self.process.poll()
        if code is None:
            self.process.kill()
            self.process.wait()
        elif code < 0:
            case("the server ends by itself", False, f"but was ended by signal {-code}")
        if failures:
            print(self.log()[-4000:])
        if self.made:
            shutil.rmtree(self.folder, ignore_errors=True)

    def spawn(self):
        self.since = os.path.getsize(self.log_path) if os.path.exists(self.log_path) else 0
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([os.path.join(BUILD, "murelay"), "serve", "--config",
                                             os.path.join(self.folder, "config.lua"), "--data", self.data, *self.sets],
                                            cwd=SOURCE, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def start(self):
        self.spawn()
        self.wait_log(" ready")
        self.port = {m[1]: int(m[2]) for m in re.finditer(r"door (\S+) \S+:(\d+)", self.log())}

    def log(self, since=None):
        with open(self.log_path, "rb") as f:
            f.seek(self.since if since is None else since)
            return f.read().decode(errors="replace")

    def wait_log(self, text, since=None):
        until = time.monotonic() + PATIENCE
        while text not in self.log(since):
            if time.monotonic() > until or (self.process.poll() is not None and text not in self.log(since)):
                raise RuntimeError(f"the server never said {text!r}: {self.log()[-2000:]}")
            time.sleep(0.005)

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        self.signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)

    def memory_kb(self):
        with open(f"/proc/{self.process.pid}/status") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1])

    def connect(self, door):
        s = socket.create_connection(("127.0.0.1", self.port[door]), timeout=PATIENCE)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s


class Nginx:
    """with Nginx(folder, site) as n: n.port …; site(port) is its server block. It runs in the foreground, in that folder."""

    FILE = """daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 64; }}
http {{ access_log off;
  client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder};
  scgi_temp_path {folder};
  {site} }}
"""

    def __init__(self, folder, site):
        self.folder, self.site = folder, site

    def __enter__(self):
        for _ in range(20):  # somebody may have taken the port in between; those from 32768 on the kernel gives away itself
            self.port = random.SystemRandom().randrange(20000, 32000)
            path = os.path.join(self.folder, "nginx.conf")
            with open(path, "w") as f:
                f.write(self.FILE.format(folder=self.folder, site=self.site(self.port)))
            self.process = subprocess.Popen(["nginx", "-c", path, "-p", self.folder])
            if self.up():
                return self
        raise RuntimeError("nginx does not start")

    def up(self):
        until = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                time.sleep(0.05)
                return self.process.poll() is None  # else another program answered there
            except OSError:
                time.sleep(0.01)
        return False

    def __exit__(self, *unused):
        self.process.terminate()
        self.process.wait()


def frame(component, command, number=0, body=b"", kind=0, error=0):
    extension = struct.pack(">H", len(body) >> 16) if len(body) > 0xffff else b""
    options = 0x10 if extension else 0
    return struct.pack(">HHHHBBH", len(body) & 0xffff, component, command, error, kind << 4, options | number >> 16,
                       number & 0xffff) + extension + body


def read_exactly(s, n):
    data = b""
    while len(data) < n:
        part = s.recv(n - len(data))
        if not part:
            raise EOFError(f"closed after {len(data)} of {n} bytes")
        data += part
    return data


def read_frame(s):
    """(component, command, number, kind, error, body)"""
    length, component, command, error, kind, options, number = struct.unpack(">HHHHBBH", read_exactly(s, 12))
    if options & 0x10:
        length |= struct.unpack(">H", read_exactly(s, 2))[0] << 16
    if options & 0x20:
        read_exactly(s, 8 if options & 0x80 else 4)
    return component, command, (options & 15) << 16 | number, kind >> 4, error, read_exactly(s, length)


PING = frame(9, 2, 7)


def answers_ping(s):
    s.sendall(PING)
    try:
        component, command, number, kind, error, body = read_frame(s)
    except (EOFError, OSError):
        return False
    return (component, command, number, kind, error) == (9, 2, 7, 1, 0) and body.startswith(b"\xcf\x4a\x6d\x00")


def tag(text):
    a, b, c, d = (max(0, ord(x) - 32) for x in text.ljust(4))
    return bytes([a << 2 | b >> 4, (b & 15) << 4 | c >> 2, (c & 3) << 6 | d])


def varint(n):
    out = [n & 63 | (128 if n > 63 else 0)]
    n >>= 6
    while n:
        out.append(n & 127 | (128 if n > 127 else 0))
        n >>= 7
    return bytes(out)


def text_field(name, value):
    value = value.encode() + b"\0"
    return tag(name) + b"\x01" + varint(len(value)) + value


def int_field(name, value):
    return tag(name) + b"\x00" + varint(value)


UPGRADE = (b"GET /api/server/upgrade HTTP/1.1\r\nhost: relay\r\nconnection: Upgrade\r\nupgrade: blaze\r\n"
           b"x-pocket-relay-local-http: true\r\nuser-agent: PocketRelayClient/v0.3.0\r\n\r\n")


def upgrade(s, early=b""):
    """Sends the upgrade (and what follows it early); returns the head of the answer."""
    s.sendall(UPGRADE + early)
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += read_exactly(s, 1)
    return head.decode()


def group(name, content):
    return tag(name) + b"\x03" + content + b"\0"


def find_text(body, name):
    """The first text field of that name in a body, wherever it is; None when there is none."""
    at = body.find(tag(name) + b"\x01")
    if at < 0:
        return None
    n, at = read_varint(body, at + 4)
    return body[at:at + n - 1].decode()


def find_int(body, name):
    at = body.find(tag(name) + b"\x00")
    return None if at < 0 else read_varint(body, at + 4)[0]


def read_varint(body, at):
    n, shift = body[at] & 63, 6
    while body[at] & 128:
        at += 1
        n |= (body[at] & 127) << shift
        shift += 7
    return n, at + 1
