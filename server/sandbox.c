#include "sandbox.h"
#include "modes.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/landlock.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#if HAVE_SECCOMP
#include <seccomp.h>
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

#if HAVE_SECCOMP && !SANITIZED
/* A call that this architecture does not know is no error: it cannot be made, either. */
static int restrict_calls(const struct mode *mode)
{
	static const struct {
		const char *name, *only_mode; /* NULL: all modes */
	} calls[] = {
#define ALLOW(name)               {#name, NULL},
#define ALLOW_IN(only_mode, name) {#name, #only_mode},
#include "sandbox_calls.def"
#undef ALLOW
#undef ALLOW_IN
	};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc = filter ? 0 : -ENOMEM;

	for (size_t i = 0; rc == 0 && i < sizeof calls / sizeof calls[0]; i++) {
		bool wanted = !calls[i].only_mode || strcmp(calls[i].only_mode, mode->name) == 0;
		int number = seccomp_syscall_resolve_name(calls[i].name);

		if (wanted && number >= 0)
			rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	}
	if (rc == 0)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree instead of a list */
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc;
}

/* A filter on top of the other: what either refuses is refused. */
static int refuse_rings(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int rc = filter ? 0 : -ENOMEM;

	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(io_uring_setup), 0);
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(io_uring_register), 0);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc;
}
#else
static int refuse_rings(void)
{
	return -ENOSYS;
}

static int restrict_calls(const struct mode *mode)
{
	(void)mode;
	return -ENOSYS;
}
#endif

#define FILES_WRITE (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG)
#define FILES_OTHER                                                                                                    \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_CHAR |                   \
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |                   \
	 LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM)

/* Allow `rights` in the folder that holds `path`. */
static int allow_beside(int rules, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr beneath = {.allowed_access = rights};
	char *copy = strdup(path);
	int rc = 0;

	if (!copy)
		return -ENOMEM;
	beneath.parent_fd = open(dirname(copy), O_PATH | O_CLOEXEC);
	free(copy);
	if (beneath.parent_fd < 0)
		return -errno;
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0)
		rc = -errno;
	close(beneath.parent_fd);
	return rc;
}

static int allow_files(int rules, const struct settings *set, const struct listeners *ls)
{
	int rc = 0;

	if (set->stats_path && strcmp(set->stats_path, "-") != 0)
		rc = allow_beside(rules, set->stats_path, FILES_WRITE);
	for (size_t i = 0; rc == 0 && i < ls->n; i++) {
		const struct sockaddr_un *a = (const struct sockaddr_un *)&ls->items[i].endpoint.addr;

		if (a->sun_family == AF_UNIX && a->sun_path[0] != '\0')
			rc = allow_beside(rules, a->sun_path, LANDLOCK_ACCESS_FS_REMOVE_FILE);
	}
	return rc;
}

static int restrict_files(const struct settings *set, const struct listeners *ls)
{
	struct landlock_ruleset_attr attr = {.handled_access_fs = FILES_WRITE | FILES_OTHER};
	int rules, rc;

	if (SANITIZED)
		return -ENOSYS;
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
	if (rules < 0)
		return -errno;
	rc = allow_files(rules, set, ls);
	if (rc == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		rc = -errno;
	if (rc == 0 && syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		rc = -errno;
	close(rules);
	return rc;
}

int sandbox_enter(const struct settings *set, const struct listeners *ls, const struct ts_log *log, struct ts_err *err)
{
	int files, calls;

	if (set->sandbox == SANDBOX_OFF)
		return 0;
	files = restrict_files(set, ls);
	calls = restrict_calls(set->mode);
	ts_log(log, TS_LOG_INFO, "sandbox: seccomp %s, Landlock %s", calls < 0 ? strerror(-calls) : "on",
	       files < 0 ? strerror(-files) : "on");
	/* Many kernels are built without Landlock: seccomp is what is demanded. */
	if (calls < 0 && set->sandbox == SANDBOX_ON)
		return ts_err_set(err, -calls, "--sandbox=on: seccomp cannot be had: %s", strerror(-calls));
	return 0;
}

int sandbox_end_rings(const struct settings *set)
{
	int rc = set->sandbox == SANDBOX_OFF ? 0 : refuse_rings();

	return set->sandbox == SANDBOX_ON ? rc : 0;
}
