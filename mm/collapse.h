/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

struct vm_object;

/* Merges or bypasses the object's shadow where that loses nothing (spec/vm.md 2.1); best effort, bounded
   work per call. Does not sleep. */
void vm_object_collapse(struct vm_object *object);
