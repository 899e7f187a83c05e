/* The paths of UNIX sockets. */
#include "exec.h"
#include <signal.h>

void case_unix_path_removed(struct turn *t)
{
	struct stop_seen stop;

	if (!ts_endpoint_path(&t->subject->endpoint)) {
		turn_report(t, "an abstract name leaves nothing behind");
		return;
	}
	if (exec_sees_stop(t, &stop) && stop.has_path)
		turn_fail(t, BYTES, "the server has ended and left %s behind", ts_endpoint_path(&t->subject->endpoint));
}

void case_unix_stale_path(struct turn *t)
{
	struct ts_err err = {.text = ""};
	int status;

	if (!ts_endpoint_path(&t->subject->endpoint)) {
		turn_report(t, "an abstract name leaves nothing behind");
		return;
	}
	if (!turn_plain(t) || !exec_stops(t, SIGKILL, &status))
		return;
	launch_stop(exec_server(t));
	if (launch_start(exec_server(t), &err) < 0)
		turn_fail(t, BYTES,
		          "the path that a killed server left behind keeps the next one from starting: %.300s",
		          err.text);
	else
		turn_plain(t);
}
