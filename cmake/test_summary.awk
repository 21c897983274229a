# Reads ctest's JUnit report: lists the skipped tests with their reason and ends with
# "N passed, N failed, N skipped". Exits with 1 if a test failed.
function unescape(text) {
  gsub(/&lt;/, "<", text)
  gsub(/&gt;/, ">", text)
  gsub(/&quot;/, "\"", text)
  gsub(/&apos;/, "'", text)
  gsub(/&amp;/, "\\&", text)
  return text
}
function attribute(line, name) {
  if (!match(line, name "=\"[^\"]*\"")) return ""
  return unescape(substr(line, RSTART + length(name) + 2, RLENGTH - length(name) - 3))
}
/<testcase / {
  name = attribute($0, " name")
  status = attribute($0, " status")
  if (status == "run") passed++
  else if (status == "notrun" || status == "disabled") {
    skipped++
    skipped_names[skipped] = name
  } else {
    failed++
    failed_names[failed] = name
  }
  take_reason = 0
}
# GoogleTest writes "FILE:LINE: Skipped" and the reason below; our scripts write "SKIPPED: REASON".
status == "notrun" && take_reason && !(skipped in reasons) && NF {
  reasons[skipped] = unescape($0)
  sub(/<\/system-out>.*/, "", reasons[skipped])
}
status == "notrun" && /: Skipped$/ { take_reason = 1 }
status == "notrun" && match($0, /SKIPPED: /) {
  reasons[skipped] = unescape(substr($0, RSTART + RLENGTH))
  sub(/<\/system-out>.*/, "", reasons[skipped])
}
END {
  if (skipped) print "\nSkipped:"
  for (i = 1; i <= skipped; i++) {
    print "  " skipped_names[i] (reasons[i] == "" ? "" : ": " reasons[i])
  }
  if (failed) print "\nFailed:"
  for (i = 1; i <= failed; i++) print "  " failed_names[i]
  printf "\n%d passed, %d failed, %d skipped\n", passed, failed, skipped
  exit failed > 0
}
