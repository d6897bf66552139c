/* SPDX-License-Identifier: BSD-2-Clause */
/* Exceptions and interrupts, once their registers are saved. */
#pragma once

#include "kernel/x86_64/trap_frame.h"

/* Serves one exception or interrupt; called by trap_entry.asm. */
void trap_handle(struct trap_frame *frame);
/* A name for an exception vector. */
const char *trap_name(unsigned vector);
