/*
 * The server while it runs. main.c turns the loop, client.c knows who is there, message.c decides what becomes of what
 * they say. One thread. Nothing returns an error: what cannot be done ends the server (peer_die), but for a client that
 * has gone, whose replies are then counted as unanswered.
 */
#ifndef SERVER_H
#define SERVER_H

#include "delay.h"

#define ADDRESSES 65536 /* buckets for the addresses of datagram clients */

/* A connection, or one datagram client's address. Freed when it has gone and no reply of its own is
 * left in the queue. */
struct client {
	int fd; /* -1: gone */
	bool is_stream, read_ended, watches_out;
	unsigned int n_owed;                  /* replies in the queue */
	long long last_due_ns, read_after_ns; /* CLOCK_MONOTONIC, as all moments here */
	uint64_t n_replies;
	struct reply *held; /* by reorder: settled when the next has left, or when it is due itself */
	struct peer_text out;
	socklen_t addr_len;
	struct sockaddr_storage addr;
	struct client *next; /* in its bucket */
};

struct server {
	struct options options;
	int epoll, listener, signals;
	uint64_t n_orders;
	long long started_ns, queue_free_ns, now_ns;
	struct queue queue;
	struct totals totals;
	struct arrivals arrivals;
	struct client **buckets;  /* ADDRESSES lists of datagram clients, by a hash of the address */
	unsigned short random[3]; /* of erand48: from 0, so that each run draws the same */
	char buffer[PEER_BUFFER];
};

/* All that wait to be accepted; what one connection has sent, and room for what it is owed; what
 * datagrams have come. */
void client_accept(struct server *s);
void client_read(struct server *s, struct client *c, uint32_t events);
void datagrams_read(struct server *s);

/* Write what is waiting; false when the client has gone. */
bool client_flush(struct server *s, struct client *c);

/* The replies still queued are dropped when their time comes. */
void client_close(struct client *c, bool reset);

/* The end of a conversation that has been half-closed, once nothing is owed. */
void client_end_if_done(struct client *c);

void client_free_if_done(struct client *c);

/* The n bytes in the buffer have come from c: decide what happens to them, and when. */
void message_accept(struct server *s, struct client *c, size_t n);

/* The reply is due, and has been taken from the queue: it leaves, and is freed. */
void reply_leave(struct server *s, struct reply *reply);

#endif
