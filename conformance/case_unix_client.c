/* What a client of a UNIX datagram server may be called. */
#include "cases.h"
#include "dgram.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

static void ask_as(struct turn *t, enum dgram_name name)
{
	struct dgram *d = dgram_open_as(t, name);

	if (d)
		dgram_say_letters(d, 8);
	dgram_free(d);
}

void case_unix_long_path(struct turn *t)
{
	ask_as(t, DGRAM_LONG);
}

void case_unix_abstract_client(struct turn *t)
{
	ask_as(t, DGRAM_ABSTRACT);
}

void case_unix_unbound_sender(struct turn *t)
{
	const struct ts_endpoint *ep = &t->subject->endpoint;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || sendto(fd, "abcdef", 6, MSG_NOSIGNAL, (const struct sockaddr *)&ep->addr, ep->addr_len) < 0)
		turn_fail(t, OURSELVES, "cannot send from a socket without a name: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}
