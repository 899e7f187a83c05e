/*
 * Prototypes of all cases, from their rows: a row without a function does not link, a function without a row does not
 * compile.
 */
#ifndef CASES_H
#define CASES_H

#include "dgram.h"
#include "peer.h"
#include "suite.h"
#include "ts_clock.h"

#define CASE(id, needs, n_clients, stage, depends, function) void function(struct turn *t);
#include "cases.def"
#undef CASE

#endif
