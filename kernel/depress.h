/* SPDX-License-Identifier: BSD-2-Clause */
/* Depression: for a while a thread gives way to every other. */
#pragma once

#include <stdint.h>

struct thread;

/* The current thread gets the worst priority, for that many milliseconds or, with 0, until
   depress_end(). */
void depress_begin(uint32_t milliseconds);
/* Gives a depressed thread its priority back. */
void depress_end(struct thread *thread);
/* The priority that a thread is to have while nobody lends it another. */
int depress_entitled(const struct thread *thread);
