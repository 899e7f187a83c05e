#!/usr/bin/env bats
# Run once for each mode of the server: MODE=epoll BATS_TEST_NAME_PREFIX="[epoll] " bats tests/mode.bats
load helpers/server

@test "converses on TCP and UNIX streams: data unchanged, half-close with the reply owed" {
  check streams
}

@test "answers datagrams on UDP and UNIX: each once, large ones whole, empty ones not" {
  check datagrams
}

@test "serves abstract UNIX names" {
  check abstract_names
}

@test "line framing: LF and CR LF, chopped lines, an empty line ends, an unfinished one is answered" {
  check lines
}

@test "a line that is too long ends the conversation, after what was owed" {
  check max_line
}

@test "megabytes come back whole, in both framings" {
  check large
}

@test "a small receive buffer cuts chunks and loses nothing" {
  check small_buffer
}

@test "twenty clients: side by side, or in turn" {
  check several
}

@test "a client that never reads is held back, and holds up nobody" {
  check stuck_reader
}

@test "survives RST at the start, in a conversation, and with an unread reply" {
  check reset
}

@test "at --max-clients the next caller waits in the queue" {
  check max_clients
}

@test "--idle-timeout gives up a silent client, and only that one" {
  check idle
}

@test "--idle-timeout gives up a client that reads nothing" {
  check idle_stuck
}

@test "recovers from descriptor exhaustion without spinning" {
  check no_descriptors
}

@test "a hundred conversations leave no descriptor, thread or process behind" {
  check leaks
}

@test "takes no processor time while idle" {
  check idle_cost
}

@test "stops on SIGTERM and SIGINT while nobody is there" {
  check stop_idle
}

@test "stops in a conversation: what was received is answered, the port is free at once" {
  check stop_answers
}

@test "stops with callers in the queue: they are answered first" {
  check stop_queue
}

@test "stops with a crowd in the queue, at --max-clients, of one moment, or without descriptors: all are answered within the drain time-out" {
  check stop_crowd
  check stop_backlog
  check stop_shortage
}

@test "stops with much received: all of it is answered" {
  check stop_received
}

@test "stops in a flood: it is read no further, and others are answered" {
  check stop_flood
}

@test "stops in a partial send: the reply goes out, or the drain time-out cuts it off" {
  check stop_partial
}

@test "stops while a client sends without pause: the end is no reset" {
  check stop_sending
}

@test "takes over a stale UNIX path, leaves a live one, removes its own and no successor's" {
  check unix_paths
}

@test "a second instance on a busy endpoint fails with one line" {
  check second_instance
}

@test "serves several endpoints, or says that it cannot" {
  check several_endpoints
}

@test "serves a socket that is handed over, blocking or not, and leaves it usable" {
  check handed_over
}

@test "never answers a datagram from its own port" {
  check guard
}

@test "--reply-rate limits one source and not another" {
  check reply_rate
}

@test "a UNIX datagram without a sender is passed over" {
  check unbound_sender
}

@test "a UNIX peer that reads no datagram holds up nobody" {
  check deaf_peer
  check deaf_connected
}

@test "--stats adds up, and SIGUSR1 reports in between" {
  check stats
}

@test "--processes share the endpoints" {
  check processes
}
