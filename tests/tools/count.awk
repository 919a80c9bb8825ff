# count.awk: counts cases in CTest's LastTest.log and prints "PASSED FAILED". A program's cases are lines of cmocka
# ("[       OK ] name", "[  FAILED  ] name", the latter printed twice) or "case NAME: ok" and "case NAME: failed …" of our
# own programs ("play" instead of "case" in tests/plays). A program that prints none counts as one case. CTest's verdict on
# the whole program wins: one that failed counts at least one failure, one that passed counts none. `skip`: programs that
# are left out, with a blank before and behind each; `only`: the others are.
function flush_one(   n, key) {
  if (!open || index(skip, " " program " ") || (only != "" && !index(only, " " program " "))) { open = 0; return }
  n = 0
  for (key in failed) n++
  if (verdict == "Passed") { good += ok ? ok : 1 }
  else { good += ok; bad += n ? n : 1 }
  open = 0
}
/^[0-9]+\/[0-9]+ Testing: / { flush_one(); open = 1; program = $3; ok = 0; verdict = "Failed"; split("", failed) }
/^\[       OK \] / { ok++ }
/^\[  FAILED  \] / { if ($0 !~ /test\(s\), listed below/) failed[$4] = 1 }
/^(case|play) .*: ok/ { ok++ }
/^(case|play) .*: failed/ { name = $0; sub(/: failed.*/, "", name); failed[name] = 1 }
/^Test Passed\.$/ { verdict = "Passed" }
END { flush_one(); print good + 0, bad + 0 }
