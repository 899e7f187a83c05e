#!/usr/bin/perl
# One conversation of a timestamp server on standard input and output, for socat or inetd. It is started for each client, so it
# loads no module that it can do without.
use strict;
use warnings;

while (sysread(STDIN, my $data, 4096)) {
    my $reply = '[' . localtime() . "] $data";
    while (length $reply) {
        my $n = syswrite(STDOUT, $reply) or exit;
        substr($reply, 0, $n) = '';
    }
}
