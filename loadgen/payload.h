/*
 * What a request says: lower-case letters only, so that no server takes it for a command and no stamp looks like it.
 *
 *   offset 0   8 letters   sequence number on this connection, low nibble first ('a' is 0 ... 'p' is 15)
 *   offset 8   8 letters   connection number, likewise
 *   offset 16  the rest    filler that depends on both; the last byte is LF where `lf` is set, and that before it is CR
 *                          where `cr` is set, too
 *
 * A short message holds the first `size` bytes of this, so even three letters tell the last 4,096 requests apart. Any
 * piece of any message can be made again from (connection, sequence, offset): nobody keeps a copy to compare with.
 * Pure.
 */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAYLOAD_SEQUENCE_LETTERS 8
#define PAYLOAD_ID_LETTERS       16

struct payload {
	uint32_t connection, sequence;
	uint32_t size; /* bytes of the message, at least 1 */
	bool lf; /* ends in LF; needs a size of at least 2: a lone LF is the empty line, which ends a conversation */
	bool cr; /* with lf: ends in CR LF; a size of at least 3 */
};

/* Write bytes [offset, offset + n) of the message to out; offset + n <= size. */
void payload_write(const struct payload *p, size_t offset, char *out, size_t n);

/* Are these p->size bytes the message? False may also mean that it is too short or too long to be told so simply. */
bool payload_is(const struct payload *p, const char *in);

/* Read the sequence number from the first bytes of a message: how many letters of it were there (0 to 8). */
unsigned payload_read_sequence(const char *in, size_t n, uint32_t *sequence);

/* The number nearest to and below `next` whose low 4 * n_letters bits are those of `low`: short
 * messages hold few bits. */
uint32_t payload_widen(uint32_t low, unsigned n_letters, uint32_t next);

#endif
