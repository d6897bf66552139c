/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PRESSURE_WORKER_H
#define PRESSURE_WORKER_H

#include <mach.h>

/* The names of a worker's rights, known before the task is made. */
struct worker_rights {
    mach_port_t shared, silent; /* the objects: send */
    mach_port_t in;             /* receive: chunks from the neighbour */
    mach_port_t out;            /* send: to the next one */
};

struct worker_orders {
    unsigned number; /* of the task, below TASKS */
    struct worker_rights rights;
};

/* The function of each of the tasks (helper.h): obeys the board's phases, and waits for its end when it is done. */
void work(void *orders);

#endif
