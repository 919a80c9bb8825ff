"""The console from a terminal (a pseudo-terminal of Python's own) and from programs that do not keep its rules."""
import fcntl
import os
import pty
import re
import select
import signal
import socket
import stat
import struct
import subprocess
import sys
import termios
import time

import relay
from relay import BUILD, PATIENCE, SLOW, Relay, case

OWN = """
mu.section "own" { text = "the operator's own" }
mu.word "fruit" {
  text = "a fruit",
  find = function(text) return text end,
  complete = function(prefix) mu.sleep(0.001) return { "Apple", "two words" } end,
}
mu.command "own eat" { text = "eats", params = "fruit: fruit", handle = function(_, fruit) return "eaten: " .. fruit end }
mu.command "own word" { text = "a word", params = "word: secret", handle = function() return "kept" end }
mu.command "own flood" { text = "much", handle = function(caller)
  local piece = ("x"):rep(100000)
  for i = 1, 1000000 do
    caller:print(piece)
    if caller:closed() then return end
    if i % 10 == 0 then mu.sleep(0.001) end
  end
end }
mu.command "own ticks" { text = "ticks", endless = true, handle = function(caller)
  while true do
    caller:print("tick " .. mu.generation)
    mu.sleep(0.02)
  end
end }
local kept
mu.command "own keep" { text = "keeps who asked", handle = function(caller) kept = caller end }
mu.command "own kept" { text = "speaks to him", handle = function() kept:print "too late" return kept:closed() end }
mu.command "own row" { text = "a wide row", handle = function()
  return { columns = { "a", "b" }, rows = { { ("ü"):rep(90), 1 } } }
end }
"""


