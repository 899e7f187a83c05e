/* A folder of a test's own. */
#ifndef FOLDER_H
#define FOLDER_H

#include "unit.h"
#include <dirent.h>
#include <stdio.h>

/* Owned; remove_folder removes it with all that is in it. */
static inline char *new_folder(void)
{
	static const char pattern[] = "/tmp/ts_unit.XXXXXX";
	char *path = strdup(pattern);

	assert_non_null(mkdtemp(path));
	return path;
}

/* Those that are there, hidden ones not counted. */
static inline int n_files(const char *folder)
{
	DIR *d = opendir(folder);
	int n = 0;

	for (struct dirent *e; (e = readdir(d));)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* Writes folder/name into path, and returns it. */
static inline const char *in_folder(const char *folder, const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/%s", folder, name);
	return path;
}

static inline void remove_folder(char *folder)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(system(command), 0);
	free(folder);
}

#endif
