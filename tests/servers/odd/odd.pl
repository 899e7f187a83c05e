#!/usr/bin/perl
# Correct timestamp servers in Perl that are unusual, one shape each.
#
# usage: odd.pl SHAPE [URI]    tcp://HOST:PORT or udp://HOST:PORT; prints the URI with its real port when it is ready
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use POSIX qw(strftime :sys_wait_h);

my ($shape, $uri) = (@ARGV, 'tcp://127.0.0.1:0');
my ($scheme, $host, $port) = $uri =~ m{^(tcp|udp)://([\d.]+):(\d+)$} or die "odd.pl: $uri: tcp://HOST:PORT or udp://HOST:PORT\n";
$SIG{PIPE} = 'IGNORE';

sub stamp { '[' . localtime() . ']' }

sub send_all {
    my ($to, $bytes) = @_;
    while (length $bytes) {
        my $n = syswrite($to, $bytes) or return 0;
        substr($bytes, 0, $n) = '';
    }
    return 1;
}

sub converse {
    my ($from, $to) = @_;
    while (sysread($from, my $data, 4096)) {
        send_all($to, stamp() . " $data") or last;
    }
}

sub listening {
    my @stream = $scheme eq 'tcp' ? (Listen => 128, ReuseAddr => 1) : ();
    my $server = IO::Socket::INET->new(LocalAddr => $host, LocalPort => $port, Proto => $scheme, @stream) or die "odd.pl: $@\n";
    $| = 1;
    printf "%s://%s:%d\n", $scheme, $host, $server->sockport;
    return $server;
}

my %shapes = (
    'perl-fork' => sub { # a process for each client
        $SIG{CHLD} = 'IGNORE';
        my $server = listening();
        while (1) {
            my $client = $server->accept or next;
            if (!fork) {
                close $server;
                converse($client, $client);
                exit;
            }
            close $client;
        }
    },
    'perl-select' => sub { # one process, all clients
        my $server = listening();
        my $select = IO::Select->new($server);
        while (my @ready = $select->can_read) {
            for my $socket (@ready) {
                my $data;
                if ($socket == $server) {
                    $select->add($server->accept);
                } elsif (!sysread($socket, $data, 512) || !send_all($socket, strftime('[%Y-%m-%d %H:%M:%S]', localtime) . $data)) {
                    $select->remove($socket);
                    close $socket;
                }
            }
        }
    },
    'perl-lines' => sub { # one client at a time, lines; an empty one ends
        my $server = listening();
        while (1) {
            my $client = $server->accept or next;
            while (defined(my $line = <$client>) ) {
                last if $line =~ /^\r?\n\z/;
                send_all($client, strftime('[%H:%M:%S]', gmtime) . $line) or last;
            }
            close $client;
        }
    },
    'perl-udp' => sub {
        my $server = listening();
        while (1) {
            defined $server->recv(my $data, 65536) or next;
            $server->send(stamp() . " $data");
        }
    },
);

($shapes{$shape // ''} or die "usage: odd.pl SHAPE [URI]; shapes: @{[sort keys %shapes]}\n")->();