class Terminal:
    """The console as a person has it: sees(text) waits until the screen has shown it, says(text) types at a prompt."""

    def __init__(self, r, columns=80, **more):
        env = {"TERM": "xterm", "PATH": os.environ["PATH"], "XDG_STATE_HOME": os.path.join(r.folder, "state"),
               "LC_ALL": "C.UTF-8", "HOME": r.folder, **more}
        for name in ("LD_PRELOAD", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                env[name] = os.environ[name]
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(os.path.join(BUILD, "murelay"), ["murelay", "console", "--data", r.data], env)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.raw, self.at = b"", 0

    def text(self):
        plain = re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x08|\r", b"", self.raw)
        return plain.decode(errors="replace")

    def says(self, keys, prompt=True):
        until = time.monotonic() + PATIENCE
        while prompt and "mu> " not in self.text()[self.at:] and time.monotonic() < until and self.pump(0.1):
            pass
        if prompt:
            self.at = self.text().rfind("mu> ") + 4
        os.write(self.fd, keys.encode())

    def pump(self, seconds):
        if select.select([self.fd], [], [], seconds)[0]:
            try:
                self.raw += os.read(self.fd, 65536)
            except OSError:
                return False
        return True

    def sees(self, text, name=None):
        until = time.monotonic() + PATIENCE
        while text not in self.text()[self.at:] and time.monotonic() < until:
            if not self.pump(0.1):
                break
        found = self.text().find(text, self.at)
        if found >= 0:
            self.at = found + len(text)
        return case(name or f"the terminal shows {text!r}", found >= 0, repr(self.text()[-600:]))

    def ends(self):
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self.pump(0.02)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return None


def terminal(r):
    t = Terminal(r)
    t.sees("'help' lists all commands", "a greeting")
    t.says("stat\t")
    t.sees("status ", "tab completes a command")
    t.says("\n", prompt=False)
    t.sees("uptime", "and it runs")
    case("a terminal gets its head in bold", b"\x1b[1mwhat" in t.raw, repr(t.raw[-300:]))
    t.says("own eat \t\t")
    t.sees("Apple", "two tabs list live words")
    t.sees("two words")
    t.says("ap\t")
    t.sees("Apple ", "a live word is completed, and gets its own letters")
    t.says("\n", prompt=False)
    t.sees("eaten: Apple")
    t.says("own eat tw\t\n")
    t.sees("eaten: two words", "one with a blank is quoted")
    t.says("> print 'it waits' mu.sleep(600)\n")
    r.wait_log("it waits")
    t.says("\x03", prompt=False)
    t.sees("cancelled", "Ctrl-C ends what runs")
    t.says("nonsense\x03")
    t.sees("^C")
    t.says("> 'still ' .. 'here'\n")
    t.sees('"still here"', "Ctrl-C drops a line that is being written")
    t.says("own word hunter22\n")
    t.sees("kept")
    t.says("\x1b[A\n")
    t.sees('"still here"', "the arrow brings the last line back, but not the one with a secret")
    t.says("own row\n")
    t.sees("…", "a wide cell is cut")
    t.says("\x04")
    code = t.ends()
    case("Ctrl-D leaves with 0", code == 0, (code, repr(t.text()[-400:])))
    rows = [line for line in t.text().split("\n") if line.startswith("üü")]
    case("a table fits the terminal", rows and all(len(row) <= 80 for row in rows), rows)


def history(r):
    path = os.path.join(r.folder, "state", "murelay", "history")
    case("the history is 0600", stat.S_IMODE(os.stat(path).st_mode) == 0o600)
    with open(path) as f:
        kept = f.read()
    case("the history has lines and no secret", "status" in kept and "hunter22" not in kept, kept)
    t = Terminal(r, NO_COLOR="1")
    t.says("\x1b[A\x1b[A\n")
    t.sees('"still here"', "the next session has the history of this one")
    t.says("status\n")
    t.sees("uptime")
    case("NO_COLOR: no colour", b"\x1b[1m" not in t.raw and b"\x1b[31m" not in t.raw)
    t.says("quit\n")
    case("quit leaves", t.ends() == 0)


class Console:
    """The socket's protocol by hand."""

    def __init__(self, r, hello=True):
        self.s = socket.socket(socket.AF_UNIX)
        self.s.settimeout(PATIENCE)
        self.s.connect(os.path.join(r.data, "console.sock"))
        if hello:
            self.put(b"H", bytes([1, 0, 0, 80]) + b"peer")
            assert self.get()[0] == b"H"

    def put(self, kind, body=b""):
        self.s.sendall(struct.pack(">I", len(body))[1:] + kind + body)

    def get(self):
        head = relay.read_exactly(self.s, 4)
        return head[3:], relay.read_exactly(self.s, int.from_bytes(head[:3], "big"))

    def run(self, line):
        """(exit code, text, error)"""
        self.put(b"R", line.encode())
        return self.until_exit()

    def until_exit(self):
        said = {b"T": b"", b"E": b""}
        while True:
            kind, body = self.get()
            if kind == b"X":
                return body[0], said[b"T"].decode(), said[b"E"].decode()
            said[kind] += body


def is_refused(r, name, data, hello=True):
    """What was sent ends the connection, perhaps after a word, and the server lives."""
    c = Console(r, hello)
    try:
        c.s.sendall(data)
        while c.s.recv(65536):
            pass
        ended = True
    except ConnectionError:
        ended = True
    except socket.timeout:
        ended = False
    case(name, ended and Console(r).run("> 1 + 1") == (0, "2\n", ""))


def rules(r):
    frame = lambda kind, body=b"": struct.pack(">I", len(body))[1:] + kind + body
    hello = frame(b"H", bytes([1, 0, 0, 80]))
    is_refused(r, "a command before the hello", frame(b"R", b"status"), hello=False)
    is_refused(r, "not our protocol at all", b"GET / HTTP/1.1\r\n\r\n", hello=False)
    is_refused(r, "a hello of another version", frame(b"H", bytes([9, 0, 0, 80])), hello=False)
    is_refused(r, "a hello that is cut short", frame(b"H", b"\x01"), hello=False)
    is_refused(r, "a second hello", hello)
    is_refused(r, "a frame of an unknown type", frame(b"Z"))
    is_refused(r, "a frame that only a server sends", frame(b"X", b"\0\0"))
    is_refused(r, "a frame past the limit", b"\xff\xff\xffR")
    is_refused(r, "a width without a number", frame(b"W"))
    is_refused(r, "a command while one runs", frame(b"R", b"> mu.sleep(60)") + frame(b"R", b"status"))
    c = Console(r)
    for byte in frame(b"K") + frame(b"W", b"\0\x50") + frame(b"R", b"> 6 * 7"):
        c.s.sendall(bytes([byte]))
    case("byte by byte", c.until_exit() == (0, "42\n", ""))
    case("bytes that are no text", c.run("say \x01")[0] == 2)
    case("a long line", c.run("> #'" + "x" * 60000 + "'") == (0, "60000\n", ""))
    c.put(b"C", b"own eat ")
    kind, body = c.get()
    case("completion", kind == b"L" and b"Apple" in body and b'"two words"' in body, body)
    c.put(b"C", b"help Util.pi")
    kind, body = c.get()
    case("completion of what is declared", kind == b"L" and b"Util.ping" in body, body)
    many = []
    for _ in range(40):
        try:
            many.append(Console(r, hello=False))
        except OSError:
            break
    for other in many:
        other.s.close()
    case("too many consoles", c.run("> 1") == (0, "1\n", ""))


def side_by_side(r):
    a, b = Console(r), Console(r)
    a.run("> x = 5")
    case("what is assigned stays with its console", a.run("> x")[1] == "5\n" and b.run("> x")[1] == "nil\n")
    a.run("own keep")
    case("a command that is over says nothing more", a.run("own kept") == (0, "true\n", ""))
    a.put(b"R", b"> mu.sleep(0.3) return 'slept'")
    case("one waits, the other is answered", b.run("> 'here'")[1] == '"here"\n')
    case("and the first gets its own", a.until_exit()[1] == '"slept"\n')
    a.put(b"R", b"> mu.sleep(600)")
    a.s.close()
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and b.run("> mu.console.process().tasks")[1] != "1\n":
        time.sleep(0.02)
    case("who leaves takes what runs for him along", b.run("> mu.console.process().tasks")[1] == "1\n")


def never_reads(r):
    before, mark = r.memory_kb(), os.path.getsize(r.log_path)
    c, other = Console(r), Console(r)
    c.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    c.put(b"R", b"own flood")
    r.wait_log("was cut off", since=mark)
    case("a console that never reads is dropped", True)
    grown = r.memory_kb() - before
    case("its memory is bounded", grown < 40000 * SLOW, f"{grown} kB")
    case("others are answered meanwhile", other.run("> 1") == (0, "1\n", ""))


def through_reloads(r):
    ctl = subprocess.Popen([os.path.join(BUILD, "murelay"), "ctl", "--data", r.data, "own ticks"],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    first = ctl.stdout.readline()
    mark = os.path.getsize(r.log_path)
    r.signal(signal.SIGHUP)
    r.wait_log("is running", since=mark)
    until, last = time.monotonic() + PATIENCE, first
    while last == first and time.monotonic() < until:
        last = ctl.stdout.readline()
    case("an endless command goes on in the next generation", first != last and last.startswith(b"tick "), last)
    ctl.send_signal(signal.SIGINT)
    out, err = ctl.communicate(timeout=PATIENCE)
    case("Ctrl-C ends it: exit code 1", ctl.returncode == 1 and err.endswith(b"cancelled\n"), (ctl.returncode, err))
    case("and it said that the scripts were reloaded", b"generation" in err, err)


def strangers(r):
    path = os.path.join(r.data, "console.sock")
    case("the socket is 0600", stat.S_IMODE(os.stat(path).st_mode) == 0o600)
    if os.getuid() != 0:
        return
    os.chmod(r.folder, 0o755), os.chmod(r.data, 0o755)
    pid = os.fork()
    if pid == 0:
        os.setuid(65534)
        try:
            socket.socket(socket.AF_UNIX).connect(path)
        except PermissionError:
            os._exit(0)
        os._exit(1)
    case("another user cannot open it", os.waitpid(pid, 0)[1] == 0)


def the_end(r):
    t = Terminal(r)
    waits = Console(r)
    waits.put(b"R", b"> mu.sleep(600)")
    t.says("shutdown\n")
    t.sees("the server ends")
    code, _, err = waits.until_exit()
    case("who waits is told that the server ends", code == 1 and "ending" in err, err)
    case("the server ends cleanly", r.process.wait(PATIENCE) == 0)
    case("the socket is gone", not os.path.exists(os.path.join(r.data, "console.sock")))
    t.says("status\n")
    t.sees("the server has ended", "a prompt without a server says so")
    case("and ends with 2", t.ends() == 2)


def main():
    with Relay(sets=["scripts.auto_reload=false"]) as r:
        r.stop()
        os.makedirs(os.path.join(r.data, "scripts", "console"), exist_ok=True)
        with open(os.path.join(r.data, "scripts", "console", "stub.lua"), "w") as f:
            f.write(OWN)
        r.start()
        for part in (terminal, history, rules, side_by_side, never_reads, through_reloads, strangers, the_end):
            part(r)
    sys.exit(1 if relay.failures else 0)


main()
