/* SPDX-License-Identifier: BSD-2-Clause */
/* The threads that use the object: each does one thing at a time, and says so at the memory object port. */
#pragma once

#include <mach.h>

#include "model.h"

#define ID_CLIENT_DONE 9000 /* and its number */

void clients_start(void);
/* Reads or writes a word, or calls vm_msync, in its thread. */
void client_order_touch(unsigned client, const struct model_touch *touch, vm_address_t address);
/* What that gives, from any thread. */
uint64_t client_touch(const struct model_touch *touch, vm_address_t address);
void client_order_sync(unsigned client, vm_address_t address, vm_size_t size, int flags);
/* What it read or wrote, or what vm_msync said; when it has said that it is done. */
uint64_t client_result(unsigned client);
/* The number of a thread; MODEL_CLIENTS: none of them. */
unsigned client_of_thread(mach_port_t thread);
/* Returns when it sleeps in the kernel. */
void client_wait_asleep(unsigned client);
/* Has a sleeping thread, or one that is in an exception, wait for its next order. */
void client_abort(unsigned client);
void client_redirect(unsigned client);
