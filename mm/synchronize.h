/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_msync and its conversation with managers (spec/emmi.md 5.7).
 */
#pragma once

struct vm_object;

void synchronize_init(void);
/* The association ends: whoever waits for the manager's answer gets KERN_MEMORY_FAILURE (D-29). */
void synchronize_abandon(struct vm_object *object);
