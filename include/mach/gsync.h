/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_GSYNC_H
#define MACH_GSYNC_H

/* Flags of gsync_wait, gsync_wake, gsync_requeue. */
#define GSYNC_SHARED    0x01 /* the word is shared by tasks: it is told by object and offset */
#define GSYNC_QUAD      0x02 /* wait: the next word must match, too */
#define GSYNC_TIMED     0x04 /* wait: at most msec milliseconds */
#define GSYNC_BROADCAST 0x08 /* wake, requeue: all waiters, not one */
#define GSYNC_MUTATE    0x10 /* wake: first stores the value into the word */

#endif
