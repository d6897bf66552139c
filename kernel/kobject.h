/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Kernel objects behind ports: what a message to a kernel-held port names, and how it is served.
 */
#pragma once

struct message;

enum kobject_type {
    KOBJECT_NONE,
    KOBJECT_TASK,
    KOBJECT_THREAD,
    KOBJECT_HOST,
    KOBJECT_HOST_PRIV,
    KOBJECT_PROCESSOR,
    KOBJECT_PROCESSOR_SET,
    KOBJECT_PROCESSOR_SET_NAME,
    KOBJECT_DEVICE_MASTER,
    KOBJECT_DEVICE,
    KOBJECT_DEVICE_MEMORY,     /* what device_map answers */
    KOBJECT_IO_PERMISSION,
    KOBJECT_MEMORY_CONTROL,
    KOBJECT_MEMORY_NAME,
    KOBJECT_MEMORY_PROXY,
    KOBJECT_REPLY,             /* reply port of a kernel thread's own RPC */
    KOBJECT_TYPES
};

/* Gathers the generated servers. */
void kobject_init(void);
/*
 * Serves a request to a kernel-held port in the sender's thread, by the MIG routine that its id
 * names. Consumes the request. Returns the reply, ready to be sent to its remote port, or NULL when
 * there is none (one-way, MIG_NO_REPLY, no reply port).
 * ipc.md 8: on any code but KERN_SUCCESS and MIG_NO_REPLY the request's rights and memory are
 * destroyed here; an unknown id is answered MIG_BAD_ID.
 */
struct message *kobject_serve(struct message *request);
