/* What may stand between a stamp and its data. */
#include "ts_json_check.h"
#include "ts_reply.h"
#include <ctype.h>

/* Where the letters of scripts other than ASCII's are, roughly: punctuation lies between them. */
static const struct {
	uint32_t first, last;
} letters[] = {
        {0xaa, 0xaa},     {0xb5, 0xb5},     {0xba, 0xba},     {0xc0, 0xd6},     {0xd8, 0xf6},       {0xf8, 0x2af},
        {0x370, 0x373},   {0x386, 0x386},   {0x388, 0x587},   {0x5d0, 0x5f2},   {0x620, 0x669},     {0x671, 0x6d3},
        {0x6f0, 0x6fc},   {0x710, 0x963},   {0x966, 0x1fbc},  {0x3005, 0x3007}, {0x3041, 0x3096},   {0x30a1, 0x30fa},
        {0x30fc, 0x318e}, {0x3400, 0x4dbf}, {0x4e00, 0xa4cf}, {0xa500, 0xa60c}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},
        {0xff10, 0xff19}, {0xff21, 0xff3a}, {0xff41, 0xff5a}, {0xff66, 0xff9d}, {0x20000, 0x3ffff},
};

/* The character that stands there in UTF-8; 0: none does. */
static uint32_t character(const char *text, size_t n)
{
	size_t n_bytes = ts_json_utf8(text, n);
	uint32_t value = n_bytes > 1 ? (unsigned char)text[0] & (0x7fu >> n_bytes) : 0;

	for (size_t i = 1; i < n_bytes; i++)
		value = value << 6 | ((unsigned char)text[i] & 0x3f);
	return value;
}

/* A NUL, or what steers a terminal: no blank and no punctuation, but a string sent with its end. */
static bool is_control(unsigned char byte)
{
	return iscntrl(byte) && !isspace(byte);
}

static bool is_letter(const char *text, size_t n)
{
	uint32_t value = character(text, n);
	bool found = isalnum((unsigned char)text[0]);

	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		found |= letters[i].first <= value && value <= letters[i].last;
	return found;
}

size_t ts_reply_separator_max(const char *text, size_t n)
{
	size_t i = 0;

	while (i < n && text[i] != '[' && text[i] != ']' && !is_control((unsigned char)text[i]) &&
	       !is_letter(text + i, n - i))
		i++;
	return i;
}
