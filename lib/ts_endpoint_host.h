/*
 * Which of the addresses of a host name is meant. On most machines localhost is ::1 and 127.0.0.1, and most servers of
 * an exercise listen on one of them. A connect would tell which, but it is the first conversation of a server that may
 * have but one; bind(2) tells without one. It cannot tell of addresses that are not this machine's.
 */
#ifndef TS_ENDPOINT_HOST_H
#define TS_ENDPOINT_HOST_H

#include <netdb.h>

/* The first address that is in use here with its port. Borrowed from `found`; NULL: none is. */
const struct addrinfo *ts_endpoint_in_use(const struct addrinfo *found);

/*
 * Of what getaddrinfo(3) found: the first address that is in use here with its port; else 127.0.0.1, the default host,
 * where the first is ::1; else the first. Borrowed from `found`, which is not NULL.
 */
const struct addrinfo *ts_endpoint_choose(const struct addrinfo *found);

#endif
