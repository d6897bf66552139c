/* SPDX-License-Identifier: BSD-2-Clause */
/* Processors as objects of users: a port for each of cpus[], which all stay for ever. */
#pragma once

#include <stdint.h>

#include "kernel/x86_64/cpu.h"

struct port;

struct processor {
    struct port *port;
    uint32_t slot;      /* its struct cpu is cpus[slot] */
};

extern struct processor processors[PROCESSORS_MAX];

/* How many take threads off the run queue. */
unsigned processor_available_count(void);
/* How much of a processor a new thread would get, times LOAD_SCALE, at a load times LOAD_SCALE. */
int processor_mach_factor(int load);
