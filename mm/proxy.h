/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Proxies: memory objects of the kernel's that stand for a range of another one, with at most some
 * protection. They end when the last send right goes.
 */
#pragma once

#include <stdbool.h>

#include <mach/machine/vm_types.h>
#include <mach/vm_prot.h>

struct port;
struct vm_object;

/* What is behind a proxy: a memory object, or (the other is NULL) anonymous memory. */
struct proxy_target {
    struct port *memory_object; /* a send right */
    struct vm_object *object;   /* a reference */
    vm_prot_t protection;       /* most that may be mapped */
    vm_offset_t start;          /* of the range, in what is behind */
    vm_size_t length;           /* bytes that may be mapped from there */
};

void proxy_init(void);
/* What a port stands for, borrowed as long as the caller has a right to it; false: it is no proxy. */
bool proxy_lookup(struct port *port, struct proxy_target *target);
/* Nobody holds a send right to this port any more. */
void proxy_no_senders(struct port *port);
