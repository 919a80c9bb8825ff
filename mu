#!/bin/sh
# mu - the one command of a checkout of Mu Relay. POSIX sh; needs nothing but apt, and root or sudo where a package is missing.
#
#   ./mu serve [--config FILE] [--data DIR] [--set key=value …]    installs what is missing, builds, runs the server
#   ./mu test [stage or test name …]      installs what the tests need, builds, runs everything (no name) or what is named
#   ./mu bench [scenario …]               measures our server beside a bare C loop and raw SQLite; writes build/bench.md
#       scenarios: ping preauth data msg ent bini config save loadall silent mixed login create reload slow content games matchmaking tunnel loginidle idle
#   ./mu fuzz [seconds] [target …]        every fuzz target for that long each (default 20), libFuzzer with ASan + UBSan
#   ./mu soak [minutes [players]]         that many players (default 10 minutes, 40 players) do what players do, at random, under reloads
#   ./mu console [--data DIR]             attaches to the running server: 'help' there lists all commands
#   ./mu ctl [--json] [--data DIR] COMMAND …    one command of the console, for scripts; exit code 0, 1 or 2
#   ./mu docs                             writes what is generated from the declarations: scripts/API.md, scripts/.meta, .luarc.json, .luacheckrc
#   ./mu format                           puts the C files into the house's form (clang-format 14)
#   ./mu install-deps [--test]            only the packages
#   ./mu help                             this page
#
# Stages of `test`: build, suite (unit, fuzz, lua, plays, peers, bench; also one by one), asan, tsan, valgrind, luacheck, form; and
# asan-modes, the long form of asan: every play in every hostile mode.
# All output of builds and tests is kept in build/log/.
set -u
top=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd) || exit 1
here=$PWD
log=$top/build/log
jobs=$(nproc 2>/dev/null || echo 2)
export LC_ALL=C.UTF-8

say() { printf 'mu: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
help() { sed -n '4,18s/^# \{0,1\}//p' "$top/mu"; }

# ---- packages ------------------------------------------------------------------------------------------------------

build_packages='gcc libc6-dev cmake ninja-build pkgconf liblua5.4-dev lua-cjson libuv1-dev libssl-dev libsqlite3-dev
  zlib1g-dev libargon2-dev libedit-dev libpng-dev'
test_packages='libcmocka-dev libcjson-dev lua-unit lua-check python3-minimal python3-prometheus-client python3-scapy libnss3-tools openssl curl nginx-light
  sqlite3 strace valgrind libc6-dbg'
fuzz_packages='clang llvm libclang-rt-dev'

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null 2>&1; then sudo "$@"
  else die "packages are missing and neither root nor sudo is at hand; as root, run: $top/mu install-deps"; fi
}

apt() { # every apt call: quiet, never asking, its output in build/log/apt.log
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 -o APT::Sandbox::User=root \
    -o Acquire::Retries=3 "$@" >>"$log/apt.log" 2>&1 </dev/null
}

apt_failed() { tail -n 15 "$log/apt.log" >&2; die "apt could not $1; its whole output is in build/log/apt.log"; }

apt_lists() { # package lists, once a run
  [ -z "${lists_read:-}" ] || return 0
  say "reading the package lists"
  apt update || apt_failed 'read the package lists'
  lists_read=1
}

missing_of() { # prints those of the named packages that are not installed
  for p in "$@"; do
    case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) in installed) ;; *) printf '%s ' "$p" ;; esac
  done
}

have_llhttp() {
  [ -f "$top/build/llhttp/usr/share/llhttp/llhttp.c" ] || [ -n "$(dpkg-query -W -f '${Version}' libllhttp-dev 2>/dev/null)" ]
}

