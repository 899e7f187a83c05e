/* Samples of a small family of processes: a child, its two children, their threads, memory and descriptors. */
#include "ts_proc.h"
#include "unit.h"
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define N_EXTRA_DESCRIPTORS 10
#define N_MEMORY_BYTES      (32 << 20)
#define BURN_S              0.05
#define HALF_TICK_S         0.005

/* A process that is told what to do by bytes on one pipe and says on another that it is done. */
struct helper {
	pid_t pid;
	int orders, answers;
};

static void burn(double seconds)
{
	struct timespec t;

	do {
		for (volatile int i = 0; i < 100000; i++) /* in user mode, mostly */
			;
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	} while ((double)t.tv_sec + (double)t.tv_nsec / 1e9 < seconds);
}

static void *wait_for_ever(void *data)
{
	(void)data;
	while (true)
		pause();
	return NULL;
}

static void obey(char order)
{
	static pid_t grandchild;
	pthread_t thread;

	switch (order) {
	case 'd':
		for (int i = 0; i < N_EXTRA_DESCRIPTORS; i++)
			open("/dev/null", O_RDONLY);
		break;
	case 'm':
		memset(mmap(NULL, N_MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 1,
		       N_MEMORY_BYTES);
		break;
	case 't': pthread_create(&thread, NULL, wait_for_ever, NULL); break;
	case 'n': prctl(PR_SET_NAME, "a) R (b 1 2 3"); break;
	case 'b': burn(BURN_S); break;
	case 'f': /* a grandchild that stays */
		grandchild = fork();
		if (grandchild == 0)
			wait_for_ever(NULL);
		break;
	case 'w': /* one that works and then stands still */
		grandchild = fork();
		if (grandchild == 0) {
			burn(BURN_S + HALF_TICK_S);
			raise(SIGSTOP);
		}
		waitpid(grandchild, NULL, WUNTRACED);
		break;
	case 'k': /* and goes, but is not reaped */
		kill(grandchild, SIGKILL);
		waitid(P_PID, (id_t)grandchild, &(siginfo_t){0}, WEXITED | WNOWAIT);
		break;
	case 'r': waitpid(grandchild, NULL, 0); break;
	case 'c': /* a grandchild that works, ends and is reaped */
		if (fork() == 0) {
			burn(BURN_S);
			_exit(0);
		}
		wait(NULL);
		break;
	default: break;
	}
}

static void command(const struct helper *helper, const char *orders)
{
	char answer;

	for (; *orders; orders++) {
		assert_int_equal(write(helper->orders, orders, 1), 1);
		assert_int_equal(read(helper->answers, &answer, 1), 1);
	}
}

static struct helper start_helper(void)
{
	int orders[2], answers[2];
	char order;

	assert_int_equal(pipe(orders), 0);
	assert_int_equal(pipe(answers), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(orders[1]);
		close(answers[0]);
		while (read(orders[0], &order, 1) == 1) {
			obey(order);
			if (write(answers[1], &order, 1) != 1)
				break;
		}
		_exit(0);
	}
	close(orders[0]);
	close(answers[1]);
	struct helper helper = {pid, orders[1], answers[0]};
	command(&helper, "-"); /* its answer says that it has closed what it does not need */
	return helper;
}

/* Have it done, and sample. */
static struct ts_proc after(const struct helper *helper, const char *orders)
{
	struct ts_proc sample;

	command(helper, orders);
	assert_int_equal(ts_proc_sample(helper->pid, &sample), 0);
	return sample;
}

static void stop_helper(const struct helper *helper)
{
	close(helper->orders);
	assert_int_equal(waitpid(helper->pid, NULL, 0), helper->pid);
	close(helper->answers);
}

/* The entries of a folder, "." and ".." left out. */
static int n_entries(const char *path)
{
	DIR *d = opendir(path);
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

/* Catches: threads, descriptors and memory of the wrong process, or in the wrong unit. */
static void one_process(void **state)
{
	struct helper helper = start_helper();
	struct ts_proc first = after(&helper, ""), later = after(&helper, "dmtt");
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "/proc/%d/fd", (int)helper.pid);
	assert_int_equal(later.n_descriptors, n_entries(path));
	assert_int_equal(first.n_processes, 1);
	assert_int_equal(first.n_threads, 1);
	assert_int_equal(later.n_threads, 3);
	assert_int_equal(later.n_descriptors - first.n_descriptors, N_EXTRA_DESCRIPTORS);
	assert_in_range(later.rss_bytes - first.rss_bytes, N_MEMORY_BYTES * 0.9, N_MEMORY_BYTES * 1.5);
	assert_true(later.peak_rss_bytes >= later.rss_bytes);
	assert_true(later.minor_faults_count > first.minor_faults_count);
	stop_helper(&helper);
}

/* Catches: fields counted from the first ')' of a name that holds one. */
static void names_may_hold_anything(void **state)
{
	struct helper helper = start_helper();
	struct ts_proc plain = after(&helper, "b"), odd = after(&helper, "nf");

	(void)state;
	assert_int_equal(odd.n_processes, 2);
	assert_int_equal(odd.n_threads, 2);
	assert_true(odd.cpu_user_s + odd.cpu_system_s >= plain.cpu_user_s + plain.cpu_system_s);
	assert_true(odd.cpu_user_s + odd.cpu_system_s < 10);
	after(&helper, "kr");
	stop_helper(&helper);
}

/* Catches: time of reaped children lost, ticks taken for seconds. */
static void processor_time_counts_the_reaped(void **state)
{
	struct helper helper = start_helper();
	struct ts_proc first = after(&helper, "b"), later = after(&helper, "c");
	double first_s = first.cpu_user_s + first.cpu_system_s, later_s = later.cpu_user_s + later.cpu_system_s;

	(void)state;
	/* the kernel counts in ticks of 10 ms */
	assert_true(first_s >= BURN_S - 0.011 && first_s < 10 * BURN_S);
	assert_true(later_s - first_s >= BURN_S - 0.011 && later_s - first_s < 10 * BURN_S);
	assert_true(later.n_switches_voluntary > first.n_switches_voluntary); /* it waited for the order */
	assert_true(first.cpu_unsure_s == 0 && later.cpu_unsure_s == 0.02);
	assert_true(first.reaped_faults_count == 0 && later.reaped_faults_count > 0);
	assert_int_equal(later.n_processes, 1);
	stop_helper(&helper);
}

/* Catches: user and system time in each other's place. The kernel tells them apart by where a tick finds the process:
 * on a busy machine few ticks do, and a system call may be all that they find. */
static void most_of_it_is_the_users(void **state)
{
	struct helper helper = start_helper();
	struct ts_proc before = after(&helper, "");
	int n_right = 0;

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct ts_proc now = after(&helper, "c");

		n_right += now.cpu_user_s - before.cpu_user_s >= BURN_S / 2;
		before = now;
	}
	assert_true(n_right >= 3);
	stop_helper(&helper);
}

