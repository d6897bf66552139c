/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach.h>
#include <servers/pager_statistics.h>

#include "client.h"

/* The system's default pager, for tests that are started with the real servers. */

/* A service that the name service knows; waits until it does. */
mach_port_t service_port(const char *name);
/* The default pager's service port; waits until it has paging space. */
mach_port_t pager_port(void);
/* Starts a program of the archive as servers.cfg would: its task. */
mach_port_t program_begin(const char *name, const char *arguments);

void pager_counts(pager_statistics_t *counts);
/* Waits until every page supplied is completed and nothing changes any more; the counts then. */
void pager_settle(pager_statistics_t *counts);
/* Blocks that new pages may take. */
uint64_t pager_free_blocks(void);

/* Evicts the page at an address, and waits as long as the pager has too much to do. FALSE if there is
   no page resident. */
boolean_t page_evict(vm_address_t address);
/* The same for all pages of a range. */
void pages_evict(vm_address_t address, vm_size_t size);
