#!/usr/bin/env bash
# Says how many tests were skipped because a server could not be had, and why.
set -euo pipefail
if [ ! -s "${SCALARGEN_SKIPS:?}" ]; then
  echo "== no test was skipped for want of a server"
  exit 0
fi
echo "== $(wc -l <"$SCALARGEN_SKIPS") TESTS WERE SKIPPED FOR WANT OF A SERVER"
sort "$SCALARGEN_SKIPS" | uniq -c | sort -rn
