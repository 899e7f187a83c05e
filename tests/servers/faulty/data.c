/* Data, returned unchanged but for the fault. */
#include "faulty.h"
#include <ctype.h>

/* Length of the valid UTF-8 sequence at `p` (surrogates and overlong ones not looked for), or 0. */
static size_t utf8_length(const unsigned char *p, size_t n)
{
	size_t length = p[0] < 0x80                   ? 1
	                : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
	                : p[0] >= 0xe0 && p[0] < 0xf0 ? 3
	                : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
	                                              : 0;

	if (length > n)
		return 0;
	for (size_t i = 1; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

static bool is_utf8(const char *data, size_t n)
{
	for (size_t i = 0, length; i < n; i += length)
		if (!(length = utf8_length((const unsigned char *)data + i, n - i)))
			return false;
	return true;
}

/* A letter e and a combining acute accent become one character (as NFC has it). */
static void composed_write(struct peer_text *out, const char *data, size_t n)
{
	static const char apart[] = "e\xcc\x81";

	for (const char *at; (at = memmem(data, n, apart, 3)); n -= (size_t)(at + 3 - data), data = at + 3) {
		peer_add(out, data, (size_t)(at - data));
		peer_add(out, "\xc3\xa9", 2);
	}
	peer_add(out, data, n);
}

static void utf8_mend(struct peer_text *out, const char *data, size_t n, const char *instead)
{
	for (size_t i = 0, length; i < n; i += length ? length : 1) {
		length = utf8_length((const unsigned char *)data + i, n - i);
		if (length)
			peer_add(out, data + i, length);
		else
			peer_add_text(out, instead);
	}
}

/* Each byte by itself: what it becomes. */
static void byte_write(struct peer_text *out, enum fault fault, const char *at, const char *before)
{
	unsigned char byte = *at;
	const char *text = NULL;
	char one = *at, two[2];

	switch (fault) {
	case FAULT_DATA_CRLF: text = byte == '\n' ? "\r\n" : NULL; break;
	case FAULT_DATA_LF: text = byte == '\r' ? "" : NULL; break;
	case FAULT_DATA_7BIT: one = byte & 0x7f; break;
	case FAULT_DATA_LATIN1:
		if (byte >= 0x80) {
			two[0] = 0xc0 | byte >> 6;
			two[1] = 0x80 | (byte & 0x3f);
			peer_add(out, two, 2);
			return;
		}
		break;
	case FAULT_DATA_NO_NUL:
		if (!byte)
			return;
		break;
	case FAULT_DATA_CR_NUL: text = !byte && before && *before == '\r' ? "" : NULL; break;
	case FAULT_DATA_UPPER: one = toupper(byte); break;
	case FAULT_DATA_LOWER: one = tolower(byte); break;
	case FAULT_DATA_TITLE: one = before ? one : toupper(byte); break;
	case FAULT_DATA_ROT13:
		one = isalpha(byte) ? (byte & 0x20) + 'A' + ((byte & 0xdf) - 'A' + 13) % 26 : byte;
		break;
	case FAULT_DATA_TABS: text = byte == '\t' ? "        " : NULL; break;
	case FAULT_DATA_BLANKS_JOINED: text = byte == ' ' && before && *before == ' ' ? "" : NULL; break;
	case FAULT_DATA_NO_BRACKETS: text = byte == '[' || byte == ']' ? "" : NULL; break;
	case FAULT_DATA_BACKSLASH: text = byte == '\\' ? "\\\\" : byte == '"' ? "\\\"" : NULL; break;
	case FAULT_DATA_HTML: text = byte == '&' ? "&amp;" : byte == '<' ? "&lt;" : byte == '>' ? "&gt;" : NULL; break;
	case FAULT_DATA_DOTS: one = isprint(byte) || isspace(byte) ? byte : '.'; break;
	default: break;
	}
	if (text)
		peer_add_text(out, text);
	else
		peer_add(out, &one, 1);
}

/* printf's directives and a URL's escapes, as a careless server would take them. */
static void escapes_write(struct peer_text *out, const char *data, size_t n, bool url)
{
	char hex[3] = "", byte;

	for (size_t i = 0; i < n; i++) {
		if (data[i] != '%' || i + 1 >= n) {
			peer_add(out, data + i, 1);
		} else if (!url) {
			i++;
			peer_add_text(out, data[i] == '%'   ? "%"
			                   : data[i] == 's' ? "(null)"
			                   : data[i] == 'n' ? ""
			                                    : "0");
		} else if (i + 2 < n && isxdigit((unsigned char)data[i + 1]) && isxdigit((unsigned char)data[i + 2])) {
			memcpy(hex, data + i + 1, 2);
			byte = strtol(hex, NULL, 16);
			peer_add(out, &byte, 1);
			i += 2;
		} else {
			peer_add(out, data + i, 1);
		}
	}
}

/* Two of this byte become one. */
static void doubles_write(struct peer_text *out, const char *data, size_t n, char byte)
{
	for (size_t i = 0; i < n; i++) {
		peer_add(out, data + i, 1);
		i += data[i] == byte && i + 1 < n && data[i + 1] == byte;
	}
}

static size_t cut_before(const char *data, size_t n, int byte)
{
	const char *at = memchr(data, byte, n);

	return at ? (size_t)(at - data) : n;
}

static bool is_blank(char byte)
{
	return byte && strchr(" \t\r\n\v\f", byte);
}

/* Faults that answer a part of the data: the part, in place. */
static void part_choose(enum fault fault, const char **data, size_t *n)
{
	size_t most = *n;
	const char *at;

	switch (fault) {
	case FAULT_DATA_TRIMMED:
		for (; *n && is_blank(**data); (*data)++)
			--*n;
		for (most = *n; most && is_blank((*data)[most - 1]);)
			most--;
		break;
	case FAULT_DATA_CHOMPED:
	case FAULT_DATA_CHOMPED_UDP:
		while (most && ((*data)[most - 1] == '\n' || (*data)[most - 1] == '\r'))
			most--;
		break;
	case FAULT_DATA_CUT_NUL:
	case FAULT_DATA_CUT_NUL_UDP: most = cut_before(*data, *n, 0); break;
	case FAULT_DATA_LAST_255: most = *n && (unsigned char)(*data)[*n - 1] == 255 ? *n - 1 : *n; break;
	case FAULT_DATA_LAST_BACKSLASH: most = *n > 1 && (*data)[*n - 1] == '\\' ? *n - 1 : *n; break;
	case FAULT_DATA_SIGNED: most = cut_before(*data, *n, 255); break;
	case FAULT_DATA_FIRST_WORD: most = cut_before(*data, *n, ' '); break;
	case FAULT_DATA_CUT_255: most = 255; break;
	case FAULT_DATA_CUT_512_UDP: most = 512; break;
	case FAULT_DATA_CUT_100_UDP: most = 100; break;
	case FAULT_DGRAM_CUT_1024: most = 1024; break;
	case FAULT_LINE_CUT_1024:
	case FAULT_DATA_CUT_1023: most = *n == 1024 ? 1023 : *n; break;
	case FAULT_DATA_CUT_ABOVE_600: most = *n >= 600 && *n <= 1000 ? *n - 1 : *n; break;
	case FAULT_LINE_CUT_4096:
	case FAULT_DATA_CUT_4096: most = 4096; break;
	case FAULT_LINE_CUT_16384: most = 16384; break;
	case FAULT_LINE_CUT_80: most = 80; break;
	case FAULT_LINE_STRIPPED: most = *n && (*data)[*n - 1] == '\n' ? *n - 1 : *n; break;
	case FAULT_DATA_CUT_BRACKET:
		at = memrchr(*data, ']', *n);
		if (at) {
			most = *n -= at + 1 - *data;
			*data = at + 1;
		}
		break;
	case FAULT_DATA_STAMPS_CUT:
		at = *n && **data == '[' ? memchr(*data, ']', *n) : NULL;
		if (at) {
			most = *n -= at + 1 - *data;
			*data = at + 1;
		}
		break;
	default: return;
	}
	if (*n > most)
		*n = most;
}

/* The reply by the hand of a shell: data that a shell would run is run. Only what the harness sends comes here. */
static void shell_write(struct peer_text *out, const char *data, size_t n)
{
	char command[1024], line[1024];
	FILE *shell;

	if (n > 500 || memchr(data, 0, n)) {
		peer_add(out, data, n);
		return;
	}
	snprintf(command, sizeof(command), "echo %.*s", (int)n, data);
	shell = popen(command, "r");
	if (!shell)
		return;
	while ((n = fread(line, 1, sizeof(line), shell)) > 0)
		peer_add(out, line, n);
	pclose(shell);
}

/* DATA_ALIKE: has another client said the same as the last that was heard? */
static bool is_said_by_another(struct conversation *c, const char *data, size_t n)
{
	struct server *s = c->server;

	pthread_mutex_lock(&s->lock);
	bool said = s->shared.n == n && memcmp(s->shared.p, data, n) == 0 && s->rest_of != c->fd;
	s->shared.n = 0;
	peer_add(&s->shared, data, n);
	s->rest_of = c->fd;
	pthread_mutex_unlock(&s->lock);
	return said;
}

/* Faults that leave messages unanswered, or end more than that. */
static bool is_answered(struct conversation *c, const char *data, size_t n)
{
	bool answered = true;

	switch (c->server->fault) {
	case FAULT_DATA_ONE_BYTE: return n != 1;
	case FAULT_DATA_UTF8_IGNORED: return is_utf8(data, n);
	case FAULT_DATA_UTF8_DIES:
		if (!is_utf8(data, n))
			exit(1);
		break;
	case FAULT_DATA_UTF8_CLOSES:
		if (!is_utf8(data, n))
			shutdown(c->fd, SHUT_RDWR);
		break;
	case FAULT_DATA_PERCENT_DIES:
		if (memmem(data, n, "%s", 2) || memmem(data, n, "%n", 2))
			abort();
		break;
	case FAULT_DATA_SEEN:
	case FAULT_DATA_SEEN_UDP: answered = !message_repeats(c, data, n); break;
	case FAULT_DATA_ALIKE: return !is_said_by_another(c, data, n);
	case FAULT_DATA_WORDS:
		if ((n >= 4 && !strncmp(data, "quit", 4)) || (n >= 4 && !strncmp(data, "exit", 4)))
			shutdown(c->fd, SHUT_RDWR);
		break;
	case FAULT_DGRAM_LARGE_LOST: return n <= 2048;
	default: break;
	}
	return answered;
}

/* A language that takes a text of digits for a number forgets how it was written. */
static void number_write(struct peer_text *out, const char *data, size_t n)
{
	char text[32] = "", *end;

	memcpy(text, data, n < sizeof(text) ? n : 0);
	double number = strtod(text, &end);
	size_t n_taken = isdigit((unsigned char)*text) ? (size_t)(end - text) : 0;
	snprintf(text, sizeof(text), "%.9g", number);
	peer_add_text(out, n_taken ? text : "");
	peer_add(out, data + n_taken, n - n_taken);
}

/* One buffer for all messages, never cleared: the rest of the longest shows. */
static void stale_write(struct conversation *c, struct peer_text *out, const char *data, size_t n)
{
	if (c->last.n < n) {
		c->last.n = 0;
		peer_add(&c->last, data, n);
	}
	memcpy(c->last.p, data, n);
	peer_add(out, c->last.p, c->last.n);
}

bool data_write(struct conversation *c, struct peer_text *out, const char *data, size_t n)
{
	enum fault fault = c->server->fault;

	if (!is_answered(c, data, n))
		return false;
	part_choose(fault, &data, &n);
	if ((has(c, FAULT_DATA_7BIT_LARGE) || has(c, FAULT_DATA_7BIT_LARGE_UDP)) && n > 512)
		fault = FAULT_DATA_7BIT;
	switch (fault) {
	case FAULT_STAMP_ONLY: break;
	case FAULT_DATA_UTF8_REPLACED: utf8_mend(out, data, n, "\xef\xbf\xbd"); break;
	case FAULT_DATA_UTF8_DROPPED: utf8_mend(out, data, n, ""); break;
	case FAULT_DATA_NO_BOM:
		if (n >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
			data += 3, n -= 3;
		peer_add(out, data, n);
		break;
	case FAULT_DATA_COMPOSED: composed_write(out, data, n); break;
	case FAULT_DATA_FORMATTED:
	case FAULT_DATA_DOLLARS: doubles_write(out, data, n, '$'); break;
	case FAULT_DATA_URL: escapes_write(out, data, n, fault == FAULT_DATA_URL); break;
	case FAULT_DATA_REVERSED:
		while (n--)
			peer_add(out, data + n, 1);
		break;
	case FAULT_DATA_DOUBLED:
		peer_add(out, data, n);
		peer_add(out, data, n);
		break;
	case FAULT_DATA_ENDED:
		peer_add(out, data, n);
		if (n && data[n - 1] != '\n')
			peer_add_text(out, "\n");
		break;
	case FAULT_LINE_CRLF:
		if (n > 1 && data[n - 2] == '\r') {
			peer_add(out, data, n - 2);
			peer_add_text(out, "\n");
		} else {
			peer_add(out, data, n);
		}
		break;
	case FAULT_LINE_CRS:
		for (size_t i = 0; i < n; i++)
			if (data[i] != '\r' || i + 1 == n || data[i + 1] != '\r')
				peer_add(out, data + i, 1);
		break;
	case FAULT_LINE_CR_LED:
		if (n > 2 && data[0] == '\r')
			data++, n--;
		peer_add(out, data, n);
		break;
	case FAULT_LINE_CR_LF:
		for (size_t i = 0; i < n; i++)
			peer_add(out, data[i] == '\r' && i + 1 < n && data[i + 1] != '\n' ? "\n" : data + i, 1);
		break;
	case FAULT_DATA_TELNET:
		for (size_t i = 0; i < n; i++)
			if ((unsigned char)data[i] == 255)
				i++;
			else
				peer_add(out, data + i, 1);
		break;
	case FAULT_DATA_ERROR:
		for (size_t i = 0; i < n; i++)
			if (!isprint((unsigned char)data[i]) && !is_blank(data[i])) {
				peer_add_text(out, "ERROR");
				return true;
			}
		peer_add(out, data, n);
		break;
	case FAULT_DATA_STALE:
	case FAULT_DATA_STALE_UDP: stale_write(c, out, data, n); break;
	case FAULT_DATA_NUMBER:
	case FAULT_DATA_NUMBER_UDP: number_write(out, data, n); break;
	case FAULT_DATA_EXECUTED: shell_write(out, data, n); break;
	default:
		for (size_t i = 0; i < n; i++)
			byte_write(out, fault, data + i, i ? data + i - 1 : NULL);
	}
	return true;
}