install_llhttp() { # the library where it is packaged; else its C sources out of a package that is not installed
  have_llhttp && return 0
  apt-cache show libllhttp-dev >/dev/null 2>&1 || apt-cache show node-llhttp >/dev/null 2>&1 || apt_lists
  if apt-cache show libllhttp-dev >/dev/null 2>&1; then
    apt install --no-install-recommends libllhttp-dev || apt_failed 'install libllhttp-dev'
    return 0
  fi
  say "unpacking the sources of llhttp below build/llhttp"
  rm -rf "$top/build/llhttp" && mkdir -p "$top/build/llhttp"
  (cd "$top/build/llhttp" && apt-get -qq -o APT::Sandbox::User=root -o Acquire::Retries=3 download node-llhttp) >>"$log/apt.log" 2>&1 \
    || { apt_lists; (cd "$top/build/llhttp" && apt-get -qq -o APT::Sandbox::User=root download node-llhttp) >>"$log/apt.log" 2>&1; } \
    || apt_failed 'download node-llhttp'
  for deb in "$top"/build/llhttp/*.deb; do dpkg -x "$deb" "$top/build/llhttp" && rm -f "$deb"; done
  have_llhttp || die "node-llhttp does not hold usr/share/llhttp/llhttp.c"
}

install() { # install packages…: asks apt only when one is really missing
  mkdir -p "$log"
  if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
    [ -n "${told:-}" ] || say "this is not a Debian; make sure that these are here: $(echo $*)"
    told=1
    return 0
  fi
  wanted=$(missing_of "$@")
  if [ -n "$wanted" ]; then
    ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 || apt_lists
    say "installing $(echo $wanted)"
    apt install --no-install-recommends $wanted || {
      apt_lists # the lists may be old: read them and try once more
      apt install --no-install-recommends $wanted || apt_failed "install $(echo $wanted)"
    }
  fi
  install_llhttp
}

# ---- building ------------------------------------------------------------------------------------------------------

build() { # build preset target…: quiet unless it fails
  preset=$1
  shift
  mkdir -p "$log"
  fresh=
  cache=$top/build/$preset/CMakeCache.txt
  if [ -f "$cache" ] && ! grep -qx "CMAKE_HOME_DIRECTORY:INTERNAL=$top" "$cache"; then fresh=--fresh; fi
  [ -f "$top/build/$preset/build.ninja" ] || say "building ($preset)"
  (cd "$top" && cmake $fresh --preset "$preset" && exec ninja -C "build/$preset" -j "$jobs" "$@") \
    >"$log/build-$preset.log" 2>&1 || {
    grep -A 12 -E 'error|FAILED|CMake Error' "$log/build-$preset.log" | head -n 60 >&2
    say "building ($preset) failed; all of it is in build/log/build-$preset.log"
    return 1
  }
}

# program verb word…: installs what is missing, builds, runs; the console's client is only built where there is none: the
# server that runs was built already. Words that name files mean files as seen from where the user stands; behind the
# first word that is no option stands a command of the console, which is left alone.
program() {
  verb=$1
  shift
  if [ "$verb" = serve ] || [ ! -x "$top/build/release/murelay" ]; then
    install $build_packages || exit 1
    build release murelay || exit 1
  fi
  count=$# options=1
  while [ "$count" -gt 0 ]; do
    word=$1
    shift
    count=$((count - 1))
    set -- "$@" "$word"
    case $verb-$word in
      serve-*) ;;
      *---*) ;;
      *) options=0 ;;
    esac
    case $options$word in 1--config | 1--data)
      [ "$count" -gt 0 ] || break
      path=$1
      shift
      count=$((count - 1))
      case $path in /*) ;; *) path=$here/$path ;; esac
      set -- "$@" "$path"
      ;;
    esac
  done
  cd "$top" && exec "$top/build/release/murelay" "$verb" "$@"
}

# ---- commands ------------------------------------------------------------------------------------------------------

command=${1:-help}
[ $# -eq 0 ] || shift
case $command in
  serve | console | ctl) program "$command" "$@" ;;
  test)
    . "$top/tests/tools/test.sh"
    test_main "$@"
    ;;
  bench)
    install $build_packages $test_packages || exit 1
    build release || exit 1
    cd "$top" && exec build/release/tests/bench/mu_bench --out build/bench.md "$@"
    ;;
  fuzz)
    install $build_packages $test_packages $fuzz_packages || exit 1
    . "$top/tests/tools/fuzz.sh"
    fuzz_main "$@"
    ;;
  soak)
    case "${1:-10}:${2:-40}" in
      *[!0-9:]* | 0:* | *:0 | :* | *:) die "soak takes a number of minutes and a number of players: ./mu soak 60 100" ;;
    esac
    install $build_packages $test_packages || exit 1
    build release || exit 1
    cd "$top" && MU_PLAY_SLOW=$((${1:-10} + 10)) exec build/release/tests/plays/mu_play \
      --want "minutes=${1:-10}" --want "players=${2:-40}" soak.soak
    ;;
  docs)
    install $build_packages $test_packages || exit 1
    build release || exit 1
    cd "$top" && exec build/release/tests/plays/mu_play --update lua.test_docs
    ;;
  format)
    . "$top/tests/tools/form.sh"
    form_apply
    ;;
  install-deps)
    case ${1:-} in
      '') install $build_packages ;;
      --test) install $build_packages $test_packages ;;
      *) die "install-deps knows only --test" ;;
    esac
    ;;
  help | --help | -h) help ;;
  *)
    say "no such command: $command"
    help >&2
    exit 2
    ;;
esac
