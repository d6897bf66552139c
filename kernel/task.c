/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/task.h"

#include <mig/gnumach_server.h>
#include <mig/task_notify.h>

#include "ipc/port.h"
#include "ipc/space_table.h"
#include "kernel/panic.h"
#include "kernel/pc_sample.h"
#include "kernel/printf.h"
#include "kernel/sched.h"
#include "kernel/string.h"
#include "kernel/trace.h"
#include "kernel/x86_64/io_permissions.h"
#include "kernel/x86_64/time.h"
#include "mm/kmem.h"
#include "mm/page.h"
#include "mm/vm_map.h"
#include "mm/vm_map_fork.h"

#define TASKS_MIN 64u
#define FRAMES_PER_TASK 64u /* memory for each task that may exist: bounds what users can take */
#define UNHEARD_MAX 1024u /* notifications in the queue: bounds what makers of tasks can take */

struct list task_list = LIST_INITIALIZER(task_list);
unsigned task_count;
struct task *kernel_task;

static struct kmem_cache task_cache;
static struct port *listener; /* a send right, or NULL */

struct task *task_of_identity(uint64_t identity)
{
    list_for_each(&task_list, node) {
        struct task *task = list_entry(node, struct task, link);

        if ((uint64_t)task == identity)
            return task;
    }
    return NULL;
}

unsigned task_count_threads(void)
{
    unsigned count = 0;

    list_for_each(&task_list, node)
        count += list_entry(node, struct task, link)->thread_count;
    return count;
}

/* An empty task: one reference, on no list, without map, space and ports. */
static struct task *task_allocate(void)
{
    struct task *task = kmem_cache_alloc(&task_cache);

    if (!task)
        return NULL;
    memset(task, 0, sizeof *task);
    task->references = 1;
    list_init(&task->threads);
    task->priority = SCHED_PRIORITY_USER;
    task->created_ns = clock_now_ns();
    return task;
}

static void task_free(struct task *task)
{
    struct io_permissions *permissions = task->io_permissions;

    task->io_permissions = NULL;
    io_permissions_destroy(permissions);
    pc_samples_free(task->pc_samples);
    vm_map_release(task->map);
    space_release(task->space);
    kmem_cache_free(&task_cache, task);
}

static void task_enter_list(struct task *task)
{
    task->active = true;
    list_insert_tail(&task_list, &task->link);
    task_count++;
    trace(PORTHOLE_TRACE_TASK, 0, (uint64_t)task, 0);
}

void task_init(void)
{
    uint32_t limit = page_counts.total / FRAMES_PER_TASK;

    kmem_cache_init(&task_cache, "tasks", sizeof(struct task), 0,
                    limit < TASKS_MIN ? TASKS_MIN : limit);
    kernel_task = task_allocate();
    if (!kernel_task)
        panic("no memory for the kernel task");
    kernel_task->map = kernel_map;
    strlcpy(kernel_task->name, "kernel", sizeof kernel_task->name);
    task_enter_list(kernel_task);
}

/* What a child has from its parent besides memory. */
static void task_inherit(struct task *task, const struct task *parent)
{
    task->exception_port = port_copy_send(parent->exception_port);
    task->bootstrap_port = port_copy_send(parent->bootstrap_port);
    for (unsigned i = 0; i < TASK_PORT_REGISTER_MAX; i++)
        task->registered[i] = port_copy_send(parent->registered[i]);
    task->priority = parent->priority;
    if (parent != kernel_task)
        snprintf(task->name, sizeof task->name, "(%s)", parent->name);
}

/*
 * Consumes the right when it succeeds. One port may be registered until it dies (GNU Mach: for
 * ever); the null port is none. KERN_INVALID_HOST; KERN_NO_ACCESS: there is one.
 */
kern_return_t register_new_task_notification(host_t host_priv, mach_port_t notification)
{
    if (!host_priv)
        return KERN_INVALID_HOST;
    if (listener && listener->active)
        return KERN_NO_ACCESS;
    port_release_send(listener);
    listener = PORT_VALID(notification) ? notification : NULL;
    return KERN_SUCCESS;
}

/*
 * Sends mach_notify_new_task with send rights for a task that has just been made and its parent (the
 * null port for the kernel's), if somebody has asked for it. False: the message would be lost, for
 * lack of memory or because too many have not been received yet. Does not sleep.
 */
static bool tell_of(struct task *task, struct task *parent)
{
    if (!listener || !listener->active)
        return true;
    if (listener->message_count >= UNHEARD_MAX)
        return false;
    return mach_notify_new_task(listener, port_make_send(task->self),
                                parent->self ? port_make_send(parent->self) : NULL) !=
           MACH_SEND_NO_BUFFER;
}

