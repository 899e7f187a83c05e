#!/usr/bin/perl
# Timestamp servers in Perl as they are found in the wild, one shape each; wild.tsv says what to think of them.
#
# usage: wild.pl SHAPE [URI]    tcp://HOST:PORT; prints the URI with its real port when it is ready
use strict;
use warnings;
use IO::Socket::INET;

my %shapes = (
    chomp => sub { # lines, without their ending
        my ($client) = @_;
        while (defined(my $line = <$client>)) {
            chomp $line;
            print $client '[' . localtime() . "] $line";
        }
    },
    println => sub { # lines, each answered with one of its own
        my ($client) = @_;
        while (defined(my $line = <$client>)) {
            $line =~ s/\s+\z//;
            print $client '[' . localtime() . "] $line\n";
        }
    },
    list => sub { # localtime in list context
        my ($client) = @_;
        while (sysread($client, my $data, 1024)) {
            syswrite($client, '[' . join(':', localtime) . "] $data");
        }
    },
    lost => sub { # the handler dies of the first message, and the parent hangs up
        my ($client) = @_;
        sysread($client, my $data, 1024);
    },
    cut => sub { # the same, with bytes unread: the end is a reset
        my ($client) = @_;
        sysread($client, my $data, 1);
    },
    'fraction-first' => sub { # the text that PHP's microtime() gives
        my ($client) = @_;
        while (sysread($client, my $data, 1024)) {
            syswrite($client, sprintf('[0.%06d00 %d]%s', rand 1e6, time, $data));
        }
    },
    shown => sub { # the clock's value as Rust shows it to its programmer
        my ($client) = @_;
        while (sysread($client, my $data, 1024)) {
            syswrite($client, '[SystemTime { tv_sec: ' . time . ", tv_nsec: 1000000 }]$data");
        }
    },
    relisten => sub { # one message, while nobody listens: who waits is reset (netcat in a loop, gawk's /inet)
        my ($client) = @_;
        sysread($client, my $data, 1024);
        syswrite($client, '[' . time . "]$data") if length $data;
    },
    epoch => sub { # correct
        my ($client) = @_;
        while (sysread($client, my $data, 1024)) {
            syswrite($client, '[' . time . "]$data");
        }
    },
    quit => sub { # correct but for the words
        my ($client) = @_;
        while (sysread($client, my $data, 1024)) {
            last if $data =~ /^(quit|exit|bye|stop|time|date|help|who|ls|pwd|cd)/; # of whatever a receive call brings
            syswrite($client, '[' . localtime() . "] $data");
        }
    },
);

my ($shape, $uri) = (@ARGV, 'tcp://127.0.0.1:0');
my ($host, $port) = $uri =~ m{^tcp://([\d.]+):(\d+)$} or die "wild.pl: $uri: tcp://HOST:PORT\n";
my $converse = $shapes{$shape // ''} or die "usage: wild.pl SHAPE [URI]; shapes: @{[sort keys %shapes]}\n";
sub listening { return IO::Socket::INET->new(LocalAddr => $host, LocalPort => shift, Listen => 5, ReuseAddr => 1) || die "wild.pl: $@\n" }
my $server = listening($port);
$port = $server->sockport;
$| = 1;
$SIG{PIPE} = 'IGNORE';
print "tcp://$host:$port\n";
while (my $client = $server->accept) {
    close $server if $shape eq 'relisten';
    $converse->($client);
    $server = listening($port) if $shape eq 'relisten';
    close $client;
}
