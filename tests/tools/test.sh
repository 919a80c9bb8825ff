# test.sh: `./mu test`, sourced by ./mu (POSIX sh). Runs the stages one after another, goes on after a failure, counts
# single cases (tests/tools/count.awk knows the forms in which our programs print them) and ends with "N passed, N failed".

passed=0
failed=0
began=$(date +%s)

# stage NAME SECONDS PASSED FAILED: one line of the summary
stage() {
  printf '%-28s %5d passed %4d failed %5d s\n' "$1" "$3" "$4" "$2"
  passed=$((passed + $3))
  failed=$((failed + $4))
}

# check NAME command…: a stage that is one case
check() {
  name=$1
  shift
  since=$(date +%s)
  if "$@" >"$log/$name.log" 2>&1; then stage "$name" $(($(date +%s) - since)) 1 0; else
    tail -n 40 "$log/$name.log"
    stage "$name" $(($(date +%s) - since)) 0 1
  fi
}

# suite PRESET LABEL ctest-arguments…: builds and runs what ctest knows in that build. Twice as many at once as there are
# cores: plays wait more than they work.
suite() {
  preset=$1
  name=$2
  shift 2
  since=$(date +%s)
  if ! build "$preset"; then
    stage "$name" $(($(date +%s) - since)) 0 1
    return
  fi
  (cd "$top/build/$preset" && MU_PRESET=$preset ctest --output-on-failure --no-tests=error --timeout 240 -j $((jobs * 2)) "$@") \
    >"$log/$name.log" 2>&1
  code=$?
  cp "$top/build/$preset/Testing/Temporary/LastTest.log" "$log/$name-full.log" 2>/dev/null
  counts=$(awk -f "$top/tests/tools/count.awk" "$log/$name-full.log" 2>/dev/null)
  ok=${counts%% *}
  bad=${counts##* }
  [ "$code" = 0 ] || [ "${bad:-0}" -gt 0 ] || bad=1
  if [ "$code" != 0 ]; then
    grep -vE '^ +[0-9]+/[0-9]+ Test .*Passed|^ +Start +[0-9]+:' "$log/$name.log" | tail -n 120
  fi
  sed -n 's/^[a-z0-9_]*\.json: .*vectors.*/  &/p' "$log/$name-full.log" | sort -u
  stage "$name" $(($(date +%s) - since)) "${ok:-0}" "${bad:-1}"
}

# Under valgrind the unit tests only: what the sanitizers do not see is a read of memory that was never written. Not those
# that run Lua: its watchdog ends what takes a second, and everything there takes thirty times as long.
valgrind_stage() {
  since=$(date +%s)
  build debug || { stage valgrind $(($(date +%s) - since)) 0 1; return; }
  find "$top/build/debug/tests" -maxdepth 1 -name 'test_*' -type f -perm -u+x | grep -v '/test_\(bind\|script\)_' \
    | xargs -P "$jobs" -I PROGRAM sh -c '
      name=${1##*/}
      if MU_VALGRIND=1 timeout 300 valgrind -q --error-exitcode=99 --leak-check=full \
        --errors-for-leak-kinds=definite --fair-sched=yes "$1" >"$2/valgrind-$name.log" 2>&1; then echo good; else
        echo "bad $name"
        tail -n 40 "$2/valgrind-$name.log"
      fi' sh PROGRAM "$log" >"$log/valgrind.log"
  grep -v '^good$' "$log/valgrind.log"
  stage valgrind $(($(date +%s) - since)) "$(grep -c '^good$' "$log/valgrind.log")" "$(grep -c '^bad ' "$log/valgrind.log")"
}

test_main() {
  install $build_packages $test_packages || exit 1
  cd "$top" || exit 1
  export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=0
  export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
  export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1"
  [ $# -gt 0 ] || set -- suite form luacheck asan tsan valgrind
  for what in "$@"; do
    case $what in
      build) check build build release ;;
      suite) suite release suite ;;
      unit | fuzz | lua | plays | peers | bench) suite release "$what" -L "^$what\$" ;;
      # Of the hostile modes only the one that ends generations under their handlers; `asan-modes` runs the others.
      asan) suite asan asan -LE '^bench$' -E 'plays\.mode\.(bytes|delay|memory)$' ;;
      asan-modes) suite asan asan-modes -R 'plays\.mode\.' ;;
      tsan) suite tsan tsan -L '^threads$' ;;
      valgrind) valgrind_stage ;;
      luacheck) check luacheck luacheck_all ;;
      form)
        . "$top/tests/tools/form.sh"
        check form form_check
        ;;
      *) suite release "$what" -R "$what" ;;
    esac
  done
  printf 'in %d s; all output is in build/log/\n' $(($(date +%s) - began))
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

luacheck_all() {
  files=$(git ls-files -- '*.lua' 2>/dev/null || find config.lua scripts tests -name '*.lua' 2>/dev/null)
  [ -n "$files" ] || { echo 'no Lua file'; return 0; }
  luacheck -q --codes $files
}
