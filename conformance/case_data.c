/* Data comes back unchanged, whatever its bytes. */
#include "cases.h"
#include "sample.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A slow server gets all of them in two messages, or in one: the first text begins it, the last one ends it. */
static void ask_joined(struct turn *t, const char *const *texts, size_t n)
{
	char joined[1024] = "";
	size_t at = 0;

	size_t first = turn_sparing(t) ? 0 : 1;

	if (first > 0)
		turn_ask_text(t, texts[0]);
	for (size_t i = first; i < n; i++)
		at += (size_t)snprintf(joined + at, sizeof(joined) - at, "%s%s", i > first ? "x" : "", texts[i]);
	turn_ask_text(t, joined);
}

static void ask_all(struct turn *t, const char *const *texts, size_t n)
{
	if (turn_slow(t))
		ask_joined(t, texts, n);
	for (size_t i = 0; i < n && t->blame == NOBODY && !turn_slow(t); i++)
		turn_ask_text(t, texts[i]);
	turn_ask_end(t);
}

#define ASK_ALL(t, ...)                                                                                                \
	do {                                                                                                           \
		static const char *const texts[] = {__VA_ARGS__};                                                      \
		ask_all(t, texts, sizeof(texts) / sizeof(texts[0]));                                                   \
	} while (0)

/* The first message of a conversation, and nothing behind it: some servers look at a few bytes first, and wait for
 * them. */
static void first_alone(struct turn *t)
{
	struct peer *p = ts_transport_is_stream(t->subject->endpoint.transport) ? peer_open(t) : NULL;

	if (!p)
		return;
	p->again = true;
	peer_say_letters(p, 1);
	peer_leave(p);
}

void case_data_one_byte(struct turn *t)
{
	for (int i = 0; turn_goes_on(t, i, 4, 2, TS_S); i++)
		turn_ask_letters(t, 1);
	turn_ask_text(t, "0"); /* in some languages a text that is false, as the empty one is */
	turn_ask_end(t);
	first_alone(t);
}

void case_data_repeated(struct turn *t)
{
	for (int i = 0; i < 2 || turn_goes_on(t, i, 5, 3, TS_S); i++)
		turn_ask_text(t, "again and again");
}

/* Blanks and line ends come after a letter: a line of them is empty to some. */
static bool may_be_alone(int byte)
{
	return byte != ' ' && (byte < '\t' || byte > '\r');
}

/* The first byte of a message, and its last; then the last of two; where no lines are looked for, a line with its end,
 * too: in some protocols a full stop there has a meaning. */
static void every_byte_alone(struct turn *t)
{
	static const struct {
		char bytes[2];
		size_t n;
	} ends[] = {{"", 0}, {"", 0}, {"\n", 1}, {"\r\n", 2}};
	const int n_ways = t->subject->dialect.line ? 2 : (int)(sizeof(ends) / sizeof(ends[0]));

	for (int i = 0; turn_goes_on(t, i, 256 * n_ways, 0, TS_S); i++) {
		const bool alone = i / 256 != 1 && may_be_alone(i % 256);
		const char message[] = {'a', (char)i, ends[i / 256].bytes[0], ends[i / 256].bytes[1]};

		turn_ask(t, message + alone, 2 - (size_t)alone + ends[i / 256].n);
	}
}

#define N_PAIRS 65536
#define N_CHAIN 96 /* bytes of a message: as small as those of other cases */

/* All pairs of bytes in a row, the last byte of each the first of the next (a sequence of de Bruijn). */
static size_t chain_pairs(char *chain)
{
	size_t n = 0;

	for (int a = 0; a < 256; a++) {
		chain[n++] = (char)a;
		for (int b = a + 1; b < 256; b++) {
			chain[n++] = (char)a;
			chain[n++] = (char)b;
		}
	}
	chain[n++] = 0;
	return n;
}

