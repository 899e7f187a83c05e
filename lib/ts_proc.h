/*
 * Samples of a process and its children from /proc. Source: proc(5).
 */
#ifndef TS_PROC_H
#define TS_PROC_H

#include <stdint.h>
#include <sys/types.h>

struct ts_proc {
	/* Of the process, its living descendants (to nanoseconds), and those who were reaped (in ticks of 10 ms, for
	 * all children of a process together). */
	double cpu_user_s, cpu_system_s;
	/* So much the two together may be off by, either way, once a child has been reaped; and a count that rises
	 * whenever one is (its page faults). */
	double cpu_unsure_s;
	int64_t reaped_faults_count;
	int64_t rss_bytes, peak_rss_bytes; /* sums over the living; peak is the sum of the peaks */
	int64_t n_processes, n_threads;
	int64_t n_descriptors; /* 0: of another user's process, who does not let us count */
	int64_t n_switches_voluntary, n_switches_involuntary;
	double waited_s; /* of the living threads: ready to run, but without a processor; 0: the kernel does not tell */
	int64_t minor_faults_count, major_faults_count;
};

/* Sample `pid` and all its descendants. 0, or -ESRCH when it is gone (out is then left as it was). */
int ts_proc_sample(pid_t pid, struct ts_proc *out);

#endif
