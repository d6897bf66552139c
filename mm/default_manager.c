/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vm_set_default_memory_manager and host_default_memory_manager (spec/emmi.md 5.8).
 *
 * One send right is owned here; a swap moves the old one to the caller, so that each right has one
 * owner at any time (H-38).
 */
#include "mm/default_manager.h"

#include <mig/mach_host_server.h>
#include <mig/mach_server.h>

#include "ipc/port.h"
#include "kernel/panic.h"
#include "kernel/string.h"
#include "kernel/task.h"
#include "mm/page.h"
#include "mm/pageout.h"

#define CLUSTER_PAGES_MAX 16u
#define CLUSTER_PAGES_DEFAULT 8u

static struct port *manager;
static uint32_t cluster_pages = CLUSTER_PAGES_DEFAULT;
static char manager_task[32];

struct port *default_manager_port(void)
{
    return manager;
}

uint32_t default_manager_cluster_pages(void)
{
    return cluster_pages;
}

static void remember_task(void)
{
    const struct task *task = port_receiver_task(manager);

    strlcpy(manager_task, task ? task->name : "", sizeof(manager_task));
}

/*
 * Exchanges the default pager. *port NULL: asks only, a copy of the right is returned. Else the right
 * in *port is consumed and the old one (or NULL) moved there.
 * KERN_INVALID_HOST; KERN_INVALID_ARGUMENT: a dead port, or one that the kernel itself serves: it
 * manages no memory, and page-out would wait for itself.
 */
kern_return_t vm_set_default_memory_manager(host_t host, ipc_port_t *port)
{
    struct port *old = manager;

    if (!host)
        return KERN_INVALID_HOST;
    if (*port == NULL) {
        *port = manager ? port_copy_send(manager) : NULL;
        return KERN_SUCCESS;
    }
    if (!PORT_VALID(*port) || !(*port)->active || (*port)->kobject_type != KOBJECT_NONE)
        return KERN_INVALID_ARGUMENT;
    manager = *port;
    remember_task();
    *port = old;
    pageout_wake();
    return KERN_SUCCESS;
}

/* The same; sets also how many bytes one request for anonymous memory may cover (0: one page). */
kern_return_t host_default_memory_manager(host_t host, ipc_port_t *port, vm_size_t cluster_bytes)
{
    bool asked_only = *port == NULL;
    kern_return_t result = vm_set_default_memory_manager(host, port);
    uint64_t pages = cluster_bytes >> PAGE_SHIFT_BITS;

    if (result != KERN_SUCCESS || asked_only)
        return result;
    if (!page_aligned(cluster_bytes) || pages == 0 || (pages & (pages - 1)) != 0)
        pages = 1;
    cluster_pages = pages < CLUSTER_PAGES_MAX ? (uint32_t)pages : CLUSTER_PAGES_MAX;
    return KERN_SUCCESS;
}

void default_manager_port_died(const struct port *port)
{
    if (port == manager)
        panic("default pager died: task %s, port of the default memory manager. "
              "What it kept of anonymous memory is lost; the system stops here",
              manager_task[0] ? manager_task : "(gone)");
}
