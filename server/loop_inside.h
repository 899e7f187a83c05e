/*
 * Between the parts of the loop: loop.c (callers, datagrams, time, the stop) and loop_conn.c (conversations). Modes see
 * loop.h only.
 */
#ifndef LOOP_INSIDE_H
#define LOOP_INSIDE_H

#include "loop.h"

/* From now on the source waits for that. 0; or -errno, which has been noted: it waits for what it did before, or, if it
   is a listener, perhaps for nothing. */
int loop_want(struct loop *loop, struct source *s, enum source_want what);

/* A caller, whose place is taken: fd is given. One that cannot be served is turned away, and its place given back.
   0; or -errno, which has been noted. */
int loop_conn_open(struct loop *loop, int fd);

/* A conversation's socket is ready, for the READY bits in `ready`. It may be over afterwards. */
void loop_conn_ready(struct loop *loop, struct conn *c, unsigned ready);

/* Its socket cannot be waited for: it ends. */
void loop_conn_give_up(struct loop *loop, struct conn *c);

/* End those that have been idle, or have lingered, for long enough. */
void loop_conns_expire(struct loop *loop);

/* Those who wait for memory to send with. */
void loop_conns_send_again(struct loop *loop);

/* The place of a conversation that is over. At the stop places do not matter: nobody waits for one. */
void loop_give_place(struct loop *loop);

/* At the stop, first: note what has come from each, which is all that is still answered. */
void loop_conns_begin_to_drain(struct loop *loop);

/* At the stop: answer what all of them have sent, and end them; at the end of the drain time-out: close the rest. */
void loop_conns_drain(struct loop *loop);
void loop_conns_cut_off(struct loop *loop);

#endif
