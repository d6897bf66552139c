/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How objects come and go: memory_object_create, init, terminate, and the end of the last sender.
 */
#pragma once

#include <mach/message.h>
#include <mach/port.h>

/* The port that the kernel sends memory_object_create to, and the sets that threads receive from.
 */
struct lifecycle_ports {
    mach_port_t manager;      /* receive right, registered with the kernel */
    mach_port_t internal_set; /* objects made by the kernel: privileged threads */
    mach_port_t external_set; /* objects made for clients: threads of their own (DP3) */
};
extern struct lifecycle_ports lifecycle_ports;

/* Makes an object for clients; *port is its receive right. KERN_RESOURCE_SHORTAGE. */
kern_return_t lifecycle_create_external(mach_port_t *port);
/* Asks to be told when the kernel, and whoever had the manager port from it, have given it up. */
void lifecycle_watch_manager(void);
/*
 * No send right to an object is left (notification 70): frees all that it has. To the manager port: another pager has
 * taken its place, and this one ends with its last object.
 */
void lifecycle_no_senders(mach_port_t port, mach_port_seqno_t seqno, mach_port_mscount_t count);
/* A message that no handler wants was taken from a port: gives its turn away (H-18). */
void lifecycle_skip(mach_port_t port, mach_port_seqno_t seqno);
