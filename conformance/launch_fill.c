/* The command, with the endpoint filled in. */
#include "launch.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const char *value_of(const struct ts_endpoint *ep, const char *name, size_t n, char *buf, size_t size)
{
	const struct sockaddr_in *v4 = (const void *)&ep->addr;
	const struct sockaddr_in6 *v6 = (const void *)&ep->addr;
	bool is_unix = ep->addr.ss_family == AF_UNIX;

	ts_endpoint_text(ep, buf, size);
	if (strncmp(name, "uri", n) == 0)
		return buf;
	if (strncmp(name, "path", n) == 0 && is_unix)
		return strchr(buf, ':') + 1;
	if (strncmp(name, "port", n) == 0 && !is_unix) {
		snprintf(buf, size, "%d", ts_endpoint_port(ep));
		return buf;
	}
	if (strncmp(name, "host", n) == 0 && !is_unix)
		return inet_ntop(ep->addr.ss_family,
		                 ep->addr.ss_family == AF_INET6 ? (const void *)&v6->sin6_addr
		                                                : (const void *)&v4->sin_addr,
		                 buf, (socklen_t)size);
	return NULL;
}

char *launch_fill_in(const char *command, const struct ts_endpoint *ep)
{
	char *out = NULL, buf[TS_ENDPOINT_TEXT_MAX];
	size_t n = 0;
	FILE *f = open_memstream(&out, &n);

	for (const char *c = command; f && *c; c++) {
		const char *close = *c == '{' ? strchr(c, '}') : NULL;
		size_t n_name = close ? (size_t)(close - c - 1) : 0;
		const char *value = n_name >= 3 && n_name <= 4 ? value_of(ep, c + 1, n_name, buf, sizeof(buf)) : NULL;
		if (value) {
			fputs(value, f);
			c = close;
		} else {
			fputc(*c, f);
		}
	}
	if (f)
		fclose(f);
	return out;
}
