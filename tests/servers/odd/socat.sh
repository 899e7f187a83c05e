#!/bin/sh
# A timestamp server made of socat and one small program that talks on standard input and output, as under inetd.
#
# usage: socat.sh PORT    PORT must be free: socat does not tell which one it took
set -eu
here=$(dirname "$0")
echo "tcp://127.0.0.1:$1"
exec socat -t 30 "TCP-LISTEN:$1,bind=127.0.0.1,reuseaddr,nodelay,fork,backlog=128" "EXEC:perl ${here}/inetd.pl"
