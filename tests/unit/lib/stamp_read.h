/* Reading time texts in tests: at the end of a page, beyond which nothing may be read. */
#ifndef STAMP_READ_H
#define STAMP_READ_H

#include "ts_clock.h"
#include "ts_stamp.h"
#include "unit.h"
#include <sys/mman.h>
#include <unistd.h>

#define NOW_S INT64_C(1795343400) /* 2026-11-22T10:30:00Z, a Sunday */

/* `text` at the end of a readable page. */
static inline const char *at_edge(const char *text, size_t n)
{
	static char *pages;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (!pages) {
		pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		assert_ptr_not_equal(pages, MAP_FAILED);
		assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
	}
	return memcpy(pages + page - n, text, n);
}

static inline int read_as(struct ts_stamp *stamp, const struct ts_stamp_format *expected, const char *text,
                          const char **why)
{
	return ts_stamp_read(stamp, expected, at_edge(text, strlen(text)), strlen(text), why);
}

#endif
