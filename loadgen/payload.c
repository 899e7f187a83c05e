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

/* Eight nibbles of v, the lowest first, as letters a to p. */
static void write_letters(uint32_t v, char out[8])
{
	uint64_t x = v;
	x = (x | x << 16) & 0x0000ffff0000ffffULL;
	x = (x | x << 8) & 0x00ff00ff00ff00ffULL;
	x = (x | x << 4) & 0x0f0f0f0f0f0f0f0fULL;
	x += 0x6161616161616161ULL; /* 'a' eight times */
	x = htole64(x);
	memcpy(out, &x, sizeof(x));
}

static void copy_filler(size_t at, char *out, size_t n)
{
	for (size_t start = at % FILLER_BYTES; n > FILLER_BYTES; n -= FILLER_BYTES, out += FILLER_BYTES)
		memcpy(out, filler + start, FILLER_BYTES);
	memcpy(out, filler + at % FILLER_BYTES, n);
}

void payload_write(const struct payload *p, size_t offset, char *out, size_t n)
{
	size_t end = offset + n;
	bool lf_here = p->lf && end == p->size && n > 0;
	size_t shift = p->connection * 131u + p->sequence * 37u;
	char id[PAYLOAD_ID_LETTERS];
	char *at = out;

	if (offset == 0 && n >= PAYLOAD_ID_LETTERS) { /* the common case: whole and not tiny */
		write_letters(p->sequence, out);
		write_letters(p->connection, out + PAYLOAD_SEQUENCE_LETTERS);
		at += PAYLOAD_ID_LETTERS;
		offset = PAYLOAD_ID_LETTERS;
	} else if (offset < PAYLOAD_ID_LETTERS) {
		size_t piece = PAYLOAD_ID_LETTERS - offset;
		write_letters(p->sequence, id);
		write_letters(p->connection, id + PAYLOAD_SEQUENCE_LETTERS);
		if (piece > n)
			piece = n;
		memcpy(at, id + offset, piece);
		at += piece;
		offset += piece;
	}
	if (offset < end)
		copy_filler(shift + offset, at, end - offset);
	if (lf_here)
		out[n - 1] = '\n';
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
