"""SSLv3 against NSS (libnss3-tools): tstclnt talks to our server, our client talks to selfserv, in both suites."""
import os
import socket
import subprocess
import sys
import tempfile
import time

import ssl3_pump
from ssl3_pump import PATIENCE, SUITES, Server, case, need, visit


def tstclnt(folder, port, data, *arguments):
    """Runs tstclnt with `data` as its input; its exit code, output, messages. The input is a file: it spins on a closed pipe."""
    path = os.path.join(folder, "input")
    with open(path, "wb") as f:
        f.write(data)
    with open(path, "rb") as f:
        r = subprocess.run(["tstclnt", "-h", "127.0.0.1", "-p", str(port), "-D", "-o", "-v", *arguments], stdin=f,
                           capture_output=True, timeout=PATIENCE)
    return r.returncode, r.stdout, r.stderr.decode(errors="replace")


def our_server(folder):
    for suite, name in SUITES.items():
        with Server("plain", suite) as s:
            code, out, said = tstclnt(folder, s.port, b"hello quit", "-V", "ssl3:ssl3", "-c", ":%04x" % suite)
            case(f"tstclnt to our server, {name}", out == b"hello quit" and "SSL version 3.0 using 128-bit RC4" in said,
                 f"exit {code}, {out!r}, {said[-300:]}")
            report = s.report()
            case(f"our server's view, {name}", report.startswith(f"{name} open ok received 10") or
                 report.startswith(f"{name} closed ok received 10"), report)
            data = os.urandom(1 << 20) + b"quit"
            code, out, said = tstclnt(folder, s.port, data, "-V", "ssl3:ssl3", "-c", ":%04x" % suite)
            case(f"1 MiB there and back, {name}", out == data, f"exit {code}, {len(out)} bytes")
            s.report()
            other = 9 - suite
            code, out, said = tstclnt(folder, s.port, b"hello quit", "-V", "ssl3:ssl3", "-c", ":%04x" % other)
            case(f"no common suite, {name}", code != 0 and out == b"" and "handshake_failed" in s.report(), said[-300:])
    with Server("plain", 5, 4) as s:
        code, out, said = tstclnt(folder, s.port, b"hello quit", "-V", "ssl3:tls1.2", "-c", ":0005:0004")
        case("a client that offers TLS 1.2 too", out == b"hello quit" and "SSL version 3.0" in said, f"{out!r} {said[-300:]}")
        s.report()
        code, out, said = tstclnt(folder, s.port, b"hello quit", "-V", "ssl3:ssl3", "-c", ":0005:0004", "-r", "1")
        case("renegotiation is refused", out == b"" and "second handshake" in s.report(), f"{out!r} {said[-300:]}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Selfserv:
    def __init__(self, folder, *arguments):
        for _ in range(5):  # somebody may have taken the port in between
            self.port = free_port()
            self.log = open(os.path.join(folder, "selfserv.log"), "wb")
            self.process = subprocess.Popen(["selfserv", "-d", "sql:" + folder, "-n", "peer", "-p", str(self.port), "-V",
                                             "ssl3:ssl3", *arguments], stdout=self.log, stderr=self.log)
            if self._up():
                return
            self.process.kill()
        raise SystemExit("case selfserv starts: failed")

    def _up(self):
        for _ in range(10 * PATIENCE):
            if self.process.poll() is not None:
                return False
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            except OSError:
                time.sleep(0.1)
        return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.log.close()


def our_client(folder):
    run = dict(check=True, capture_output=True, timeout=PATIENCE)
    noise = os.path.join(folder, "noise")
    with open(noise, "wb") as f:
        f.write(os.urandom(4096))
    subprocess.run(["certutil", "-N", "-d", "sql:" + folder, "--empty-password"], **run)
    subprocess.run(["certutil", "-S", "-d", "sql:" + folder, "-s", "CN=localhost", "-n", "peer", "-x", "-t", "C,C,C", "-z", noise,
                    "-k", "rsa", "-g", "2048", "-m", "1"], **run)
    request = b"GET /abc HTTP/1.0\r\n\r\n"
    for suite, name in SUITES.items():
        with Selfserv(folder, "-c", ":%04x" % suite) as s:
            for turn in ("", " again"):
                code, out, report = visit(s.port, request, suite)
                case(f"our client to selfserv, {name}{turn}", code == 0 and out.startswith(b"HTTP/1.0 200 OK") and
                     b"GET /abc" in out and report.startswith(f"{name} "),
                     f"exit {code}, {out!r}, {report}")
            code, out, report = visit(s.port, request, 9 - suite)
            case(f"selfserv refuses the other suite, {name}", code != 0 and "fatal_alert" in report, report)
        with Selfserv(folder, "-c", ":%04x" % suite, "-r") as s:
            code, out, report = visit(s.port, request, 5, 4)
            case(f"selfserv asks for a certificate, {name}", code == 0 and out.startswith(b"HTTP/1.0 200 OK"),
                 f"exit {code}, {out!r}, {report}")


def main():
    need("tstclnt", "selfserv", "certutil")
    with tempfile.TemporaryDirectory(prefix="ssl3-nss.") as folder:
        our_server(folder)
        our_client(folder)
    return 1 if ssl3_pump.failures else 0


if __name__ == "__main__":
    sys.exit(main())
