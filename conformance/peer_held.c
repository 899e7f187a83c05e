/*
 * The rest of a longer message, which a server has read and keeps until more comes.
 *
 * Some libraries (PHP's fread) go back to the kernel for more while the end of a message lies in their buffer. The law
 * of replies is kept: with the next message, or at the client's end, all is answered. So it is worth a warning, where
 * nothing is lost at the client's end; who loses it there has left it lying, as one that reads once at each edge does.
 */
#include "peer_inside.h"
#include <string.h>

#define BEHIND 256 /* bytes: so much was answered before it, or the server reads short messages so, too */

bool peer_holds_rest(const struct peer *p)
{
	size_t n = p->n_in - p->n_fence;

	return p->n_held > 0 && n >= p->n_held + BEHIND && !p->turn->subject->dialect.line;
}

bool peer_excuse_rest(struct peer *p)
{
	struct turn *t = p->turn;
	char found[sizeof(t->message)], expected[sizeof(t->expected)], actual[sizeof(t->actual)];

	if (t->blame != SILENCE || t->sort != PARTLY)
		return false;
	memcpy(found, t->message, sizeof(found));
	memcpy(expected, t->expected, sizeof(expected));
	memcpy(actual, t->actual, sizeof(actual));
	turn_forgive(t);
	if (!peer_finish(p)) {
		turn_forgive(t);
		t->sort = PARTLY;
		memcpy(t->expected, expected, sizeof(expected));
		memcpy(t->actual, actual, sizeof(actual));
		return turn_fail(t, SILENCE, "%s", found);
	}
	if (!peer_renew(p))
		return false;
	t->subject->holds_rests = true;
	turn_warn(t, "%s; at the client's end they come, too", found);
	return true;
}
