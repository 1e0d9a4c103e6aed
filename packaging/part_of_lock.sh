#!/bin/sh
# Prints the named packages of a locked requirements file with their hashes:  part_of_lock.sh FILE NAME...
file=$1
shift
awk -v names="$*" '
  BEGIN { count = split(names, list, " "); for (i = 1; i <= count; i++) wanted[list[i]] = 1 }
  /^[A-Za-z0-9]/ { split($1, part, "=="); on = part[1] in wanted; found += on }
  on
  END { if (found != count) { print "a package is missing in the lock" > "/dev/stderr"; exit 1 } }
' "$file"
