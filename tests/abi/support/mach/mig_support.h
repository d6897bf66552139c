/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/* What MIG's stubs include and call. In the reference's world a C library brings this header; the
   functions are in ../stubs.c. */
#include <mach/message.h>
#include <mach/mach_types.h>

mach_port_t mig_get_reply_port(void);
void mig_dealloc_reply_port(mach_port_t port);
void mig_put_reply_port(mach_port_t port);
void mig_allocate(vm_address_t *address, vm_size_t size);
void mig_deallocate(vm_address_t address, vm_size_t size);
vm_size_t mig_strncpy(char *to, const char *from, vm_size_t bytes);
void *memcpy(void *to, const void *from, __SIZE_TYPE__ bytes);
__SIZE_TYPE__ strlen(const char *text);
