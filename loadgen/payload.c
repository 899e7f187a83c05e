#include "payload.h"
#include <endian.h>
#include <string.h>

#define FILLER_BYTES 512

/* Random letters; a message takes a window of them that depends on its numbers. */
#define FILLER                                                                                                         \
	"zhxgqkonozpdalhwihqhftzvbgmouyuzvzmcdltiyaxrfsvfwpujatlmtrewbjtlqfbywrlzkvtwwyzrsrrseqplolohzzpg"             \
	"fjzhlfqwiekhygfdbzudiaxrhpvnxjihipmrjbwhhbudptvthvbcfjcfifxpwvoxfvofqbwffrofpwpixjgqxlpolxhtpddg"             \
	"gkduccapcrzwffhgojckmrvgccwymzybebhehqvnjgbwepnlahvsvekfuxnlrrqcfwndkhvdkxnvofpixzotlcrnadszfrps"             \
	"pmmeqrsordpritypnthliyoqxbswjwnptuixbirrktzfbnjsbzdfermuvocdjxkgctimsylrjnvaieddsfuysaidibwaohvf"             \
	"wfngxdjycvngeyapwxadbsntmbmukelgqhmgafmjjkhfcdodxathrsedxwikzrrcesatmtekcyvtkatytoyswqxevhuwlloy"             \
	"zumlxebnyxvfnwkpebvmgpzznafneysc"
static const char filler[2 * FILLER_BYTES + 1] =
        FILLER FILLER; /* twice: a window that begins in the first half has no seam */

typedef uint64_t two __attribute__((vector_size(PAYLOAD_ID_LETTERS)));
typedef uint8_t sixteen __attribute__((vector_size(PAYLOAD_ID_LETTERS)));

/* Both numbers in letters a to p: each byte's low nibble, then its high one, all sixteen in one step. */
static sixteen id_of(const struct payload *p)
{
	sixteen bytes = (sixteen)(two){htole64((uint64_t)p->connection << 32 | p->sequence)};
	sixteen low = bytes & 15, high = bytes >> 4;

	return __builtin_shufflevector(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23) + 'a';
}

static void copy_filler(size_t at, char *out, size_t n)
{
	for (size_t start = at % FILLER_BYTES; n > FILLER_BYTES; n -= FILLER_BYTES, out += FILLER_BYTES)
		memcpy(out, filler + start, FILLER_BYTES);
	memcpy(out, filler + at % FILLER_BYTES, n);
}

static void write_id(const struct payload *p, char out[PAYLOAD_ID_LETTERS])
{
	sixteen id = id_of(p);

	memcpy(out, &id, sizeof(id));
}

static bool id_is(const struct payload *p, const char *in)
{
	char id[PAYLOAD_ID_LETTERS];

	write_id(p, id);
	return memcmp(in, id, sizeof(id)) == 0;
}

static size_t filler_shift(const struct payload *p)
{
	return p->connection * 131u + p->sequence * 37u;
}

/* Longer than its numbers and the CR, and its filler lies in one piece. */
static bool is_usual(const struct payload *p)
{
	return p->size > PAYLOAD_ID_LETTERS + 1 && p->size <= FILLER_BYTES;
}

/* The whole of a usual message, but for its numbers and its end. */
static const char *usual_filler(const struct payload *p)
{
	return filler + filler_shift(p) % FILLER_BYTES;
}

/* A piece of a message, or all of one that is tiny or large. */
static __attribute__((noinline)) void write_piece(const struct payload *p, size_t offset, char *out, size_t n)
{
	size_t end = offset + n;
	bool lf_here = p->lf && end == p->size && n > 0;
	bool cr_here = p->cr && end + 1 >= p->size && offset + 1 < p->size && n > 0;
	size_t cr_at = p->size - 2 - offset;
	char id[PAYLOAD_ID_LETTERS];
	char *at = out;

	if (offset < PAYLOAD_ID_LETTERS) {
		size_t piece = PAYLOAD_ID_LETTERS - offset;
		write_id(p, id);
		if (piece > n)
			piece = n;
		memcpy(at, id + offset, piece);
		at += piece;
		offset += piece;
	}
	if (offset < end)
		copy_filler(filler_shift(p) + offset, at, end - offset);
	if (lf_here)
		out[n - 1] = '\n';
	if (cr_here)
		out[cr_at] = '\r';
}

/*
 * The common case: all of a message of no unusual size. Its filler lies in one piece, so it is copied in steps of 16
 * bytes, the last of which ends with the message, and the numbers are written over its begin.
 */
static void write_whole(const struct payload *p, char *out, size_t n)
{
	const char *from = usual_filler(p);

	for (size_t i = 0; i < n - PAYLOAD_ID_LETTERS; i += PAYLOAD_ID_LETTERS)
		memcpy(out + i, from + i, PAYLOAD_ID_LETTERS);
	memcpy(out + n - PAYLOAD_ID_LETTERS, from + n - PAYLOAD_ID_LETTERS, PAYLOAD_ID_LETTERS);
	write_id(p, out);
	if (p->lf)
		out[n - 1] = '\n';
	if (p->cr)
		out[n - 2] = '\r';
}

void payload_write(const struct payload *p, size_t offset, char *out, size_t n)
{
	if (n == p->size && is_usual(p))
		write_whole(p, out, n);
	else
		write_piece(p, offset, out, n);
}

bool payload_is(const struct payload *p, const char *in)
{
	size_t n = p->size - p->lf - p->cr;

	return is_usual(p) && id_is(p, in) && (!p->lf || in[p->size - 1] == '\n') && (!p->cr || in[n] == '\r') &&
	       memcmp(in + PAYLOAD_ID_LETTERS, usual_filler(p) + PAYLOAD_ID_LETTERS, n - PAYLOAD_ID_LETTERS) == 0;
}

unsigned payload_read_sequence(const char *in, size_t n, uint32_t *sequence)
{
	uint32_t v = 0;
	unsigned i = 0;

	for (; i < PAYLOAD_SEQUENCE_LETTERS && i < n; i++) {
		unsigned nibble = (unsigned)(unsigned char)in[i] - 'a';
		if (nibble > 15)
			break;
		v |= nibble << 4 * i;
	}
	*sequence = v;
	return i;
}

uint32_t payload_widen(uint32_t low, unsigned n_letters, uint32_t next)
{
	uint32_t mask, back;

	if (n_letters >= PAYLOAD_SEQUENCE_LETTERS)
		return low;
	mask = (1u << 4 * n_letters) - 1;
	back = (next - 1 - low) & mask;
	return next - 1 - back;
}