/* Catches: processor time in whole ticks, which is too coarse for a trial of half a second. */
static void processor_time_is_finer_than_ticks(void **state)
{
	struct helper helper = start_helper();
	int n_odd = 0;

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct ts_proc now = after(&helper, "b");
		double ticks = (now.cpu_user_s + now.cpu_system_s) * 100;

		n_odd += fabs(ticks - round(ticks)) > 1e-6;
	}
	assert_true(n_odd >= 4);
	stop_helper(&helper);
}

/* Catches: the same of its children. */
static void and_so_is_that_of_living_children(void **state)
{
	struct helper helper = start_helper();
	int n_exact = 0;

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct ts_proc before = after(&helper, ""), now = after(&helper, "w");
		double used_s = now.cpu_user_s + now.cpu_system_s - before.cpu_user_s - before.cpu_system_s;

		n_exact += fabs(used_s - BURN_S - HALF_TICK_S) < 0.6 * HALF_TICK_S;
		assert_int_equal(now.reaped_faults_count, before.reaped_faults_count);
		after(&helper, "kr");
	}
	assert_true(n_exact >= 3);
	stop_helper(&helper);
}

/* Catches: children that are not seen, zombies that count as living. */
static void children_come_and_go(void **state)
{
	struct helper helper = start_helper();

	(void)state;
	assert_int_equal(after(&helper, "f").n_processes, 2);
	assert_int_equal(after(&helper, "k").n_processes, 1);
	assert_int_equal(after(&helper, "r").n_processes, 1);

	struct ts_proc family; /* seen from here: this process, and the helper below it */
	assert_int_equal(ts_proc_sample(getpid(), &family), 0);
	assert_int_equal(family.n_processes, 2);
	stop_helper(&helper);
}

/* Catches: a result for a process that has ended (reaped or not), a sample overwritten by nothing. */
static void a_process_that_is_gone(void **state)
{
	struct helper helper = start_helper();
	struct ts_proc sample = after(&helper, ""), kept = sample;

	(void)state;
	close(helper.orders);
	assert_int_equal(waitid(P_PID, (id_t)helper.pid, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
	assert_int_equal(ts_proc_sample(helper.pid, &sample), -ESRCH);
	assert_int_equal(waitpid(helper.pid, NULL, 0), helper.pid);
	assert_int_equal(ts_proc_sample(helper.pid, &sample), -ESRCH);
	assert_memory_equal(&sample, &kept, sizeof(sample));
	close(helper.answers);
}

/* While children are born and die as fast as they can. Catches: failing, or reading a stranger, when one vanishes. */
static void children_that_vanish(void **state)
{
	struct ts_proc sample;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;) {
			pid_t child = fork();
			if (child == 0)
				_exit(0);
			waitpid(child, NULL, 0);
		}
	}
	for (int i = 0; i < 100; i++) {
		assert_int_equal(ts_proc_sample(pid, &sample), 0);
		assert_in_range(sample.n_processes, 1, 2);
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static pid_t start_spinner(int processor)
{
	pid_t pid = fork();
	cpu_set_t one;

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	CPU_ZERO(&one);
	CPU_SET(processor, &one);
	sched_setaffinity(0, sizeof(one), &one);
	burn(60);
	_exit(0);
}

/* Two that spin on one processor: each waits while the other runs. */
static void waiting_for_a_processor_is_told(void **state)
{
	(void)state;
	const int processor = sched_getcpu();
	const pid_t spinners[2] = {start_spinner(processor), start_spinner(processor)};
	struct ts_proc sample = {0};

	for (int i = 0; i < 500 && sample.waited_s < 0.05; i++) {
		usleep(10000);
		assert_int_equal(ts_proc_sample(spinners[0], &sample), 0);
	}
	assert_true(sample.waited_s >= 0.05);
	for (int i = 0; i < 2; i++) {
		kill(spinners[i], SIGKILL);
		assert_int_equal(waitpid(spinners[i], NULL, 0), spinners[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(one_process),
	        cmocka_unit_test(names_may_hold_anything),
	        cmocka_unit_test(processor_time_counts_the_reaped),
	        cmocka_unit_test(most_of_it_is_the_users),
	        cmocka_unit_test(processor_time_is_finer_than_ticks),
	        cmocka_unit_test(and_so_is_that_of_living_children),
	        cmocka_unit_test(children_come_and_go),
	        cmocka_unit_test(a_process_that_is_gone),
	        cmocka_unit_test(children_that_vanish),
	        cmocka_unit_test(waiting_for_a_processor_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
