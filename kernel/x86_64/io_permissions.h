/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * I/O ports that a task may use. The TSS holds the bitmap of one task at a time; it is loaded by the
 * general protection fault of the first access, so that a thread switch costs a comparison.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define IO_PORTS 65536u

/* struct task's io_permissions. Made by io_permissions_create: everything denied. */
struct io_permissions {
    uint8_t denied[IO_PORTS / 8];       /* a bit per port */
};

/* New, everything denied; NULL when memory is short. */
struct io_permissions *io_permissions_create(void);
/* Frees; NULL is allowed. The task's pointer must be cleared first. */
void io_permissions_destroy(struct io_permissions *permissions);
/* Allows or denies ports first..last (inclusive). */
void io_permissions_set(struct io_permissions *permissions, uint16_t first, uint16_t last,
                        bool allow);
/* Copies the first `bytes` bytes of a bitmap of denied ports; NULL denies all. */
void io_permissions_read(const struct io_permissions *permissions, void *denied, uint32_t bytes);
/* After a fault in user mode: loads the current task's bitmap; true if that may cure it. */
bool io_permissions_load(void);
/* Called by the thread switch while any bitmap is loaded: makes it count only for its owner. */
void io_permissions_switch(const struct io_permissions *permissions);