/* Escapes are often of two bytes. In a line there is no LF. */
static void every_pair(struct turn *t)
{
	char *chain = malloc(N_PAIRS + 1);

	if (!chain)
		return;
	size_t n = chain_pairs(chain);
	for (size_t i = 0; i < n && t->subject->dialect.line; i++)
		chain[i] = chain[i] == '\n' ? 'a' : chain[i];
	for (int i = 0; turn_goes_on(t, i, (int)(n / (N_CHAIN - 1)) + 1, 8, 2 * TS_S); i++) {
		size_t at = (size_t)i * (N_CHAIN - 1);
		turn_ask(t, chain + at, n - at < N_CHAIN ? n - at : N_CHAIN);
	}
	free(chain);
}

/* In pieces of 32, each with a letter before and after it: small enough for any one-shot server's buffer. */
void case_data_every_byte(struct turn *t)
{
	int n_each = turn_slow(t) ? 128 : 32;

	if (!turn_slow(t) && !t->subject->dialect.one_shot) {
		every_byte_alone(t);
		every_pair(t);
	}
	for (int i = 0; i < 256 / n_each && t->blame == NOBODY; i++) {
		char message[130] = "a";
		for (int j = 0; j < n_each; j++)
			message[1 + j] = (char)(i * n_each + j);
		message[1 + n_each] = 'z';
		turn_ask(t, message, (size_t)n_each + 2);
	}
	turn_ask_end(t);
}

void case_data_nul(struct turn *t)
{
	if (turn_sparing(t)) {
		turn_ask(t, "\0abc\0def\0", 9);
		turn_ask_end(t);
		return;
	}
	turn_ask(t, "\0abc\0def", 8);
	turn_ask(t, "abc\0", 4);
	turn_ask(t, "\0", 1);
	turn_ask_end(t);
}

static void ask_long_line(struct turn *t)
{
	char line[1000];

	turn_letters(t, line, sizeof(line));
	line[sizeof(line) - 1] = '\n';
	turn_ask(t, line, sizeof(line));
}

void case_data_line_ends(struct turn *t)
{
	const struct dialect *d = &t->subject->dialect;

	if (sampled(t)) {
		const char *data = sample_data(t);
		if (data && d->sample_in[d->n_sample_in - 1] != '\n') {
			turn_skip(t, "the message that was answered had no line end");
		} else if (data && !memchr(d->sample, '\n', d->n_sample)) {
			turn_fail(t, BYTES, "a line came back without its ending");
			sample_show(t, "[time]data, with the line's ending");
		}
		return;
	}
	if (!d->one_shot && !turn_slow(t))
		ask_long_line(t);
	ASK_ALL(t, "abc\n", "abc\r\n", "abc\ndef", "\nabc", "\n", "\r\n", "abc\r", "a\n\nb\n\n",
	        "\r\n.\r\n"); /* the last ends a message of SMTP, and is data here */
}

void case_data_blanks(struct turn *t)
{
	ASK_ALL(t, " abc", "abc ", "  a  b  c  ", "\tabc\t", "a\vb\fc", " a ");
	if (!t->subject->dialect.line)
		turn_ask_text(t, " "); /* a line of blanks is empty to some */
}

/* Where a text of digits becomes a number, its zeros, sign, base or exponent are lost. Signs alone are none. */
void case_data_numbers(struct turn *t)
{
	ASK_ALL(t, "007", "+5", "1.50", "1e3", "0x1f", "9007199254740993", "-0", "-", "+++");
}

void case_data_brackets(struct turn *t)
{
	ASK_ALL(t, "[", "]", "[]", "[abc]", "abc]def[ghi", "[[[[", "]]]]", "a[1]b[2]c", "\x1b[1;31mred\x1b[0m");
}

void case_data_forged_stamp(struct turn *t)
{
	char forged[400];
	const struct dialect *d = &t->subject->dialect;

	ASK_ALL(t, "[Thu Jan  1 00:00:00 1970]abc", "[1970-01-01T00:00:00Z] abc", "abc[Thu Jan  1 00:00:00 1970]",
	        "[0]abc");
	snprintf(forged, sizeof(forged), "abc[%s]%.*sdef", d->stamp_text, (int)d->rule.n_separator, d->rule.separator);
	if (!turn_sparing(t))
		turn_ask_text(t, forged);
	turn_ask_end(t);
}

