/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The host and its one processor set, as ports; its processors are in processor.h. All exist once and for ever: no
 * references are counted.
 */
#pragma once

#include <stdint.h>

#include <mach/time_value.h>

struct port;

/* One for each of the two ports of the host: its name, and the right to control the machine. */
struct host {
    struct port *port; /* kernel-held receive right */
};

struct processor_set {
    struct port *port;
    struct port *name_port;
    int max_priority;  /* of threads made from now on */
    int policies;      /* POLICY_* that threads may have */
};

extern struct host host, host_privileged;
extern struct processor_set default_set;

/* Makes the ports. */
void host_init(void);
/* Reads the battery clock: from here on there is a time of day. */
void host_time_init(void);
/* The time of day of a moment in nanoseconds since boot. */
time_value64_t host_time_at(uint64_t moment_ns);
