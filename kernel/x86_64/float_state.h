/* SPDX-License-Identifier: BSD-2-Clause */
/* The floating-point flavors of thread_get_state and thread_set_state. */
#pragma once

#include <mach/kern_return.h>
#include <stdint.h>

/* i386_FLOAT_STATE from and to a thread's area. */
kern_return_t float_state_get(const void *area, uint32_t *state, uint32_t *count);
kern_return_t float_state_set(void *area, const uint32_t *state, uint32_t count);
/* i386_XFLOAT_STATE: the area as it is. */
kern_return_t xfloat_state_get(const void *area, uint32_t *state, uint32_t *count);
kern_return_t xfloat_state_set(void *area, const uint32_t *state, uint32_t count);
/* Bytes of a whole i386_xfloat_state here; i386_get_xstate_size returns it. */
uint32_t xfloat_state_bytes(void);
