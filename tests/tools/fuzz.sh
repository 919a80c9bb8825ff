# fuzz.sh: `./mu fuzz [seconds] [target …]`, sourced by ./mu (POSIX sh). Each libFuzzer target runs that long on its corpus;
# what it finds new goes to build/fuzz/corpus/, a crash to build/fuzz/crash/, and the command fails.

fuzz_main() {
  seconds=20
  case ${1:-} in '' | *[!0-9]*) ;; *) seconds=$1; shift ;; esac
  build fuzz || exit 1
  cd "$top" || exit 1
  mkdir -p build/fuzz/crash
  bad=0
  for program in build/fuzz/tests/fuzz_*; do
    [ -x "$program" ] || continue
    name=${program##*/fuzz_}
    case " ${*:-$name} " in *" $name "*) ;; *) continue ;; esac
    mkdir -p "build/fuzz/corpus/$name"
    if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 -artifact_prefix=build/fuzz/crash/ \
      "build/fuzz/corpus/$name" "tests/fuzz/corpus/$name" >"$log/fuzz-$name.log" 2>&1; then
      printf 'case %s: ok, %s\n' "$name" "$(sed -n 's/^Done \([0-9]* runs in [0-9]* second\).*/\1/p' "$log/fuzz-$name.log")"
    else
      bad=$((bad + 1))
      tail -n 30 "$log/fuzz-$name.log"
      printf 'case %s: failed\n' "$name"
    fi
  done
  [ "$bad" = 0 ]
}
