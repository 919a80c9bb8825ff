# digest.awk: what of a stage failed, out of CTest's two logs: awk -f digest.awk -v want=… NAME.log NAME-full.log
#
#   want=lines   for each failed test "== STAGE: test: verdict" and its decisive lines: failed cases, errors with file and
#                line, the head and the first frames of a sanitizer's report; the last lines where there is none of these
#   want=names   the failed tests, one a line
#   want=again   those of them that may be run once more: plain failures. Never a crash, a sanitizer's report, a leak, a
#                test that hung: those are faults however seldom they show
#   want=first   of the test `only` the first decisive line
#
# The first file is what ctest printed (its verdicts), the second LastTest.log (all output). `skip`: tests to leave out,
# with a blank before and behind each.

function say(line) {
  if (n < 25) kept[++n] = "   " substr(line, 1, 300)
}

function begin() {
  open = 1; n = 0; take = 0; last = 0; fatal = 0
  split("", kept); split("", seen); split("", tail)
}

function end(   i) {
  if (!open || !(name in verdict) || index(skip, " " name " ")) { open = 0; return }
  open = 0
  if (verdict[name] != "Failed") fatal = 1
  if (n == 0) for (i = last > 12 ? last - 11 : 1; i <= last; i++) say(tail[i])
  if (want == "names" || (want == "again" && !fatal)) print name
  if (want == "lines") {
    print "== " stage ": " name ": " verdict[name]
    for (i = 1; i <= n; i++) print kept[i]
  }
  if (want == "first" && name == only) { sub(/^ +/, "", kept[1]); print kept[1] }
}

FNR == NR {
  if ($0 ~ /Test +#[0-9]+: .*\*\*\*/) {
    line = $0
    sub(/^.*Test +#[0-9]+: /, "", line)
    split(line, word, " ")
    sub(/^.*\*\*\*/, "", line)
    sub(/ +[0-9.]+ sec.*/, "", line)
    gsub(/^ +| +$/, "", line)
    verdict[word[1]] = line
  }
  next
}

/^[0-9]+\/[0-9]+ Testing: / { end(); begin(); name = $3; inside = 0; next }
/^Output:$/ { inside = 1; next }
/^<end of output>$/ { inside = 0; next }
!open || !inside { next }
/^-+$/ { next }

{ if ($0 != "") tail[++last] = $0 }

# What is a fault even when it comes only now and then.
/(Address|Leak|Thread|Memory|UndefinedBehavior)Sanitizer|runtime error:|definitely lost/ { fatal = 1 }
/ended by signal|Segmentation fault|core dumped|^Aborted|double free|corrupted|check: (fatal|unexpected): |(failed|FAILED).*leak/ { fatal = 1 }

/(WARNING|ERROR): [A-Za-z]+Sanitizer|runtime error:/ { say($0); take = 14; frames = 1; next }
/^(case|play) .*: failed/ { say($0); take = 5; frames = 0; next }
/^\[  ERROR   \]|^ERROR: |^Traceback|ended by signal|check: (fatal|unexpected): |Segmentation fault/ { say($0); take = 5; frames = 0; next }
/^\[   LINE   \]/ { say($0); take = 0; next }
/^\[  FAILED  \] / { take = 0; if ($4 != "" && $0 !~ /test\(s\)/ && !($4 in seen)) { seen[$4] = 1; say($0) } next }

take > 0 {
  take--
  if (/^(case|play|\[|20[0-9][0-9]-)/ || $0 == "" && !frames) take = 0
  else if (!frames || /^ *#[0-9]|^  [A-Z]/) say($0)
}

END { end() }
