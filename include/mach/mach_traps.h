/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_MACH_TRAPS_H
#define MACH_MACH_TRAPS_H

#include <mach/boolean.h>
#include <mach/kern_return.h>
#include <mach/message.h>
#include <mach/port.h>

#ifndef KERNEL
/* A new receive right, MACH_PORT_NULL on failure. */
mach_port_name_t mach_reply_port(void);
/* A send right (one more reference each time) to the caller's thread, task, host name port. */
mach_port_name_t mach_thread_self(void);
mach_port_name_t mach_task_self(void);
mach_port_name_t mach_host_self(void);
/* Writes a string on the console. */
void mach_print(const char *string);
/* Gives the processor away; TRUE if other threads wait for it. */
boolean_t swtch(void);
boolean_t swtch_pri(int priority);
/* Hands the processor to a thread; option and time (ms) as <mach/thread_switch.h> says. */
kern_return_t thread_switch(mach_port_name_t thread, int option, mach_msg_timeout_t time);
#endif

#endif
