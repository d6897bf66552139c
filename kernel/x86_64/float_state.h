/* SPDX-License-Identifier: BSD-2-Clause */
/* The floating-point flavors of thread_get_state and thread_set_state. */
#pragma once

#include <mach/kern_return.h>
#include <stdint.h>

/* i386_FLOAT_STATE from and to a thread's area; the state has room for all of it. */
void float_state_get(const void *area, uint32_t *state);
void float_state_set(void *area, const uint32_t *state);
/* i386_XFLOAT_STATE: the area as it is, in xfloat_state_bytes(). KERN_INVALID_ARGUMENT: what the processor would
   not take. */
void xfloat_state_get(const void *area, uint32_t *state);
kern_return_t xfloat_state_set(void *area, const uint32_t *state);
/* Bytes of a whole i386_xfloat_state here. */
uint32_t xfloat_state_bytes(void);
