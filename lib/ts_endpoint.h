/*
 * Endpoints: tcp://HOST:PORT, udp://HOST:PORT, unix:PATH (stream), unixgram:PATH, unix:@NAME and unixgram:@NAME
 * (Linux's abstract names), IPv6 in brackets. Default host 127.0.0.1, default port 21567; "tcp:" or "tcp://" alone is
 * both defaults. Port 0 in a listening endpoint asks for a free port. Host names are resolved with getaddrinfo(3);
 * which of several addresses is taken is in ts_endpoint_host.h. Source: RFC 3986 for the form; unix(7), tcp(7), udp(7).
 */
#ifndef TS_ENDPOINT_H
#define TS_ENDPOINT_H

#include "ts_err.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#define TS_ENDPOINT_PORT     21567
#define TS_ENDPOINT_TEXT_MAX 160 /* bytes of the longest URI with its terminator */

enum ts_transport { TS_TCP, TS_UDP, TS_UNIX, TS_UNIXGRAM };
#define TS_TRANSPORT_N 4

struct ts_endpoint {
	enum ts_transport transport;
	socklen_t addr_len;
	struct sockaddr_storage addr;
};

struct ts_listen {
	int backlog;     /* streams; 0: SOMAXCONN */
	int sock_flags;  /* SOCK_NONBLOCK or 0; SOCK_CLOEXEC is always set */
	bool reuse_port; /* SO_REUSEPORT: several sockets share the port */
	bool only_bind;  /* do not listen: is the address free? */
};

/* Parse a URI. Errors: -EINVAL (exit status 2) says what is allowed; an unknown host is exit status 3. */
int ts_endpoint_parse(struct ts_endpoint *ep, const char *uri, struct ts_err *err);

/*
 * A server has begun to listen on the port of `ep`, which `uri` was parsed to before: `ep` becomes that address of the
 * URI's host on which it does. Its own is kept if that is one of them, or if none is.
 */
void ts_endpoint_follow(struct ts_endpoint *ep, const char *uri);

/* The URI of an endpoint, such as "tcp://[::1]:80"; buf of at least TS_ENDPOINT_TEXT_MAX bytes. Returns buf. */
const char *ts_endpoint_text(const struct ts_endpoint *ep, char *buf, size_t size);

const char *ts_transport_name(enum ts_transport transport); /* "tcp", ... */
bool ts_transport_is_stream(enum ts_transport transport);
int ts_endpoint_port(const struct ts_endpoint *ep);         /* host order; -1 for UNIX */
const char *ts_endpoint_path(const struct ts_endpoint *ep); /* in the file system, borrowed; NULL: it has none */

/*
 * Create, bind and (streams) listen. SO_REUSEADDR is set on TCP, never on UDP. A UNIX path that nobody answers on is
 * taken over; a live one is EADDRINUSE. `ep` is updated to the real port. Returns the descriptor (owned) or -errno.
 */
int ts_endpoint_listen(struct ts_endpoint *ep, const struct ts_listen *options, struct ts_err *err);

/* What helps where that, or a connect, failed with this errno: a text to stand behind the reason; "". */
const char *ts_endpoint_advice(const struct ts_endpoint *ep, int error, bool listens);

/* Remove the UNIX path of a listening endpoint; no-op for all others. */
void ts_endpoint_remove(const struct ts_endpoint *ep);

/* Which file the path of a listening endpoint is; all zero: none. */
struct ts_endpoint_file {
	dev_t device;
	ino_t inode;
};
struct ts_endpoint_file ts_endpoint_file(const struct ts_endpoint *ep);

/* Remove it if it is that file still, and not a successor's. While the socket is open: until then its number is nobody
 * else's. */
void ts_endpoint_remove_own(const struct ts_endpoint *ep, const struct ts_endpoint_file *own);

/*
 * A client socket of the endpoint's family and type, not yet connected; TCP_NODELAY is set on TCP, and a UNIX datagram
 * client is bound to an automatic abstract name so that it can be answered. Returns the descriptor (owned) or -errno.
 */
int ts_endpoint_socket(const struct ts_endpoint *ep, int sock_flags);

/* Socket and connect(2), waiting at most timeout_ns; the descriptor is blocking unless sock_flags has SOCK_NONBLOCK. */
int ts_endpoint_connect(const struct ts_endpoint *ep, int sock_flags, long long timeout_ns, struct ts_err *err);

#endif
