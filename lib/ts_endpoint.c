/* The text of endpoints: parse and print. Sockets are made in ts_endpoint_socket.c. */
#include "ts_endpoint.h"
#include "ts_endpoint_host.h"
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define HOST_MAX 256
#define FORMS    "must be tcp://HOST:PORT, udp://HOST:PORT, unix:PATH or unixgram:PATH"

static const char *const names[TS_TRANSPORT_N] = {"tcp", "udp", "unix", "unixgram"};

const char *ts_transport_name(enum ts_transport transport)
{
	return names[transport];
}

bool ts_transport_is_stream(enum ts_transport transport)
{
	return transport == TS_TCP || transport == TS_UNIX;
}

/* --- UNIX paths ------------------------------------------------------------------------------------------------ */

static int parse_path(struct ts_endpoint *ep, const char *uri, const char *path, struct ts_err *err)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&ep->addr;
	bool abstract = path[0] == '@';
	size_t n = strlen(path), limit = sizeof un->sun_path - !abstract; /* a path ends in NUL, a name does not */

	if (n == 0 || (abstract && n == 1))
		return ts_err_usage(err, "%s: needs a %s, such as %s:%s", uri, abstract ? "name" : "path",
		                    names[ep->transport], abstract ? "@tsbench" : "/tmp/tsbench.sock");
	if (strncmp(path, "//", 2) == 0 && path[2] != '/')
		return ts_err_usage(err, "%s: takes no host: must be %s:PATH or %s:@NAME", uri, names[ep->transport],
		                    names[ep->transport]);
	if (path[strcspn(path, "\r\n")] != '\0') /* the ready line would be two */
		return ts_err_usage(err, "%s: may not hold the end of a line", uri);
	if (n > limit)
		return ts_err_usage(err, "%.60s...: the path is too long: must be at most %zu bytes, and is %zu", uri,
		                    limit, n);
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, n);
	if (abstract) /* no terminator: every byte up to addr_len is part of an abstract name */
		un->sun_path[0] = '\0';
	ep->addr_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + !abstract);
	return 0;
}

/* --- hosts and ports ------------------------------------------------------------------------------------------- */

static int parse_port(const char *uri, const char *text, int *port, struct ts_err *err)
{
	size_t n = strspn(text, "0123456789");
	long value = n > 0 && n <= 5 ? strtol(text, NULL, 10) : -1;

	if (text[n] != '\0' || value < 0 || value > 65535)
		return ts_err_usage(err, "%s: wrong port %.40s: must be 0 to 65535", uri, text[0] ? text : "(empty)");
	*port = (int)value;
	return 0;
}

/* Cut "HOST", "HOST:PORT", "[ADDRESS]", "[ADDRESS]:PORT" or "" into host and port, which hold the defaults before. */
static int split(const char *uri, const char *rest, char *host, int *port, struct ts_err *err)
{
	const char *end, *colon;
	size_t n;

	if (rest[0] == '[') {
		end = strchr(++rest, ']');
		if (end == NULL || end == rest || (end[1] != '\0' && end[1] != ':'))
			return ts_err_usage(err, "%s: wrong address in brackets: must be as in tcp://[::1]:21567", uri);
		colon = end[1] == ':' ? end + 1 : NULL;
	} else {
		colon = strchr(rest, ':');
		end = colon != NULL ? colon : rest + strlen(rest);
		if (colon != NULL && strchr(colon + 1, ':') != NULL)
			return ts_err_usage(err, "%s: an IPv6 address needs brackets: must be as in tcp://[::1]:21567",
			                    uri);
	}
	n = (size_t)(end - rest);
	if (n >= HOST_MAX || strcspn(rest, "/?#@ ") < strlen(rest))
		return ts_err_usage(err, "%s: wrong host or port: must be HOST:PORT and nothing after it", uri);
	if (n > 0) {
		memcpy(host, rest, n);
		host[n] = '\0';
	}
	return colon != NULL ? parse_port(uri, colon + 1, port, err) : 0;
}

/* What follows the scheme, as host and port, defaults filled in; host of HOST_MAX bytes. */
static int parse_host(const char *uri, const char *rest, char *host, int *port, struct ts_err *err)
{
	snprintf(host, HOST_MAX, "127.0.0.1");
	*port = TS_ENDPOINT_PORT;
	return split(uri, strncmp(rest, "//", 2) == 0 ? rest + 2 : rest, host, port, err);
}

