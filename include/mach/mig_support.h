/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_MIG_SUPPORT_H
#define MACH_MIG_SUPPORT_H

#include <mach/message.h>
#include <mach/std_types.h>

/* What generated stubs call. In the kernel the reply port is the current thread's own. */
mach_port_t mig_get_reply_port(void);
void mig_dealloc_reply_port(mach_port_t reply_port);
void mig_put_reply_port(mach_port_t reply_port);

/* Copies at most length - 1 characters and a final zero; returns how many with the zero. */
vm_size_t mig_strncpy(char *destination, const char *source, vm_size_t length);
#ifndef KERNEL
/* The same, with zeros up to the end: nothing that was there before travels. */
vm_size_t mig_strncpy_zerofill(char *destination, const char *source, vm_size_t length);
#endif

/* Memory for replies that came inline where the caller expects a region. */
void mig_allocate(vm_address_t *address, vm_size_t size);
void mig_deallocate(vm_address_t address, vm_size_t size);

/* Generated code copies and measures without including <string.h>. */
void *memcpy(void *destination, const void *source, __SIZE_TYPE__ bytes);
__SIZE_TYPE__ strlen(const char *string);

#ifndef KERNEL
/* Makes the header of a reply, with RetCode MIG_BAD_ID, from a request's. */
void mig_reply_setup(const mach_msg_header_t *request, mach_msg_header_t *reply);
#endif

#endif
