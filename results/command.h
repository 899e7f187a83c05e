/*
 * The commands of tsreport. argv[0] is the command's name. Each returns an exit status (ts_err.h); messages go to
 * `log`.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "ts_log.h"

#define COMMAND_ROW(name, what) int command_##name(int argc, char **argv, const struct ts_log *log);
#include "commands.def"
#undef COMMAND_ROW

#endif
