#!/bin/bash
# A timestamp server in bash under socat: NULs are lost, as a shell's variables cannot hold them.
#
# usage: wild.sh PORT    (a free one);  wild.sh      one conversation on standard input and output
if [ $# -eq 0 ]; then
  while IFS= read -r line; do
    printf '[%s] %s\n' "$(date)" "${line}"
  done
  exit
fi
echo "tcp://127.0.0.1:$1"
exec socat -t 30 "TCP-LISTEN:$1,bind=127.0.0.1,reuseaddr,nodelay,fork" "EXEC:bash $0"
