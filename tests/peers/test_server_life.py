"""A server's life with programs we did not write: curl, openssl, nginx in front, SQLite's shell; start, reload, end."""
import json
import os
import signal
import socket
import subprocess
import sys

import relay
from relay import PATIENCE, Nginx, Relay, answers_ping, case, frame, read_frame, text_field, upgrade


def run(*words, **more):
    return subprocess.run(words, capture_output=True, timeout=PATIENCE, **more)


def curl(r):
    http = f"http://127.0.0.1:{r.port['http']}"
    https = f"https://127.0.0.1:{r.port['http']}"
    got = run("curl", "-s", http + "/api/server")
    case("curl: /api/server", got.returncode == 0 and json.loads(got.stdout)["ident"] == "POCKET_RELAY_SERVER", got)
    got = run("curl", "-s", "-k", "--tlsv1.2", "--tls-max", "1.2", https + "/api/server")
    case("curl: TLS 1.2", got.returncode == 0 and b"POCKET_RELAY_SERVER" in got.stdout, got)
    got = run("curl", "-s", "-k", "--tlsv1.3", https + "/api/server")
    case("curl: TLS 1.3", got.returncode == 0 and b"POCKET_RELAY_SERVER" in got.stdout, got)
    got = run("curl", "-s", "-i", "--head", http + "/api/server")
    case("curl: HEAD", b"200" in got.stdout.split(b"\r\n")[0] and got.stdout.endswith(b"\r\n\r\n"), got)
    got = run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", http + "/api/none")
    case("curl: unknown path is 404", got.stdout == b"404", got)
    got = run("curl", "-s", "-i", "-X", "DELETE", http + "/api/server")
    case("curl: wrong method is 405 with Allow", b" 405 " in got.stdout and b"llow:" in got.stdout, got)
    got = run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", http + "/api/server/upgrade")
    case("curl: upgrade without the header is 426", got.stdout == b"426", got)
    got = run("curl", "-s", "-w", "%{num_connects} ", http + "/api/server", http + "/api/server", http + "/api/server")
    case("curl: one connection for three requests", got.stdout.count(b"0 ") >= 2, got)
    got = run("openssl", "s_client", "-connect", f"127.0.0.1:{r.port['http']}", "-servername", "relay", input=b"")
    case("openssl: a certificate of the curve P-256", b"prime256v1" in got.stdout or b"P-256" in got.stdout or
         b"id-ecPublicKey" in got.stdout, got.stdout[-600:])


def doors(r):
    with r.connect("game") as s:
        case("raw door: ping", answers_ping(s))
    with r.connect("http") as s:
        case("shared door: raw blaze", answers_ping(s))
    with r.connect("http") as s:
        head = upgrade(s)
        case("upgrade door: 101", head.startswith("HTTP/1.1 101"), head)
        case("upgrade door: ping", answers_ping(s))
    with r.connect("http") as s:
        head = upgrade(s, early=relay.PING)
        case("upgrade door: a frame sent early is answered", head.startswith("HTTP/1.1 101") and read_frame(s)[:3] == (9, 2, 7))
    with r.connect("telemetry") as s:
        s.sendall(b"\x00\x00\x00\x20" + b"x" * 60)
        s.shutdown(socket.SHUT_WR)
        case("telemetry is read and dropped", s.recv(1) == b"")


SITE = """server {{ listen 127.0.0.1:{port};
    location / {{ proxy_pass http://127.0.0.1:{behind}; proxy_http_version 1.1; proxy_set_header Host $host;
      proxy_set_header X-Real-IP $remote_addr; proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade"; }} }}
"""


def nginx(r):
    with Nginx(r.folder, lambda port: SITE.format(port=port, behind=r.port["http"])) as n:
        got = run("curl", "-s", f"http://127.0.0.1:{n.port}/api/server")
        case("nginx in front: /api/server", b"POCKET_RELAY_SERVER" in got.stdout, got)
        with socket.create_connection(("127.0.0.1", n.port), timeout=PATIENCE) as s:
            head = upgrade(s)
            case("nginx in front: upgrade", head.startswith("HTTP/1.1 101"), head)
            case("nginx in front: ping", answers_ping(s))


def files(r):
    secret = os.path.join(r.data, "secret.bin")
    case("the secret is 0600", os.path.exists(secret) and os.stat(secret).st_mode & 0o777 == 0o600, os.listdir(r.data))
    keys = [n for n in os.listdir(r.data) if "key" in n]
    case("private keys are 0600", keys and all(os.stat(os.path.join(r.data, n)).st_mode & 0o077 == 0 for n in keys), keys)
    got = run("sqlite3", "-readonly", os.path.join(r.data, "murelay.db"), ".tables", "PRAGMA integrity_check;",
              "PRAGMA journal_mode;")
    case("SQLite's shell reads the database", b"players" in got.stdout and b"ok" in got.stdout and b"wal" in got.stdout, got)


def config_title(s, number):
    s.sendall(frame(9, 1, number, text_field("CFID", "ME3_MSG")))
    return read_frame(s)[5]


def reload(r):
    own = os.path.join(r.data, "scripts", "components")
    os.makedirs(own, exist_ok=True)
    with open(os.path.join(relay.SOURCE, "scripts", "components", "util.lua")) as f:
        text = f.read()
    path = os.path.join(own, "util.lua")
    with r.connect("game") as s:
        before = answers_ping(s)
        mark = len(r.log(0).encode())
        with open(path, "w") as f:
            f.write("local x = = 1\n" + text)
        r.signal(signal.SIGHUP)
        r.wait_log("What is wrong", since=mark)
        said = r.log(mark)
        case("a broken script: the log names file and line", "components/util.lua:1" in said, said[-400:])
        case("a broken script: the old one goes on", before and answers_ping(s))
        mark = len(r.log(0).encode())
        with open(path, "w") as f:
            f.write(text)
        r.signal(signal.SIGHUP)
        r.wait_log("is running", since=mark)
        case("the mended script: the connection is still there", answers_ping(s))


def taken_port(r):
    config = relay.CONFIG.replace('name = "game", address = "127.0.0.1", port = 0',
                                  f'name = "game", address = "127.0.0.1", port = {r.port["game"]}')
    second = Relay(config)
    second.spawn()
    code = second.process.wait(PATIENCE)
    said = second.log()
    lines = [line for line in said.splitlines() if str(r.port["game"]) in line]
    case("a port that is taken: one clear sentence", code not in (0, None) and len(lines) == 1 and "game" in lines[0], said)
    second.__exit__()


def end(r):
    with r.connect("game") as s:
        answers_ping(s)
        code = r.stop()
        case("SIGTERM: exit 0", code == 0, code)
        case("SIGTERM: connections are closed", s.recv(1) == b"")
    r.start()
    with r.connect("game") as s:
        case("it starts again on the same data", answers_ping(s))


with Relay() as r:
    for part in (doors, curl, nginx, files, reload, taken_port, end):
        try:
            part(r)
        except Exception as e:  # the next part tells more
            case(part.__name__, False, repr(e))
sys.exit(1 if relay.failures else 0)
