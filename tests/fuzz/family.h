/* SPDX-License-Identifier: BSD-2-Clause */
/* The family's tasks and threads, as the supervisor makes, ends and mends them. */
#pragma once

#include "fuzz.h"

struct family {
    mach_port_t tasks[TASKS_MAX];       /* send rights; NULL: to be made */
    mach_port_t threads[MEMBERS_MAX];
    mach_port_t exceptions;             /* where the family's exceptions come; with a send right */
    uint64_t begun_at[MEMBERS_MAX];     /* the operation before which a member last began again */
    unsigned tasks_made, threads_made, restarts;
};

void family_create(struct family *family);
/* Makes what has died. Without memory for it, tries again when called again. */
void family_complete(struct family *family);
/* Lets a member begin again with its next operation, whatever it does now; FALSE if that has been tried
   before the same operation. */
boolean_t family_restart(struct family *family, unsigned member);
void family_end_task(struct family *family, unsigned task);
void family_end_thread(struct family *family, unsigned member);
/* Ends every task that is not among those at the beginning. */
void family_end_strangers(struct family *family, boolean_t all);
/* Serves one exception if there is any within the time. */
void family_serve_exception(struct family *family, unsigned milliseconds);
