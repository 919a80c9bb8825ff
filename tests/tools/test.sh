# test.sh: `./mu test`, sourced by ./mu (POSIX sh). Runs the stages one after another, goes on after a failure, counts
# single cases (tests/tools/count.awk knows the forms in which our programs print them) and ends with "N passed, N failed".
#
# People see the end of a long log, so whatever failed is told there once more, test by test and only the lines that decide
# (tests/tools/digest.awk chooses them), 100 lines at most, behind it one line a stage.
#
# A machine that runs everything at once can stand still for seconds, and no test may care; one that does all the same
# should be mended, not hide what else there is to see. So when at most five tests of a stage failed, each is run once
# more, alone. If it passes then, it counts as passed and the end of the log says "passed only when run alone", with what
# had failed. A crash, a sanitizer's report, a leak and a test that hung are faults however seldom they show: never again.

passed=0
failed=0
began=$(date +%s)
failures=$log/failures.log
summary=$log/summary.log
alone=$log/alone.log
again_most=5

# stage NAME SECONDS PASSED FAILED: one line of the summary
stage() {
  printf '%-28s %5d passed %4d failed %5d s\n' "$1" "$3" "$4" "$2" | tee -a "$summary"
  passed=$((passed + $3))
  failed=$((failed + $4))
}

# tell HEAD: what came in is told at the end, below that line
tell() { { echo "== $1" && sed 's/^/   /' | cut -c 1-300; } >>"$failures"; }

# check NAME command…: a stage that is one case
check() {
  name=$1
  shift
  since=$(date +%s)
  if "$@" >"$log/$name.log" 2>&1; then stage "$name" $(($(date +%s) - since)) 1 0; else
    tail -n 25 "$log/$name.log" | tell "$name"
    stage "$name" $(($(date +%s) - since)) 0 1
  fi
}

# digest WANT variable=value…: digest.awk on the logs of the suite that has just run
digest() {
  want=$1
  shift
  awk -f "$top/tests/tools/digest.awk" -v stage="$name" -v want="$want" "$@" "$log/$name.log" "$log/$name-full.log"
}

# count FILE variable=value…: "PASSED FAILED"
count() {
  file=$1
  shift
  awk -f "$top/tests/tools/count.awk" "$@" "$file" 2>/dev/null
}

# run_tests LOG ctest-arguments…: LOG.log is what ctest printed, LOG-full.log all output
run_tests() {
  to=$1
  shift
  (cd "$top/build/$preset" && MU_PRESET=$preset ctest --output-on-failure --no-tests=error --timeout 240 "$@") >"$log/$to.log" 2>&1
  code=$?
  cp "$top/build/$preset/Testing/Temporary/LastTest.log" "$log/$to-full.log" 2>/dev/null
  return $code
}

# What failed once more, each alone. $mended: those that passed, with a blank before and behind each.
run_again() {
  mended=' '
  [ "$(digest names | wc -l)" -le "$again_most" ] || return 0
  for test in $(digest again); do
    run_tests "$name-again" -j 1 -R "^$(echo "$test" | sed 's/\./\\./g')\$" || continue
    mended="$mended$test "
    set -- $(count "$log/$name-again-full.log")
    ok=$((ok + $1))
    printf 'passed only when run alone: %s: %s: its first failure: %s\n' "$name" "$test" "$(digest first -v only="$test")" >>"$alone"
  done
  set -- $(count "$log/$name-full.log" -v only="$mended")
  [ "$mended" = ' ' ] || { ok=$((ok - $1)) && bad=$((bad - $2)); }
}

# suite PRESET LABEL TARGET ctest-arguments…: builds the target and runs what ctest knows in that build. Three times as many
# at once as there are cores: plays wait more than they work.
suite() {
  preset=$1
  name=$2
  target=$3
  shift 3
  since=$(date +%s)
  if ! build "$preset" "$target"; then
    grep -A 12 -E 'error|FAILED|CMake Error' "$log/build-$preset.log" | head -n 25 | tell "$name: the build"
    stage "$name" $(($(date +%s) - since)) 0 1
    return
  fi
  built=$(date +%s)
  code=0
  run_tests "$name" -j $((jobs * 3)) "$@" || code=$?
  set -- $(count "$log/$name-full.log")
  ok=${1:-0}
  bad=${2:-0}
  if [ "$code" != 0 ]; then
    grep -vE '^ *[0-9]+/[0-9]+ Test .*Passed|^ +Start +[0-9]+:' "$log/$name.log" | tail -n 120
    [ "$bad" -gt 0 ] || bad=1
    run_again
    digest lines -v skip="$mended" >>"$failures"
    [ "$bad" = 0 ] || [ -n "$(digest names)" ] || tail -n 25 "$log/$name.log" | tell "$name: ctest"
  fi
  sed -n 's/^[a-z0-9_]*\.json: .*vectors.*/  &/p' "$log/$name-full.log" | sort -u
  stage "$name" $(($(date +%s) - since)) "$ok" "$bad"
  printf '  %d s of them for the build\n' $((built - since)) | tee -a "$summary"
}

