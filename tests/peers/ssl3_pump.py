"""ssl3_pump.py: what the SSLv3 peer tests share: our program on a socket, cases with a name, an exit code.

    pump = Server("plain", 5, 4); pump.port; pump.report()       # one line for each connection that ended
"""
import os
import queue
import shutil
import subprocess
import sys
import threading

PUMP = os.path.join(os.environ["MU_BUILD"], "tests", "peers", "peer_crypto_ssl3_pump")
SUITES = {5: "RC4-SHA", 4: "RC4-MD5"}
PATIENCE = 60  # seconds for what will come, however slow the machine
failures = 0


def need(*programs):
    """A missing peer is a failure, not a reason to skip."""
    for program in programs:
        if not shutil.which(program):
            print(f"case {program} is installed: failed, install libnss3-tools")
            sys.exit(1)


def case(name, ok, detail=""):
    global failures
    if ok:
        print(f"case {name}: ok", flush=True)
    else:
        failures += 1
        print(f"case {name}: failed {detail}", flush=True)


class Server:
    """Our server. Ended with `with`."""

    def __init__(self, kind, *suites):
        self.process = subprocess.Popen([PUMP, "server", kind] + [str(s) for s in suites], stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.port = int(self.report().split()[1])

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.strip())

    def report(self):
        try:
            return self.lines.get(timeout=PATIENCE)
        except queue.Empty:
            return "nothing was reported"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)


def visit(port, data, *suites):
    """Our client: exit code, what it got, its report."""
    r = subprocess.run([PUMP, "client", str(port)] + [str(s) for s in suites], input=data, capture_output=True, timeout=PATIENCE)
    return r.returncode, r.stdout, r.stderr.decode(errors="replace").strip()
