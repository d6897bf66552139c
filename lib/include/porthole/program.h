/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PORTHOLE_PROGRAM_H
#define PORTHOLE_PROGRAM_H

#include <mach/boolean.h>
#include <mach/kern_return.h>
#include <mach/message.h>
#include <stddef.h>

#define PROGRAM_ARGUMENTS_MAX 32
#define PROGRAM_STACK_BYTES   ((vm_size_t)256 * 1024)

/* A right that the program gets; the disposition as in mach_port_insert_right. */
struct program_port {
    mach_port_t right;
    mach_msg_type_name_t disposition;
};

struct program {
    const void *image;                /* a static ELF file in memory */
    size_t image_bytes;
    int argc;                         /* at most PROGRAM_ARGUMENTS_MAX */
    const char *const *argv;          /* "@0", "@1".. become the decimal names of ports[0].. */
    const struct program_port *ports;
    unsigned port_count;
    mach_port_t bootstrap;            /* becomes the task's bootstrap port, if not NULL */
    boolean_t suspended;              /* the caller will thread_resume it */
};

/*
 * Makes a task that runs the program. Returns send rights to the task and its thread (thread may be
 * NULL: not wanted). KERN_INVALID_ARGUMENT: no program that can run here; otherwise what the kernel
 * said; then nothing is left of the task.
 */
kern_return_t program_start(const struct program *program, mach_port_t *task, mach_port_t *thread);

#endif