/* All addresses of the host: 0 with `found`, which is the caller's to free, or an error of getaddrinfo(3). */
static int look_up(enum ts_transport transport, const char *host, int port, struct addrinfo **found)
{
	struct addrinfo hints = {.ai_socktype = transport == TS_TCP ? SOCK_STREAM : SOCK_DGRAM,
	                         .ai_flags = AI_NUMERICSERV};
	char service[8];

	snprintf(service, sizeof service, "%d", port);
	return getaddrinfo(host, service, &hints, found);
}

static void take_address(struct ts_endpoint *ep, const struct addrinfo *a)
{
	memcpy(&ep->addr, a->ai_addr, a->ai_addrlen);
	ep->addr_len = a->ai_addrlen;
}

static int parse_inet(struct ts_endpoint *ep, const char *uri, const char *rest, struct ts_err *err)
{
	struct addrinfo *found;
	char host[HOST_MAX];
	int port, r;

	r = parse_host(uri, rest, host, &port, err);
	if (r < 0)
		return r;
	r = look_up(ep->transport, host, port, &found);
	if (r != 0)
		return ts_err_set(err, r == EAI_SYSTEM ? errno : EHOSTUNREACH,
		                  "%s: cannot find the host %s: %s; check its name, or give an address", uri, host,
		                  r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
	take_address(ep, ts_endpoint_choose(found));
	freeaddrinfo(found);
	return 0;
}

void ts_endpoint_follow(struct ts_endpoint *ep, const char *uri)
{
	struct addrinfo now = {.ai_family = ep->addr.ss_family,
	                       .ai_socktype = ep->transport == TS_TCP ? SOCK_STREAM : SOCK_DGRAM,
	                       .ai_addr = (struct sockaddr *)&ep->addr,
	                       .ai_addrlen = ep->addr_len};
	const struct addrinfo *in_use;
	char host[HOST_MAX];
	int ignored;

	if (ep->addr.ss_family == AF_UNIX || parse_host(uri, strchr(uri, ':') + 1, host, &ignored, NULL) < 0 ||
	    look_up(ep->transport, host, ts_endpoint_port(ep), &now.ai_next) != 0)
		return;
	in_use = now.ai_next->ai_next != NULL ? ts_endpoint_in_use(&now) : NULL;
	if (in_use != NULL && in_use != &now)
		take_address(ep, in_use);
	freeaddrinfo(now.ai_next);
}

int ts_endpoint_parse(struct ts_endpoint *ep, const char *uri, struct ts_err *err)
{
	const char *colon = strchr(uri, ':');

	memset(ep, 0, sizeof *ep);
	for (int i = 0; colon != NULL && i < TS_TRANSPORT_N; i++) {
		if (strlen(names[i]) != (size_t)(colon - uri) || strncmp(names[i], uri, strlen(names[i])) != 0)
			continue;
		ep->transport = (enum ts_transport)i;
		if (i == TS_UNIX || i == TS_UNIXGRAM)
			return parse_path(ep, uri, colon + 1, err);
		return parse_inet(ep, uri, colon + 1, err);
	}
	return ts_err_usage(err, "%.200s: not an endpoint: " FORMS, uri[0] != '\0' ? uri : "(empty)");
}

/* --- back to text ---------------------------------------------------------------------------------------------- */

int ts_endpoint_port(const struct ts_endpoint *ep)
{
	if (ep->addr.ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)&ep->addr)->sin_port);
	if (ep->addr.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&ep->addr)->sin6_port);
	return -1;
}

static const char *path_text(const struct ts_endpoint *ep, char *buf, size_t size)
{
	const struct sockaddr_un *un = (const struct sockaddr_un *)&ep->addr;
	int n = (int)ep->addr_len - (int)offsetof(struct sockaddr_un, sun_path);

	if (n <= 0) /* a client that is bound to nothing */
		snprintf(buf, size, "%s:", names[ep->transport]);
	else if (un->sun_path[0] == '\0')
		snprintf(buf, size, "%s:@%.*s", names[ep->transport], n - 1, un->sun_path + 1);
	else
		snprintf(buf, size, "%s:%.*s", names[ep->transport], n, un->sun_path);
	return buf;
}

const char *ts_endpoint_text(const struct ts_endpoint *ep, char *buf, size_t size)
{
	char host[INET6_ADDRSTRLEN + IF_NAMESIZE + 1] = "?";
	bool v6 = ep->addr.ss_family == AF_INET6;

	if (ep->addr.ss_family == AF_UNIX)
		return path_text(ep, buf, size);
	getnameinfo((const struct sockaddr *)&ep->addr, ep->addr_len, host, sizeof host, NULL, 0, NI_NUMERICHOST);
	snprintf(buf, size, v6 ? "%s://[%s]:%d" : "%s://%s:%d", names[ep->transport], host, ts_endpoint_port(ep));
	return buf;
}