# Under valgrind the unit tests only: what the sanitizers do not see is a read of memory that was never written. Not those
# that run Lua: its watchdog ends what takes a second, and everything there takes thirty times as long.
valgrind_stage() {
  name=valgrind
  since=$(date +%s)
  if ! build debug mu_valgrind; then
    grep -A 12 -E 'error|FAILED|CMake Error' "$log/build-debug.log" | head -n 25 | tell "valgrind: the build"
    stage valgrind $(($(date +%s) - since)) 0 1
    return
  fi
  built=$(date +%s)
  # shellcheck disable=SC2016
  one='MU_VALGRIND=1 timeout 300 valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite \
    --fair-sched=yes "$1" >"$2/valgrind-${1##*/}.log" 2>&1 && echo "good ${1##*/}" || echo "bad ${1##*/}"'
  find "$top/build/debug/tests" -maxdepth 1 -name 'test_*' -type f -perm -u+x | grep -v '/test_\(bind\|script\)_' \
    | xargs -P $((jobs * 2)) -I PROGRAM sh -c "$one" sh PROGRAM "$log" >"$log/valgrind.log"
  ok=$(grep -c '^good ' "$log/valgrind.log")
  bad=$(grep -c '^bad ' "$log/valgrind.log")
  [ $((ok + bad)) -gt 0 ] || bad=1
  for test in $(sed -n 's/^bad //p' "$log/valgrind.log"); do
    said=$log/valgrind-$test.log
    # valgrind's own lines, a signal, the limit of time: not again
    if [ "$bad" -le "$again_most" ] && grep -q '^\[  FAILED  \]' "$said" && ! grep -qE '^==[0-9]+==|signal|Segmentation' "$said"; then
      mv "$said" "$log/valgrind-$test-first.log"
      case $(sh -c "$one" sh "$top/build/debug/tests/$test" "$log") in good*)
        first=$(grep -m 1 -E '^ERROR: |^\[  ERROR' "$log/valgrind-$test-first.log")
        printf 'passed only when run alone: valgrind: %s: its first failure: %s\n' "$test" "$first" >>"$alone"
        ok=$((ok + 1)) bad=$((bad - 1))
        continue
        ;;
      esac
    fi
    grep -vE '^\[( RUN  |    ) +(OK )?\]' "$said" | tail -n 60 | head -n 25 | tell "valgrind: $test"
  done
  stage valgrind $(($(date +%s) - since)) "$ok" "$bad"
  printf '  %d s of them for the build\n' $((built - since)) | tee -a "$summary"
}

# What failed, at most 100 lines; what passed only when run alone; a line for each stage.
last_words() {
  if [ -s "$failures" ]; then
    printf '\nwhat failed (all of it is in build/log/):\n'
    awk '/^== / { heads++ } { line[NR] = $0 }
      END { most = heads > 4 ? int(100 / heads) : 25
        if (most < 3) most = 3
        for (i = 1; i <= NR && printed < 100; i++) {
          if (line[i] ~ /^== /) n = 0
          if (++n <= most) { print line[i]; printed++ }
        }
        if (i <= NR) print "… and more: build/log/failures.log" }' "$failures"
    echo
    cat "$summary"
  fi
  cat "$alone"
}

test_main() {
  install $build_packages $test_packages || exit 1
  cd "$top" || exit 1
  export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=0
  export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
  export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:suppressions=$top/tests/tools/tsan.supp"
  : >"$failures" >"$summary"
  : >"$alone"
  [ $# -gt 0 ] || set -- suite form luacheck asan tsan valgrind
  for what in "$@"; do
    case $what in
      build) check build build release ;;
      suite) suite release suite all ;;
      unit | fuzz | lua | plays | peers | bench) suite release "$what" all -L "^$what\$" ;;
      # Of the hostile modes only the one that ends generations under their handlers; `asan-modes` runs the others.
      asan) suite asan asan all -LE '^bench$' -E 'plays\.mode\.(bytes|delay|memory)' ;;
      asan-modes) suite asan asan-modes all -R 'plays\.mode\.' ;;
      tsan) suite tsan tsan mu_threads -L '^threads$' ;;
      valgrind) valgrind_stage ;;
      luacheck) check luacheck luacheck_all ;;
      form)
        . "$top/tests/tools/form.sh"
        check form form_check
        ;;
      *) suite release "$what" all -R "$what" ;;
    esac
  done
  last_words
  printf 'in %d s; all output is in build/log/\n' $(($(date +%s) - began))
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

luacheck_all() {
  files=$(git ls-files -- '*.lua' 2>/dev/null || find config.lua scripts tests -name '*.lua' 2>/dev/null)
  [ -n "$files" ] || { echo 'no Lua file'; return 0; }
  luacheck -q --codes $files
}