void case_data_format_string(struct turn *t)
{
	ASK_ALL(t, "%s%s%s", "%d %x %p", "%n", "%%", "100%", "$HOME ${PATH} $$", "{}", "{0} {name}", "%(name)s",
	        "$name ${name}", "\\n\\t\\0", "%Y-%m-%d", "%41%20", "%25", "a+b", "&lt;\\x41", "<b>&amp;</b>", "'\"`",
	        "{{}} {{x}}", "$$ $& $1 $`", "{time}{data}", "%(time)s%(data)s", "$time$data", "${time}${data}",
	        "%time%%data%", "{{time}}{{data}}", "<time><data>", "{date} {msg} {message} {text} {timestamp} {ts}");
}

void case_data_utf8(struct turn *t)
{
	ASK_ALL(t, "\xc3\xa4\xc3\xb6\xc3\xbc", "\xe6\x97\xb6\xe9\x97\xb4", "\xf0\x9f\x95\x90 abc", "caf\xc3\xa9",
	        "cafe\xcc\x81", "\xef\xbb\xbf bom", "line\xe2\x80\xa8next\xe2\x80\xa9then\xc2\x85last");
}

void case_data_invalid_utf8(struct turn *t)
{
	ASK_ALL(t, "\xff\xfe\xfd", "abc\x80\x81", "\xc3", "abc\xff", "\xe6\x97", "\xf5\xf6", "\xc0\xaf abc");
}

/* Do so many bytes come back? That fewer do is not judged. */
static bool comes_back(struct turn *t, size_t n)
{
	struct peer *p = peer_open(t);

	if (!peer_send_letters(p, n) || !peer_half_close(p))
		return false;
	bool all = peer_answered_but(p, 0);
	peer_free(p, TS_S);
	return all;
}

/* A one-shot server's single receive call is trusted with 512 bytes, and with as much as it takes. */
static size_t most_at_once(struct turn *t)
{
	const struct dialect *d = &t->subject->dialect;

	if (d->line)
		return 1022; /* a line is one message */
	return turn_bytes(t, d->one_shot && (turn_slow(t) || !comes_back(t, 1024)) ? 512 : 1024, 3 * TS_S);
}

#define EACH_NS (100 * TS_MS) /* for each size there is: as many as a quick server answers in that time */

void case_data_sizes(struct turn *t)
{
	static const size_t sizes[] = {1024, 512, 1,   2,   3,   4,   7,   8,   15,   16,   31,
	                               32,   63,  64,  65,  100, 127, 128, 129, 200,  255,  256,
	                               257,  300, 400, 511, 513, 700, 800, 900, 1000, 1022, 1023};
	const size_t known = most_at_once(t), most = known ? known : 1024;
	int n = sizeof(sizes) / sizeof(sizes[0]);

	for (int i = 0; turn_goes_on(t, i, n, 6, 2 * TS_S); i++)
		turn_ask_letters(t, sizes[i] < most ? sizes[i] : most);
	/* And what is wrong with one size alone. */
	for (int i = 1; turn_goes_on(t, i, (int)most, 0, EACH_NS); i++)
		turn_ask_letters(t, (size_t)i);
	turn_ask_end(t);
}

/* A server may do to long messages, or to full buffers, what it does not do to short ones. */
void case_data_every_byte_large(struct turn *t)
{
	static const size_t sizes[] = {1024, 1024, 600, 2048, 4096};
	const struct dialect *d = &t->subject->dialect;
	const bool lasts = ts_transport_is_stream(t->subject->endpoint.transport) && !d->one_shot;
	const size_t known = d->line ? 2000 : lasts ? turn_bytes(t, 4096, TS_S) : most_at_once(t);
	const size_t most = known ? known : 512;
	char message[4096];

	for (size_t i = 0; turn_goes_on(t, (int)i, sizeof(sizes) / sizeof(sizes[0]), 1, TS_S); i++) {
		size_t n = sizes[i] < most ? sizes[i] : most;
		for (size_t j = 0; j < n; j++)
			message[j] = (char)((j + i) * 167); /* all values in each 256, in an order of their own */
		if (i > 0)
			message[n - 1] = '\r';
		turn_ask(t, message, n);
	}
	turn_ask_end(t);
}
