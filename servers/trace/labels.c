/* SPDX-License-Identifier: BSD-2-Clause */
#include "labels.h"

#include <mig/porthole_debug.h>
#include <string.h>

#include "channel.h"

#define KNOWN 8192u /* a power of two */

/* A sum of what was written last of an identity: one that pushes another out has that written again, no
   more. */
static uint64_t known[KNOWN];

static boolean_t is_new(uint64_t identity, uint64_t sum, const char *text)
{
    uint64_t *slot = &known[(identity * 0x9e3779b97f4a7c15u) >> 32 & (KNOWN - 1)];

    sum ^= identity;
    for (unsigned i = 0; text[i] != '\0'; i++)
        sum = (sum ^ (unsigned char)text[i]) * 0x100000001b3u;
    if (*slot == sum)
        return FALSE;
    *slot = sum;
    return TRUE;
}

/* When the kernel has told what is being written; 0: that is written itself. */
static uint64_t told;

static void stamp(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    told = (uint64_t)high << 32 | low;
}

/* A line, unless it has been written. */
static void label(const char *what, unsigned numbers, const uint64_t *number, const char *text)
{
    if (!is_new(number[0], number[numbers - 1], text))
        return;
    if (told != 0) {
        channel_text("now");
        channel_number(told);
        channel_text("\n");
        told = 0;
    }
    channel_text(what);
    for (unsigned i = 0; i < numbers; i++)
        channel_number(number[i]);
    channel_text(" ");
    channel_text(text);
    channel_text("\n");
}

static void release(const void *list, vm_size_t bytes)
{
    if (bytes > 0)
        vm_deallocate(mach_task_self(), (vm_address_t)list, bytes);
}

static kern_return_t label_ports(mach_port_t host, uint64_t task)
{
    porthole_port_array_t ports;
    mach_msg_type_number_t count;
    kern_return_t result = porthole_ports(host, task, &ports, &count);

    if (result != KERN_SUCCESS)
        return result == KERN_INVALID_ARGUMENT ? KERN_SUCCESS : result; /* it has ended */
    stamp();
    for (unsigned i = 0; i < count; i++)
        label("port", 4, (uint64_t[]){ports[i].identity, task, ports[i].name, ports[i].object}, "");
    release(ports, count * sizeof *ports);
    return KERN_SUCCESS;
}

static kern_return_t label_tasks(mach_port_t host)
{
    porthole_task_array_t tasks;
    mach_msg_type_number_t count;
    kern_return_t result = porthole_tasks(host, &tasks, &count);

    if (result != KERN_SUCCESS)
        return result;
    stamp();
    for (unsigned i = 0; i < count; i++)
        label("task", 1, &tasks[i].identity, tasks[i].name);
    for (unsigned i = 0; i < count && result == KERN_SUCCESS; i++)
        result = label_ports(host, tasks[i].identity);
    release(tasks, count * sizeof *tasks);
    return result;
}

static kern_return_t label_threads(mach_port_t host)
{
    porthole_thread_array_t threads;
    mach_msg_type_number_t count;
    kern_return_t result = porthole_threads(host, &threads, &count);

    if (result != KERN_SUCCESS)
        return result;
    stamp();
    for (unsigned i = 0; i < count; i++)
        label("thread", 2, (uint64_t[]){threads[i].identity, threads[i].task}, threads[i].name);
    release(threads, count * sizeof *threads);
    return KERN_SUCCESS;
}

static kern_return_t label_objects(mach_port_t host)
{
    porthole_object_array_t objects;
    mach_msg_type_number_t count;
    kern_return_t result = porthole_objects(host, &objects, &count);

    if (result != KERN_SUCCESS)
        return result;
    stamp();
    for (unsigned i = 0; i < count; i++)
        if (objects[i].manager[0] != '\0')
            label("object", 1, &objects[i].identity, objects[i].manager);
    release(objects, count * sizeof *objects);
    return KERN_SUCCESS;
}

kern_return_t labels_write(mach_port_t host)
{
    kern_return_t result = label_tasks(host);

    if (result == KERN_SUCCESS)
        result = label_threads(host);
    if (result == KERN_SUCCESS)
        result = label_objects(host);
    return result;
}
