/*
 * The kernel's own moments of a message: when it was handed to the network device, and when the reply came from it.
 * They split a latency into what the generator added on either side, and what network and server took.
 *
 *     sent ──generator──> transmit stamp ──network and server──> receive stamp ──generator──> read
 *
 * Software stamps of SO_TIMESTAMPING, in ns of the wall clock (CLOCK_REALTIME). Transmit stamps come back by the
 * socket's error queue, which wakes a poll, so they are fetched right after sending, where they mostly are already.
 * Source: the kernel's Documentation/networking/timestamping.rst.
 */
#ifndef KSTAMPS_H
#define KSTAMPS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

int kstamps_enable(int fd); /* 0 or -errno */

/* The last transmit stamp in the error queue, which is emptied; 0 when there is none. */
int64_t kstamps_transmitted(int fd);

/* recv(2), non-blocking, with the stamp of what was read last; *received_ns is 0 when there is none. */
ssize_t kstamps_recv(int fd, void *bytes, size_t n, int64_t *received_ns);

#endif
