/* Files appear whole or not at all, and are read to their end. */
#include "folder.h"
#include "ts_json.h"
#include "unit.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A write that fails in the middle (a limit of 1,000 bytes a file) leaves the old file as it was and nothing beside it.
 * In a child, because the limit stays. Catches: writing in place, temporary files left behind. */
static void a_failed_write_changes_nothing(void **state)
{
	char *folder = new_folder(), path[128], text[16] = "";
	struct ts_err err = {0};
	int status;

	(void)state;
	in_folder(folder, "a.json", path, sizeof(path));
	assert_int_equal(ts_file_write(path, "old", 3, &err), 0);
	pid_t child = fork();
	if (child == 0) {
		static char bytes[100000];
		struct rlimit limit = {1000, 1000};

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		_exit(ts_file_write(path, bytes, sizeof(bytes), &err) == -EFBIG && err.exit_status == TS_EXIT_ENVIRON &&
		                      strstr(err.text, path)
		              ? 0
		              : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(n_files(folder), 1);
	int fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, text, sizeof(text)), 3);
	close(fd);
	assert_string_equal(text, "old");
	remove_folder(folder);
}

/* A pipe with a name, as /dev/stdout may be one. Never a real device: code at fault would replace it for the whole
 * machine. Catches: writing beside it and renaming. */
static void a_pipe_is_written_to_and_not_replaced(void **state)
{
	char *folder = new_folder(), path[128], text[8] = "";
	struct ts_err err = {0};
	struct stat st;

	(void)state;
	assert_int_equal(mkfifo(in_folder(folder, "pipe", path, sizeof(path)), 0600), 0);
	int fd = open(path, O_RDONLY | O_NONBLOCK);
	assert_int_equal(ts_file_write(path, "hello", 5, &err), 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(read(fd, text, sizeof(text)), 5);
	assert_string_equal(text, "hello");
	close(fd);
	remove_folder(folder);
}

/* With standard output on a full disk. Catches: "-" taken for a file, an error that is lost, a
 * sentence without advice. */
static void a_full_standard_output_is_an_error(void **state)
{
	struct ts_err err = {0};
	int full = open("/dev/full", O_WRONLY), kept = dup(STDOUT_FILENO), result;

	(void)state;
	fflush(stdout);
	assert_true(full >= 0 && kept >= 0);
	dup2(full, STDOUT_FILENO);
	result = ts_file_write("-", "x", 1, &err);
	dup2(kept, STDOUT_FILENO);
	close(full);
	close(kept);
	assert_int_equal(result, -ENOSPC);
	assert_string_equal(err.text,
	                    "cannot write standard output: No space left on device; free some space or choose "
	                    "another folder");
}

/* Catches: a link that is replaced by a file, a mode that only the owner can read, a sentence without advice. */
static void special_targets(void **state)
{
	char *folder = new_folder(), file[128], link[128], path[128];
	struct ts_err err = {0};
	struct stat st;
	mode_t mask = umask(022);

	(void)state;
	in_folder(folder, "file", file, sizeof(file));
	assert_int_equal(ts_file_write(file, "x", 1, &err), 0);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	assert_int_equal(symlink("file", in_folder(folder, "link", link, sizeof(link))), 0);
	assert_int_equal(ts_file_write(link, "longer", 6, &err), 0);
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_size, 6);

	assert_int_equal(ts_file_write(in_folder(folder, "none/a", path, sizeof(path)), "x", 1, &err), -ENOENT);
	assert_non_null(strstr(err.text, "make the folder first"));
	assert_int_equal(ts_file_write(folder, "x", 1, &err), -EISDIR);
	assert_int_equal(n_files(folder), 2);
	umask(mask);
	remove_folder(folder);
}

static void files_that_cannot_be_read(void **state)
{
	char *folder = new_folder(), path[128];
	struct ts_err err = {0};

	(void)state;
	assert_null(ts_json_load(in_folder(folder, "none.json", path, sizeof(path)), &err));
	assert_non_null(strstr(err.text, "none.json: cannot open it: No such file or directory"));
	assert_null(ts_json_load(folder, &err));
	assert_non_null(strstr(err.text, "cannot read it: Is a directory"));
	assert_int_equal(err.exit_status, TS_EXIT_ENVIRON);
	remove_folder(folder);
}

/* 300 KB through a pipe on standard input. Catches: one read(2) taken for the whole, a buffer that does not grow. */
static void standard_input_is_read_to_its_end(void **state)
{
	int fds[2], kept = dup(STDIN_FILENO);
	struct ts_err err = {0};

	(void)state;
	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();
	if (child == 0) {
		FILE *out = fdopen(fds[1], "w");
		fputs("[0", out);
		for (int i = 1; i < 50000; i++)
			fprintf(out, ",%d", i);
		fputs("]\n", out);
		fclose(out);
		_exit(0);
	}
	close(fds[1]);
	dup2(fds[0], STDIN_FILENO);
	close(fds[0]);
	cJSON *root = ts_json_load("-", &err);
	dup2(kept, STDIN_FILENO);
	close(kept);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_non_null(root);
	assert_int_equal(cJSON_GetArraySize(root), 50000);
	assert_int_equal(ts_json_int(root, "[49999]", -1), 49999);
	cJSON_Delete(root);
}

/* A sparse file above the limit. Catches: reading it all, or a length that wraps. */
static void a_huge_file_is_refused(void **state)
{
	char *folder = new_folder(), path[128];
	struct ts_err err = {0};
	int fd = open(in_folder(folder, "huge.json", path, sizeof(path)), O_WRONLY | O_CREAT, 0600);

	(void)state;
	assert_int_equal(ftruncate(fd, (off_t)TS_JSON_MAX_BYTES * 16), 0);
	close(fd);
	assert_null(ts_json_load(path, &err));
	assert_non_null(strstr(err.text, "huge.json: line 1, column 1: larger than 256 MiB"));
	remove_folder(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_failed_write_changes_nothing),
	        cmocka_unit_test(a_pipe_is_written_to_and_not_replaced),
	        cmocka_unit_test(a_full_standard_output_is_an_error),
	        cmocka_unit_test(special_targets),
	        cmocka_unit_test(files_that_cannot_be_read),
	        cmocka_unit_test(standard_input_is_read_to_its_end),
	        cmocka_unit_test(a_huge_file_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
