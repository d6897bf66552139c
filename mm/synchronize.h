/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_msync and its conversation with managers (spec/emmi.md 5.7).
 */
#ifndef MM_SYNCHRONIZE_H
#define MM_SYNCHRONIZE_H

struct vm_object;

void synchronize_init(void);
/* The association ends: whoever waits for the manager's answer gets KERN_MEMORY_FAILURE (D-29). */
void synchronize_abandon(struct vm_object *object);

#endif