/*
 * Makes a task with an empty map, or with what the parent's map lets it inherit.
 *
 * Conditions: the caller holds a reference on the parent. May sleep interruptibly.
 * Results: KERN_SUCCESS and a new reference; KERN_TERMINATED: the parent died; KERN_ABORTED;
 * KERN_RESOURCE_SHORTAGE.
 */
kern_return_t task_create_from(struct task *parent, bool inherit_memory, struct task **result)
{
    struct task *task = task_allocate();
    kern_return_t status = KERN_SUCCESS;

    if (!task)
        return KERN_RESOURCE_SHORTAGE;
    if (inherit_memory)
        status = vm_map_fork(parent->map, &task->map);
    else
        task->map = vm_map_create();
    if (status == KERN_SUCCESS && !parent->active)
        status = KERN_TERMINATED;
    if (status == KERN_SUCCESS && task->map)
        task->space = space_create(task);
    if (status == KERN_SUCCESS && task->space)
        task->self = port_create_kernel(KOBJECT_TASK, task);
    if (status == KERN_SUCCESS && !task->self)
        status = KERN_RESOURCE_SHORTAGE;
    if (status != KERN_SUCCESS) {
        task_free(task);
        return status;
    }
    task->self_send = port_make_send(task->self);
    task_inherit(task, parent);
    task_enter_list(task);
    task_reference(task);
    if (!tell_of(task, parent)) {
        task_terminate_task(task);
        task_release(task);
        return KERN_RESOURCE_SHORTAGE;
    }
    *result = task;
    return KERN_SUCCESS;
}

void task_reference(struct task *task)
{
    task->references++;
}

void task_release(struct task *task)
{
    if (task && --task->references == 0)
        task_free(task);
}

static void task_release_ports(struct task *task)
{
    port_release_send(task->self_send);
    port_release_send(task->exception_port);
    port_release_send(task->bootstrap_port);
    task->self_send = task->exception_port = task->bootstrap_port = NULL;
    for (unsigned i = 0; i < TASK_PORT_REGISTER_MAX; i++) {
        port_release_send(task->registered[i]);
        task->registered[i] = NULL;
    }
}

/*
 * Ends a task. Its threads that are in the kernel find the map dead and the space empty when they
 * go on, and leave on their way to user mode.
 *
 * Conditions: the caller holds a reference. kernel_task never ends: no port names it.
 */
kern_return_t task_terminate_task(struct task *task)
{
    struct port *self = task->self;

    if (!task->active || task == kernel_task)
        return KERN_FAILURE;
    task->active = false;
    list_remove(&task->link);
    task_count--;
    task->self = NULL;
    port_destroy_kernel(self);
    list_for_each(&task->threads, node)
        thread_terminate_thread(list_entry(node, struct thread, task_link));
    task_release_ports(task);
    space_destroy(task->space);
    vm_map_destroy(task->map);
    if (task->essential)
        kprintf("task %s, which the system needs, has ended\n", task->name);
    task_release(task);
    return KERN_SUCCESS;
}

static struct thread *thread_that_runs_elsewhere(struct task *task)
{
    list_for_each(&task->threads, node) {
        struct thread *thread = list_entry(node, struct thread, task_link);

        if (sched_runs_elsewhere(thread))
            return thread;
    }
    return NULL;
}

/* Returns when no thread of a suspended task is in user mode, or somebody has resumed it. */
static void await_stop(struct task *task)
{
    struct thread *thread;

    while (task->suspend_count > 0 && (thread = thread_that_runs_elsewhere(task)) != NULL) {
        thread_reference(thread);
        thread_await_stop(thread);
        thread_release(thread);
    }
}

kern_return_t task_suspend_task(struct task *task)
{
    if (!task->active || task == kernel_task)
        return KERN_TERMINATED;
    if (task->suspend_count++ == 0)
        list_for_each(&task->threads, node)
            sched_set_ast(list_entry(node, struct thread, task_link), AST_SUSPEND);
    await_stop(task); /* also for one who suspends it while another still waits */
    return KERN_SUCCESS;
}

kern_return_t task_resume_task(struct task *task)
{
    if (!task->active)
        return KERN_TERMINATED;
    if (task->suspend_count == 0)
        return KERN_FAILURE;
    if (--task->suspend_count > 0)
        return KERN_SUCCESS;
    list_for_each(&task->threads, node)
        thread_release_stopped(list_entry(node, struct thread, task_link));
    return KERN_SUCCESS;
}
