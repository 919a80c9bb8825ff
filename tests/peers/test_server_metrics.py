"""The page /metrics as an independent parser reads it (python3-prometheus-client), with figures that follow what clients did."""
import os
import signal
import ssl
import sys
import urllib.error
import urllib.request

import relay
from relay import Relay, answers_ping, case, frame, read_frame, text_field, upgrade

try:
    from prometheus_client.openmetrics import parser
except ImportError as missing:
    # Debian's package belongs to Debian's python, which need not be the first one on the path.
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", "-B"] + sys.argv)
    print(f"case prometheus_client is installed: failed, install python3-prometheus-client ({missing})")
    sys.exit(1)

CONFIG = relay.CONFIG.replace("} }\n", '  { name = "metrics", address = "127.0.0.1", port = 0, metrics = true },\n} }\n')
TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def fetch(r, path="/metrics", method="GET", scheme="http"):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    request = urllib.request.Request(f"{scheme}://127.0.0.1:{r.port['metrics']}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=relay.PATIENCE, context=context) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as e:
        return e.code, e.headers, e.read().decode()


class Page:
    def __init__(self, text):
        self.families = {f.name: f for f in parser.text_string_to_metric_families(text)}

    def __call__(self, sample, **labels):
        """The sum of the samples of that name whose labels are these."""
        found = [s.value for f in self.families.values() for s in f.samples
                 if s.name == sample and all(s.labels.get(k) == v for k, v in labels.items())]
        return sum(found) if found else None


def page(r):
    return Page(fetch(r)[2])


def form(r):
    status, headers, text = fetch(r)
    case("200, with the type of the format", status == 200 and headers["content-type"] == TYPE, headers.items())
    case("it ends with # EOF", text.endswith("\n# EOF\n") and text.count("# EOF") == 1, text[-80:])
    p = Page(text)
    case("the parser reads all of it", len(p.families) > 60, len(p.families))
    bad = [n for n, f in p.families.items() if f.unit and not n.endswith("_" + f.unit) or not f.documentation]
    case("every family says what it is, units are in the names", not bad, bad)
    bad = [n for n, f in p.families.items() if not n.startswith(("murelay_", "process_")) or f.type == "unknown"]
    case("every family has a type and our prefix", not bad, bad)
    with open(os.path.join(relay.SOURCE, "scripts/API.md"), encoding="utf-8") as f:
        manual = f.read()
    case("every family stands in the manual", not [n for n in p.families if f"`{n}`" not in manual])
    case("a HEAD has no body", fetch(r, method="HEAD")[0::2] == (200, ""))
    case("other methods: 405", fetch(r, method="POST")[0] == 405)
    for path in ("/", "/metrics/", "/../metrics", "/api/server"):
        case(f"{path}: 404", fetch(r, path)[0] == 404)
    case("through TLS as well", fetch(r, scheme="https")[0] == 200)
    with r.connect("metrics") as s:
        s.sendall(frame(9, 2, 1))
        said = b"".join(iter(lambda: s.recv(4096), b""))
        case("what is no HTTP: 400 and closed", said.startswith(b"HTTP/1.1 400 "), said)
    return p


def follows(r):
    before = page(r)
    sockets = [r.connect("game") for _ in range(3)]
    for s in sockets:
        for _ in range(40):
            answers_ping(s)
    s = sockets[0]
    s.sendall(frame(9, 1, 1, text_field("CFID", "ME3_DATA")) + frame(1, 0x28, 2, text_field("MAIL", "nobody@example.org") +
              text_field("PASS", "wrong")) + frame(1, 0x0A, 3, text_field("MAIL", "a@example.org") + text_field("PASS", "hunter22")))
    answers = [read_frame(s) for _ in range(3)]
    with r.connect("http") as u:
        upgrade(u)
        with r.connect("http") as h:
            h.sendall(b"GET /nowhere HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            h.recv(4096)
        p = page(r)
    more = {
        "sessions": (p("murelay_blaze_sessions"), 4), "session records": (p("murelay_records", kind="session"), 4),
        "connections by door": (p("murelay_door_connections", door="game"), 3),
        "pings": (p("murelay_blaze_route_requests_total", route="Util.ping"), 120),
        "pings that failed": (p("murelay_blaze_route_failures_total", route="Util.ping"), 0),
        "timed pings": (p("murelay_blaze_route_lua_seconds_count", route="Util.ping"), 8),
        "the histogram's last bucket": (p("murelay_blaze_route_seconds_bucket", route="Util.ping", le="+Inf"), 8),
        "the wrong login": (p("murelay_blaze_route_failures_total", route="Authentication.login"), 1),
        "upgrades": (p("murelay_http_upgrades_total"), 1),
        "upgrade requests": (p("murelay_http_route_requests_total", route="GET /api/server/upgrade"), 1),
        "404 answers": (p("murelay_http_replies_total", code="404") - (before("murelay_http_replies_total", code="404") or 0), 1),
        "generation": (p("murelay_generation"), 1), "database queue": (p("murelay_store_queued"), 0),
    }
    for name, (got, wanted) in more.items():
        case(f"{name}: {wanted}", got == wanted, got)
    errors = {s.labels["error"]: s.value for s in p.families["murelay_blaze_errors_by_name"].samples}
    case("the error has its name", answers[1][4] != 0 and len(errors) == 1 and
         all(n.startswith("AUTH_ERR_") and v == 1 for n, v in errors.items()), errors)
    lua, whole = (p(f"murelay_blaze_route_{what}_sum", route="Util.ping") for what in ("lua_seconds", "seconds"))
    case("time in Lua is part of the whole", 0 < lua <= whole < 60, (lua, whole))
    slow, inside = (p(f"murelay_blaze_route_{what}_sum", route="Authentication.createAccount")
                    for what in ("seconds", "lua_seconds"))
    case("waiting for the password pool is not time in Lua", 0 < inside < slow, (inside, slow))
    case("a commit was timed", p("murelay_store_group_seconds_count") >= 1 and p("murelay_store_group_seconds_sum") > 0)
    case("reads were timed", p("murelay_store_read_seconds_count") >= 1 and p("murelay_store_read_seconds_sum") > 0)
    case("memory, CPU and descriptors", p("process_resident_memory_bytes") > 1 << 20 and p("process_cpu_seconds_total") > 0 and
         p("process_open_fds") > 10 and p("murelay_scripts_memory_bytes") > 1 << 18)
    case("bytes in and out", p("murelay_net_in_bytes_total") > 2000 < p("murelay_net_out_bytes_total"))
    for s in sockets:
        s.close()


def reload(r):
    hash_of = lambda p: p.families["murelay_scripts"].samples[0].labels["hash"]  # noqa: E731
    before = page(r)
    mark = len(r.log(0).encode())
    r.signal(signal.SIGHUP)
    r.wait_log("is running", since=mark)
    p = page(r)
    case("a reload: another generation, the same scripts", p("murelay_generation") == 2 and hash_of(p) == hash_of(before))
    case("and counted", p("murelay_reloads_total", result="good") - before("murelay_reloads_total", result="good") == 1)
    case("counts go on", p("murelay_blaze_route_requests_total", route="Util.ping") == 120)


def main():
    with Relay(CONFIG) as r:
        for part in (form, follows, reload):
            try:
                part(r)
            except Exception as e:
                case(part.__name__, False, repr(e))
        if "--show" in sys.argv:
            print(fetch(r)[2])
        case("it ends cleanly", r.stop() == 0)
    both = Relay(CONFIG.replace("metrics = true", 'metrics = true, protocols = { "blaze" }'))
    both.spawn()
    code = both.process.wait(relay.PATIENCE)
    case("a metrics listener with protocols is refused", code == 1 and "name no protocols" in both.log(), both.log())
    both.__exit__()
    return 1 if relay.failures else 0


if __name__ == "__main__":
    sys.exit(main())
