/* What the files of one test client (peer.h) share, and nobody else needs. */
#ifndef PEER_INSIDE_H
#define PEER_INSIDE_H

#include "peer.h"

#define PEER_READ_BYTES   65536
#define PEER_POLITE_BYTES (1 << 18) /* more than that is a flood */

/* poll(2) for one descriptor: what is ready, or 0. At most 200 ms at a time, so that a stop is noticed. */
int peer_wait(int fd, short events, int64_t wait_ns);

/* Wait for the socket for at most wait_ns, then move what can be moved. False: something was wrong with the bytes. */
bool peer_pump(struct peer *p, int64_t wait_ns);

/* In the place of a conversation that is over: another, by the same client. */
bool peer_renew(struct peer *p);

/* Was only the rest of a longer message answered with the fence behind it? */
bool peer_holds_rest(const struct peer *p);

/* It was, twice: may it? Then that is a warning, and the client's conversation is another. */
bool peer_excuse_rest(struct peer *p);

/* Hold n_out bytes of output to the law. */
bool peer_judge(struct peer *p, const char *out, size_t n_out);

/* A line server gives each line one stamp. */
bool peer_lines_fit(struct peer *p);

/* Three ways to fail: wrong bytes, of which the first n_right are right, silence, and an end that came too early. They
 * return false. */
bool peer_blame_bytes(struct peer *p, enum ts_reply_verdict verdict, const char *out, size_t n_out, size_t n_right);
bool peer_too_late(struct peer *p);
bool peer_early_end(struct peer *p);

#endif
