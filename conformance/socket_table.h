/*
 * Which sockets does this machine have? Asked of the kernel by sock_diag(7), which sends only what was asked for: a
 * machine that has just closed thousands of connections remembers each of them for a minute, and to read all of those
 * in /proc/net/tcp takes a second. Where the kernel does not answer such questions, that file is read after all.
 */
#ifndef SOCKET_TABLE_H
#define SOCKET_TABLE_H

#include <stdbool.h>
#include <sys/socket.h>

enum socket_state { SOCKET_LISTENS, SOCKET_REMEMBERED }; /* LISTEN; TIME_WAIT: its server ended a conversation first */

/* Is there a TCP socket, of either family, with this local port in this state? */
bool socket_table_has_tcp(int port, enum socket_state state);

/* The two ends of conversations that the server on this port ended first: at most so many; returns their number. */
struct socket_ends {
	struct sockaddr_storage server, client;
};
int socket_table_remembered(int port, struct socket_ends *ends, int most);

/* Is there an unconnected UDP socket with this local port? */
bool socket_table_has_udp(int port);

#endif
