/*
 * Replies that leave one after the other to one client, and are of one length, leave as one message, which the kernel
 * cuts again (UDP_SEGMENT, udp(7)): one way through its layers instead of many. The client gets the same datagrams.
 */
#ifndef BUNDLE_H
#define BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* What a message needs beside its header. */
struct bundle {
	size_t n_replies; /* that it holds */
	char control[96] __attribute__((aligned(8)));
};

/*
 * n replies over UDP, of two pieces each, which stand in one row of memory. Those that can go together, in place; b[i]
 * goes with message i, and must stay as long as that. Returns how many messages are left.
 */
size_t bundle_replies(struct mmsghdr *out, size_t n, struct bundle *b);

/* The i-th reply of a message, by itself. It borrows from that. */
struct msghdr bundle_single(const struct msghdr *whole, const struct bundle *b, size_t i);

/* Does this error say that the kernel cuts no messages here, or none so long? */
bool bundle_is_refused(int error);

#endif
