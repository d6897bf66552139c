/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * How associations end: the last use, memory_object_destroy, the manager's death.
 */
#pragma once

struct port;
struct vm_object;

/* Sends terminate and gives up the ports: what had to be returned is queued, no paging in progress. */
void association_terminate(struct vm_object *object);
/* Goes on with memory_object_destroy once no paging is in progress. */
void association_finish_destroy(struct vm_object *object);
/* The receive right of a memory object port is gone; called by the port's destruction: requests fail,
   resident pages stay (D-22..D-24). */
void vm_object_port_died(struct port *memory_object);
