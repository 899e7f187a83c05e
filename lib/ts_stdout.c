#include "ts_stdout.h"
#include <errno.h>
#include <stdio.h>

int ts_stdout_flush(void)
{
	if (fflush(stdout) != 0)
		return -errno;
	return ferror(stdout) ? -EIO : 0;
}
