/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The registered default memory manager, who keeps anonymous memory.
 */
#pragma once

#include <stdint.h>

struct port;

/* The default pager's port: a borrowed send right, or NULL. */
struct port *default_manager_port(void);
/* Pages per request that objects given to it from now on use. */
uint32_t default_manager_cluster_pages(void);
/* A port died: if it is the default pager's, the system stops and says so (D-31). */
void default_manager_port_died(const struct port *port);
