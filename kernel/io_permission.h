/* SPDX-License-Identifier: BSD-2-Clause */
/* Ports that stand for the right to use a range of I/O ports (i386_io_perm_create). */
#pragma once

struct port;

/* Nobody holds a send right to this permission any more: it ends. */
void io_permission_no_senders(struct port *port);
void io_permission_init(void);
