/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Tasks, threads, ports, maps.
 */
#include <mig/porthole_debug.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"

#define KERNEL_TASK "kernel"

static unsigned long milliseconds(uint64_t nanoseconds)
{
    return nanoseconds / 1000000;
}

static unsigned long kilobytes(uint64_t bytes)
{
    return bytes / 1024;
}

void command_tasks(int argc, char **argv)
{
    porthole_task_array_t tasks;
    mach_msg_type_number_t count;

    (void)argc, (void)argv;
    if (!worked("tasks", porthole_tasks(shell.host, &tasks, &count)))
        return;
    printf("%-16s %7s %9s %9s %6s %7s %9s %9s\n", "task", "threads", "size K", "mapped K", "names",
        "faults", "by pagers", "time ms");
    for (unsigned i = 0; i < count; i++) {
        const porthole_task_t *task = &tasks[i];

        printf("%-16.32s %7u %9lu %9lu %6u %7u %9u %9lu%s%s\n", task->name, task->thread_count,
            kilobytes(task->virtual_size), kilobytes(task->resident_size), task->right_count,
            task->fault_count, task->pager_fault_count, milliseconds(task->run_time),
            task->suspend_count ? " suspended" : "", task->essential ? " essential" : "");
    }
    release(tasks, count * sizeof(*tasks));
}

void command_threads(int argc, char **argv)
{
    porthole_thread_array_t threads;
    mach_msg_type_number_t count;

    if (!worked("threads", porthole_threads(shell.host, &threads, &count)))
        return;
    printf("%-16s %-16s %3s %8s  %s\n", "task", "thread", "pri", "time ms", "state");
    for (unsigned i = 0; i < count; i++) {
        const porthole_thread_t *thread = &threads[i];

        if (argc > 1 && strcmp(thread->task_name, argv[1]) != 0)
            continue;
        printf("%-16.32s %-16.32s %3d %8lu  %.32s", thread->task_name, thread->name,
            thread->priority, milliseconds(thread->run_time), thread->state);
        if (thread->reason[0] != '\0')
            printf(" for %.64s", thread->reason);
        if (thread->whom[0] != '\0')
            printf(": %.96s", thread->whom);
        printf("\n");
    }
    release(threads, count * sizeof(*threads));
}

void command_processors(int argc, char **argv)
{
    porthole_processor_array_t processors;
    mach_msg_type_number_t count;

    (void)argc, (void)argv;
    if (!worked("processors", porthole_processors(shell.host, &processors, &count)))
        return;
    printf("%3s %9s %9s %9s %9s %11s %8s %8s  %s\n", "", "idle ms", "locked", "waited", "for us",
        "longest us", "calls", "flushes", "runs");
    for (unsigned i = 0; i < count; i++) {
        const porthole_processor_t *it = &processors[i];

        printf("%3u %9lu %9lu %9lu %9lu %11lu %8lu %8lu  %.32s %.32s%s\n", it->slot,
            milliseconds(it->idle_time), it->lock_acquisitions, it->lock_contended,
            it->lock_wait_time / 1000, it->lock_longest_hold / 1000, it->calls, it->flushes,
            it->task, it->thread, it->in_service ? "" : " (out of service)");
    }
    release(processors, count * sizeof(*processors));
}

/* Fetches all task ports; both lists name the tasks in the order of the kernel's list, which begins with
   its own task, whose port nobody gets. */
static kern_return_t all_task_ports(task_array_t *ports, mach_msg_type_number_t *count)
{
    mach_port_t set_name, set;
    kern_return_t result = processor_set_default(shell.host, &set_name);

    if (result != KERN_SUCCESS)
        return result;
    result = host_processor_set_priv(shell.host, set_name, &set);
    mach_port_deallocate(mach_task_self(), set_name);
    if (result != KERN_SUCCESS)
        return result;
    result = processor_set_tasks(set, ports, count);
    mach_port_deallocate(mach_task_self(), set);
    return result;
}

/* The position of the first task of a name among those whose ports are to be had; -1. */
static int position_of(const char *name, uint64_t *identity)
{
    porthole_task_array_t tasks;
    mach_msg_type_number_t count;
    int position = 0, found = -1;

    if (porthole_tasks(shell.host, &tasks, &count) != KERN_SUCCESS)
        return -1;
    for (unsigned i = 0; i < count && found < 0; i++) {
        if (strcmp(tasks[i].name, KERNEL_TASK) == 0 && i == 0)
            continue;
        if (strcmp(tasks[i].name, name) == 0) {
            found = position;
            *identity = tasks[i].identity;
        }
        position++;
    }
    release(tasks, count * sizeof(*tasks));
    if (found < 0)
        printf("%s: no such task\n", name);
    return found;
}

uint64_t task_identity(const char *name)
{
    uint64_t identity = 0;

    position_of(name, &identity);
    return identity;
}

