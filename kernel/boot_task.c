/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/boot_task.h"

#include "ipc/port.h"
#include "ipc/space.h"
#include "kernel/device.h"
#include "kernel/host.h"
#include "kernel/printf.h"
#include "kernel/program.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/x86_64/thread_state.h"

const char *boot_task_create(struct boot_line *line)
{
    if (task_create_from(kernel_task, false, &line->task) != KERN_SUCCESS)
        return "finds no memory for its task";
    strlcpy(line->task->name, line->file, sizeof line->task->name);
    return NULL;
}

/* Puts a send right into the task and writes its name; consumes the right. */
static bool give_right(struct task *task, struct port *right, char *value, size_t bytes)
{
    mach_port_name_t name;

    if (space_insert_send(task->space, right, &name) != KERN_SUCCESS) {
        port_release_send(right);
        return false;
    }
    snprintf(value, bytes, "%u", name);
    return true;
}

bool boot_task_port_variable(struct task *task, const char *name, char *value, size_t bytes)
{
    struct port *port = strcmp(name, "host-port") == 0     ? host_privileged.port
                        : strcmp(name, "device-port") == 0 ? device_master
                                                           : NULL;

    return port && give_right(task, port_make_send(port), value, bytes);
}

bool boot_task_give(struct task *task, struct task *other, char *value, size_t bytes)
{
    return give_right(task, port_make_send(other->self), value, bytes);
}

const char *boot_task_load(struct boot_line *line, const void *file, size_t bytes)
{
    struct vm_map *map = line->task->map;
    uint64_t entry, sp;
    const char *wrong = elf_load(map, file, bytes, &entry);

    if (!wrong)
        wrong = program_stack_make(map, line->arguments, line->argument_count, &sp);
    if (wrong)
        return wrong;
    if (thread_create_in(line->task, &line->thread) != KERN_SUCCESS)
        return "finds no memory for its thread";
    strlcpy(line->thread->name, "main", sizeof line->thread->name);
    thread_machine_set_entry(line->thread, entry, sp);
    return NULL;
}

void boot_task_start(struct boot_line *line)
{
    if (line->resume != BOOT_STAY)
        thread_resume_thread(line->thread);
    thread_release(line->thread);
    task_release(line->task);
    line->thread = NULL;
    line->task = NULL;
}
