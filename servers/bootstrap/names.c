/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name service. Whoever has the bootstrap port may register: the programs of one archive trust
 * each other so far.
 */
#include "names.h"

#include <mig/bootstrap_server.h>
#include <stdio.h>
#include <string.h>

#define NAMES_MAX 64

static struct service {
    char name[sizeof(bootstrap_name_t)];
    mach_port_t port; /* a send right, owned; MACH_PORT_NULL: slot unused */
} services[NAMES_MAX];

static boolean_t alive(mach_port_t port)
{
    mach_port_type_t type;

    return mach_port_type(mach_task_self(), port, &type) == KERN_SUCCESS &&
           (type & MACH_PORT_TYPE_SEND) != 0;
}

static void forget(struct service *service)
{
    mach_port_deallocate(mach_task_self(), service->port);
    service->port = MACH_PORT_NULL;
}

static struct service *find(const char *name)
{
    for (unsigned i = 0; i < NAMES_MAX; i++) {
        struct service *service = &services[i];

        if (service->port == MACH_PORT_NULL || strcmp(service->name, name) != 0)
            continue;
        if (alive(service->port))
            return service;
        forget(service);
    }
    return NULL;
}

/* A slot for a new name: an unused one, or that of a service that has died. */
static struct service *free_slot(void)
{
    for (unsigned i = 0; i < NAMES_MAX; i++) {
        if (services[i].port != MACH_PORT_NULL && !alive(services[i].port))
            forget(&services[i]);
        if (services[i].port == MACH_PORT_NULL)
            return &services[i];
    }
    return NULL;
}

mach_port_t names_find(const char *name)
{
    struct service *service = find(name);

    return service ? service->port : MACH_PORT_NULL;
}

kern_return_t bootstrap_register(
    mach_port_t bootstrap, const_bootstrap_name_t name, mach_port_t port)
{
    struct service *service = find(name);

    (void)bootstrap;
    if (name[0] == '\0' || strnlen(name, sizeof(bootstrap_name_t)) == sizeof(bootstrap_name_t))
        return KERN_INVALID_ARGUMENT;
    if (service)
        forget(service);
    if (!MACH_PORT_VALID(port))
        return KERN_SUCCESS; /* the name is free again */
    if (!service)
        service = free_slot();
    if (!service)
        return KERN_RESOURCE_SHORTAGE;
    strcpy(service->name, name);
    service->port = port;
    return KERN_SUCCESS;
}

kern_return_t bootstrap_look_up(
    mach_port_t bootstrap, const_bootstrap_name_t name, mach_port_t *port)
{
    (void)bootstrap;
    *port = names_find(name);
    return *port == MACH_PORT_NULL ? KERN_INVALID_NAME : KERN_SUCCESS;
}

kern_return_t bootstrap_list(
    mach_port_t bootstrap, bootstrap_list_t names, mach_msg_type_number_t *count)
{
    mach_msg_type_number_t length = 0;

    (void)bootstrap;
    for (unsigned i = 0; i < NAMES_MAX; i++) {
        size_t bytes = strlen(services[i].name);

        if (services[i].port == MACH_PORT_NULL || length + bytes + 1 > *count)
            continue;
        memcpy(names + length, services[i].name, bytes);
        names[length + bytes] = '\n';
        length += (mach_msg_type_number_t)bytes + 1;
    }
    *count = length;
    return KERN_SUCCESS;
}
