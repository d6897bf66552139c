/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * What generated kernel servers need of the kernel: translations between ports and objects.
 * A translation to an object borrows the port and returns the object with a reference that the
 * type's release function drops, or NULL if the port is not of that kind or its object is dead.
 * A translation to a port consumes the object reference and returns a send right (or NULL).
 * Each function is defined by the owner of its object.
 */
#include <mach/mach_types.h>

#include "ipc/space_table.h"
#include "kernel/task.h"
#include "mm/object_lifetime.h"
#include "mm/vm_map.h"

task_t convert_port_to_task(mach_port_t port);
mach_port_t convert_task_to_port(task_t task);

thread_t convert_port_to_thread(mach_port_t port);
mach_port_t convert_thread_to_port(thread_t thread);

/* From a task's port. */
vm_map_t convert_port_to_map(mach_port_t port);

/* From a task's port. */
ipc_space_t convert_port_to_space(mach_port_t port);

/* From either host port; to the name port. Hosts are not counted. */
host_t convert_port_to_host(mach_port_t port);
mach_port_t convert_host_to_port(host_t host);
host_t convert_port_to_host_priv(mach_port_t port);

/* Processors are not counted. */
processor_t convert_port_to_processor(mach_port_t port);
mach_port_t convert_processor_to_port(processor_t processor);

processor_set_t convert_port_to_processor_set(mach_port_t port);
mach_port_t convert_processor_set_to_port(processor_set_t set);
processor_set_t convert_port_to_processor_set_name(mach_port_t port);
mach_port_t convert_processor_set_name_to_port(processor_set_t set);

/* From a live memory control port. */
vm_object_t convert_port_to_memory_control(mach_port_t port);

/* From a memory object's name port. */
vm_object_t convert_port_to_memory_name(mach_port_t port);

device_t convert_port_to_device(mach_port_t port);
mach_port_t convert_device_to_port(device_t device);

io_perm_t convert_port_to_io_perm(mach_port_t port);
mach_port_t convert_io_perm_to_port(io_perm_t io_perm);
void io_perm_deallocate(io_perm_t io_perm);
