#include "ts_json.h"
#include "ts_json_check.h"
#include "ts_json_print.h"
#include "ts_stdout.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- reading --- */

static cJSON *refuse(const char *name, const char *text, size_t at, const char *what, struct ts_err *err)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < at; i++) {
		if (text[i] == '\n') {
			line++;
			column = 1;
		} else if ((text[i] & 0xc0) != 0x80) { /* the rest of a character is no column of its own */
			column++;
		}
	}
	ts_err_set(err, EINVAL, "%s: line %zu, column %zu: %s", name, line, column, what);
	return NULL;
}

static const char too_large[] = "larger than 256 MiB";

cJSON *ts_json_parse(const char *text, size_t n, const char *name, struct ts_err *err)
{
	size_t at = 0;
	const char *what = n > TS_JSON_MAX_BYTES ? too_large : ts_json_check(text, n, &at);

	if (what)
		return refuse(name, text, at, what, err);
	cJSON *root = cJSON_ParseWithLength(text, n);
	if (!root)
		ts_err_set(err, ENOMEM, "%s: not enough memory to read it", name);
	return root;
}

static bool is_too_large(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > TS_JSON_MAX_BYTES;
}

/* All bytes of fd, at most one more than the limit. Owned, or NULL with errno. */
static char *read_all(int fd, size_t *n)
{
	size_t size = 1 << 16;
	char *bytes = malloc(size);

	*n = 0;
	while (bytes && *n <= TS_JSON_MAX_BYTES) {
		if (*n == size) {
			char *grown = realloc(bytes, size * 2);
			if (!grown)
				break;
			bytes = grown;
			size *= 2;
		}
		ssize_t got = read(fd, bytes + *n, size - *n);
		if (got > 0)
			*n += (size_t)got;
		else if (got == 0)
			return bytes;
		else if (errno != EINTR)
			break;
	}
	if (bytes && *n > TS_JSON_MAX_BYTES)
		return bytes;
	free(bytes);
	return NULL;
}

cJSON *ts_json_load(const char *path, struct ts_err *err)
{
	bool standard = strcmp(path, "-") == 0;
	const char *name = standard ? "standard input" : path;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	cJSON *root = NULL;
	char *text = NULL;
	size_t n;

	if (fd < 0) {
		ts_err_set(err, errno, "%s: cannot open it: %s", name, strerror(errno));
		return NULL;
	}
	if (is_too_large(fd)) /* before it is read */
		refuse(name, "", 0, too_large, err);
	else if ((text = read_all(fd, &n)))
		root = ts_json_parse(text, n, name, err);
	else
		ts_err_set(err, errno, "%s: cannot read it: %s", name, strerror(errno));
	free(text);
	if (!standard)
		close(fd);
	return root;
}

/* --- writing --- */

static int write_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, bytes, n);
		if (put >= 0) {
			bytes += put;
			n -= (size_t)put;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
	return 0;
}

/* A rename is on the disk when its folder is. Some file systems cannot sync a folder: that is no failure. */
static int sync_folder(const char *path)
{
	char copy[PATH_MAX];
	int fd, result = 0;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	if (fsync(fd) < 0 && errno == EIO)
		result = -errno;
	close(fd);
	return result;
}

/* A new file beside `path`, with the mode that open(2) gives any file. Its name is in `temporary`. */
static int open_temporary(const char *path, char *temporary, size_t size)
{
	int fd = -1;

	for (int attempt = 0; attempt < 16 && fd < 0; attempt++) {
		uint32_t number;

		if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
			return -errno;
		if ((size_t)snprintf(temporary, size, "%s.%08x.tmp", path, number) >= size)
			return -ENAMETOOLONG;
		fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	return fd < 0 ? -errno : fd;
}

static int replace(const char *path, const char *bytes, size_t n)
{
	char temporary[PATH_MAX];
	int fd = open_temporary(path, temporary, sizeof(temporary)), result;

	if (fd < 0)
		return fd;
	result = write_all(fd, bytes, n);
	if (result == 0 && fsync(fd) < 0)
		result = -errno;
	if (close(fd) < 0 && result == 0)
		result = -errno;
	if (result == 0 && rename(temporary, path) < 0)
		result = -errno;
	if (result < 0) {
		unlink(temporary);
		return result;
	}
	return sync_folder(path);
}

/* Devices and pipes (/dev/null, /dev/stdout) are written to, not replaced. A pipe that nobody reads is an error: to
 * open it would wait for a reader. */
static int write_through(const char *path, const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NONBLOCK), result;

	if (fd < 0)
		return -errno;
	fcntl(fd, F_SETFL, O_WRONLY);
	result = write_all(fd, bytes, n);
	if (close(fd) < 0 && result == 0)
		result = -errno;
	return result;
}

const char *ts_file_advice(int error)
{
	switch (error) {
	case ENOENT: return "; make the folder first";
	case EFBIG: return "; raise the limit of a file's size (ulimit -f)";
	case EMFILE: return TS_ERR_MORE_FILES;
	case EISDIR: return "; give the name of a file";
	case ENXIO: return "; nobody reads that pipe";
	case EACCES:
	case EPERM:
	case EROFS: return "; choose a folder that you may write to";
	case ENOSPC:
	case EDQUOT: return "; free some space or choose another folder";
	default: return "";
	}
}

int ts_file_write(const char *path, const void *bytes, size_t n, struct ts_err *err)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, before;
	char real[PATH_MAX];
	struct stat st;
	int result;

	sigaction(SIGXFSZ, &ignore, &before); /* beyond `ulimit -f` a write fails; it does not kill, and leave a part */

	if (strcmp(path, "-") == 0) {
		fflush(stdout);
		result = write_all(STDOUT_FILENO, bytes, n);
		path = "standard output";
	} else if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		result = write_through(path, bytes, n);
	} else { /* what a link points to is replaced, not the link */
		result = replace(realpath(path, real) ? real : path, bytes, n);
	}
	sigaction(SIGXFSZ, &before, NULL);
	if (result < 0)
		ts_err_set(err, -result, "cannot write %s: %s%s", path, strerror(-result), ts_file_advice(-result));
	return result;
}

int ts_file_check(const char *option, const char *path, struct ts_err *err)
{
	char folder[PATH_MAX];
	struct stat st;
	int result = 0;

	if (!path)
		return 0;
	if (strcmp(path, "-") == 0) {
		result = ts_stdout_check();
	} else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		result = -EISDIR;
	} else if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		result = access(path, W_OK) < 0 ? -errno : 0;
	} else {
		if (!realpath(path, folder))
			snprintf(folder, sizeof(folder), "%s", path);
		result = access(dirname(folder), W_OK) < 0 ? -errno : 0;
	}
	if (result < 0)
		ts_err_set(err, -result, "%s=%s: cannot be written: %s%s", option, path, strerror(-result),
		           ts_file_advice(-result));
	return result;
}

int ts_json_write(const char *path, const cJSON *root, struct ts_err *err)
{
	size_t n;
	char *text = ts_json_print(root, &n);
	int result;

	if (!text)
		return ts_err_set(err, ENOMEM, "cannot write %s: not enough memory", path);
	result = ts_file_write(path, text, n, err);
	free(text);
	return result;
}