mach_port_t task_by_name(const char *name)
{
    task_array_t ports;
    mach_msg_type_number_t count;
    mach_port_t task = MACH_PORT_NULL;
    uint64_t identity;
    int position = position_of(name, &identity);

    if (position < 0 || !worked("task ports", all_task_ports(&ports, &count)))
        return MACH_PORT_NULL;
    for (unsigned i = 0; i < count; i++) {
        if ((int)i == position)
            task = ports[i];
        else
            mach_port_deallocate(mach_task_self(), ports[i]);
    }
    release(ports, count * sizeof(*ports));
    return task;
}

static const char *kind(mach_port_type_t type)
{
    if (type & MACH_PORT_TYPE_PORT_SET)
        return "port set";
    if (type & MACH_PORT_TYPE_DEAD_NAME)
        return "dead name";
    if (type & MACH_PORT_TYPE_SEND_ONCE)
        return "send-once";
    if ((type & MACH_PORT_TYPE_SEND_RECEIVE) == MACH_PORT_TYPE_SEND_RECEIVE)
        return "receive, send";
    return type & MACH_PORT_TYPE_RECEIVE ? "receive" : "send";
}

static void print_name(mach_port_t task, mach_port_t name, mach_port_type_t type)
{
    mach_port_status_t status;
    mach_port_urefs_t references;

    printf("  %#10x  %-14s", name, kind(type));
    if ((type & MACH_PORT_TYPE_SEND) &&
        mach_port_get_refs(task, name, MACH_PORT_RIGHT_SEND, &references) == KERN_SUCCESS)
        printf("  %u references", references);
    if ((type & MACH_PORT_TYPE_RECEIVE) &&
        mach_port_get_receive_status(task, name, &status) == KERN_SUCCESS)
        printf("  %u of %u messages, seqno %u%s, %u send-once", status.mps_msgcount,
            status.mps_qlimit, status.mps_seqno, status.mps_srights ? ", has senders" : "",
            status.mps_sorights);
    printf("\n");
}

void command_ports(int argc, char **argv)
{
    mach_port_name_array_t names;
    mach_port_type_array_t types;
    mach_msg_type_number_t name_count, type_count;
    mach_port_t task;

    if (argc != 2) {
        printf("usage: ports TASK\n");
        return;
    }
    task = task_by_name(argv[1]);
    if (task == MACH_PORT_NULL)
        return;
    if (worked("ports", mach_port_names(task, &names, &name_count, &types, &type_count))) {
        for (unsigned i = 0; i < name_count; i++)
            print_name(task, names[i], types[i]);
        release(names, name_count * sizeof(*names));
        release(types, type_count * sizeof(*types));
    }
    mach_port_deallocate(mach_task_self(), task);
}

void command_map(int argc, char **argv)
{
    static const char *const inheritance[] = {"share", "copy", "none"};
    porthole_region_array_t regions;
    mach_msg_type_number_t count;
    uint64_t identity;

    if (argc != 2) {
        printf("usage: map TASK\n");
        return;
    }
    identity = task_identity(argv[1]);
    if (identity == 0 ||
        !worked("map", porthole_regions(shell.host, identity, &regions, &count)))
        return;
    for (unsigned i = 0; i < count; i++) {
        const porthole_region_t *region = &regions[i];

        printf("  %012lx-%012lx %c%c%c %-5s object %lx + %lx%s%s%s\n", region->start, region->end,
            region->protection & VM_PROT_READ ? 'r' : '-',
            region->protection & VM_PROT_WRITE ? 'w' : '-',
            region->protection & VM_PROT_EXECUTE ? 'x' : '-',
            region->inheritance >= 0 && region->inheritance <= 2 ? inheritance[region->inheritance]
                                                                 : "?",
            region->object, region->offset,
            region->flags & PORTHOLE_REGION_NEEDS_COPY ? " copy-on-write" : "",
            region->flags & PORTHOLE_REGION_DEVICE ? " device" : "",
            region->wired_count ? " wired" : "");
    }
    release(regions, count * sizeof(*regions));
}

/* What kill, suspend and resume have in common. */
static void on_task(int argc, char **argv, kern_return_t (*call)(mach_port_t))
{
    mach_port_t task;

    if (argc != 2) {
        printf("usage: %s TASK\n", argv[0]);
        return;
    }
    task = task_by_name(argv[1]);
    if (task == MACH_PORT_NULL)
        return;
    worked(argv[1], call(task));
    mach_port_deallocate(mach_task_self(), task);
}

void command_kill(int argc, char **argv)
{
    on_task(argc, argv, task_terminate);
}

void command_suspend(int argc, char **argv)
{
    on_task(argc, argv, task_suspend);
}

void command_resume(int argc, char **argv)
{
    on_task(argc, argv, task_resume);
}
