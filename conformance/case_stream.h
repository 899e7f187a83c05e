/* What the cases of streams and of kept conversations share. */
#ifndef CASE_STREAM_H
#define CASE_STREAM_H

#include "suite.h"
#include <stddef.h>

#define CASE_STREAM_LONG    (32 << 10) /* bytes: a message so long tells what a server does with longer ones */
#define CASE_STREAM_UNASKED 9          /* messages, in case one in so many is answered with more than it asked for */

/* Filler for streams of any length; a line server gets whole lines. Owned; NULL after turn_fail. */
char *case_stream_filler(struct turn *t, size_t n);

#endif
