/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_PORTHOLE_MEMORY_TYPES_H
#define MACH_PORTHOLE_MEMORY_TYPES_H

/* What became of a page that was to be evicted. */
#define PORTHOLE_EVICTION_FREED     0 /* it was clean: its frame is free */
#define PORTHOLE_EVICTION_SENT      1 /* on its way to its manager */
#define PORTHOLE_EVICTION_KEPT      2 /* in use, wired, or part of a supply under way */
#define PORTHOLE_EVICTION_THROTTLED 3 /* there is no manager for it, or it has enough to do */

#endif
