/*
 * 10:30:25 may be followed by 10:31:05 or by 10:31:5: a number of two digits does not tell whether the server writes
 * the zero of a smaller one. Pure: the present is an argument.
 */
#ifndef DIALECT_UNPAD_H
#define DIALECT_UNPAD_H

#include "ts_reply.h"
#include <stddef.h>
#include <stdint.h>

/*
 * `format` reads the text of n bytes. Fills also[0 to TS_REPLY_ALSO] with the formats that read it, too, and texts
 * without the zeros that this one leaves open: of the hour, of minutes and seconds, of the day and the month. The
 * strftime_text of the one behind the last is empty. In the first second of a minute it is open, before all, whether
 * seconds will follow. Where the text shows one number without its zero, the numbers beside it are without
 * theirs in *format itself, as far as it is a pattern: 23:6:16 is %-H:%-M:%-S.
 */
void dialect_unpad(struct ts_stamp_format *format, struct ts_stamp_format *also, const char *text, size_t n,
                   int64_t now_ns);

/*
 * The same for a pattern that was stated, perhaps when every number had two digits: where it does not read the text,
 * it is taken without zeros, or with blanks in their place.
 */
void dialect_unpad_stated(struct ts_stamp_format *format, struct ts_stamp_format *also, const char *text, size_t n);

#endif
