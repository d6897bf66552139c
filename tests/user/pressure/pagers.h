/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PRESSURE_PAGERS_H
#define PRESSURE_PAGERS_H

/* The two external pagers, each the function of a task of its own (helper.h). */

/*
 * Serves an object of PAGES_SHARED pages for ever, by the library, and registers it as SHARED_SERVICE. What
 * comes back must be what the board says was written.
 */
#define SHARED_SERVICE "pressure"
void serve_shared(void *unused);

/*
 * The manager of the object whose receive right it has under the name in the argument (a mach_port_t): answers,
 * hears nothing while the board's phase is PHASE_WORK, and then takes what has come meanwhile. When the object
 * has ended, each page must have come back as it was written last.
 */
void serve_silently(void *object);

#endif
