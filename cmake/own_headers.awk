# Prints FILE and every header of this tree that it includes, directly or not: awk -f own_headers.awk FILE
function open_file(path,   line, folder) {
  if (path in seen) return 1
  if ((getline line < path) < 0) return 0
  seen[path] = 1
  print path
  folder = path
  sub(/[^\/]*$/, "", folder)
  do {
    if (line !~ /^#include "/) continue
    sub(/^#include "/, "", line)
    sub(/".*/, "", line)
    waiting[++last] = folder "\t" line
  } while ((getline line < path) > 0)
  close(path)
  return 1
}
BEGIN {
  open_file(ARGV[1])
  for (next_one = 1; next_one <= last; ++next_one) {
    split(waiting[next_one], place, "\t")
    split(place[1] " include/ src/ cli/ tests/ fuzz/ bench/", roots, " ")
    for (i = 1; i in roots; ++i)
      if (open_file(roots[i] place[2])) break
  }
}
