# form.sh: the form of files, sourced by ./mu (POSIX sh). Everywhere: no tab, no blank at a line's end, a final newline,
# lines of C of at most 120 characters. Where clang-format 14 is installed also its verdict; other versions break lines
# differently, so there (Debian 13 packages none like it) only the first part is checked.

c_files() { git ls-files -- 'src/*.c' 'src/*.h' 'tests/*.c' 'tests/*.h' 2>/dev/null || find src tests -name '*.[ch]'; }
all_files() {
  git ls-files -- '*.c' '*.h' '*.lua' '*.sh' '*.sql' '*.md' '*.txt' mu 2>/dev/null ||
    find . \( -path ./build -o -path ./data \) -prune -o \( -name '*.[ch]' -o -name '*.lua' -o -name '*.sh' \) -print
}

have_formatter() { command -v clang-format >/dev/null 2>&1 && clang-format --version | grep -q 'version 14\.'; }

form_check() {
  cd "$top" || return 1
  faults=0
  for file in $(all_files); do
    [ -f "$file" ] || continue
    limit=100000
    case $file in *.c | *.h) limit=120 ;; esac
    LC_ALL=C awk -v limit="$limit" -v file="$file" '
      /\t/ { printf "%s:%d: a tab\n", file, NR; bad = 1 }
      /[ \r]$/ { printf "%s:%d: a blank at the end of the line\n", file, NR; bad = 1 }
      length($0) > limit { line = $0; gsub(/[\200-\277]/, "", line)
        if (length(line) > limit) { printf "%s:%d: longer than %d characters\n", file, NR, limit; bad = 1 } }
      END { exit bad }' "$file" || faults=1
    [ -z "$(tail -c 1 "$file")" ] || { echo "$file: no newline at the end"; faults=1; }
  done
  if have_formatter; then
    clang-format --dry-run -Werror $(c_files) 2>&1 | grep 'error:' | sed 's/ code should be.*/ not in the house form: .\/mu format/' | sort -u |
      head -n 40 >build/log/form-c.log
    if [ -s build/log/form-c.log ]; then
      cat build/log/form-c.log
      faults=1
    fi
  else
    echo 'clang-format 14 is not here: line breaking is not checked'
  fi
  return $faults
}

form_apply() {
  have_formatter || die "clang-format 14 is needed (Debian 12: apt-get install clang-format)"
  cd "$top" && clang-format -i $(c_files)
}
