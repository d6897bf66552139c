/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * Boot modules made for GNU Mach: nothing here or in the modules comes from this tree's headers,
 * stubs or library. A file of tests/abi/ is one module that exercises one subsystem; it defines
 * module(), which makes checks. Each check is a line of TAP on the report channel (com1) and the
 * console; the first that fails powers the machine off.
 */
#include <mach/mach_types.h>
#include <mach/message.h>
#include <mach/mig_errors.h>
#include <mach/notify.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE  ((vm_size_t)4096)
#define NEVER 10000 /* ms: longer than any wait of a test that goes well */

/* The traps (traps.S). */
extern mach_port_t mach_reply_port(void);
extern mach_port_t mach_thread_self(void);
extern mach_port_t mach_task_self(void);
extern mach_port_t mach_host_self(void);
extern void mach_print(const char *text);
extern boolean_t swtch_pri(int priority);
extern boolean_t swtch(void);
extern kern_return_t thread_switch(mach_port_t thread, int option, int milliseconds);

/* The privileged host port and the device master, by the line in boot.cfg. */
extern mach_port_t host_port, device_master;
/* This task, asked for once. */
extern mach_port_t self;

/* What the module is: its checks. */
void module(void);

/* Reports one check; what does not hold ends the module. */
void check(int holds, const char *words);
/* The same for a result, told if it is another than expected. */
void check_code(kern_return_t result, kern_return_t expected, const char *words);
#define check_ok(result, words) check_code(result, KERN_SUCCESS, words)

/* A thread of this task at function(argument), on a stack of its own; its port. */
mach_port_t thread_begin(void (*function)(void *), void *argument);
/* Ends the calling thread. */
void thread_end(void) __attribute__((noreturn));
/* Waits, at most NEVER, until the flag is set; whether it is. */
int wait_for(volatile int *flag);

/* A fresh receive right; with a send right under the same name if asked for. */
mach_port_t port_make(int with_send);
/* All kinds of rights that this task has under a name; 0 if none. */
mach_port_type_t port_type(mach_port_t name);
/* User references under a name for a kind of right. */
unsigned port_refs(mach_port_t name, mach_port_right_t right);
/* How many names this task has. */
unsigned port_names(void);
/* Sends a message without body, to be received as id. */
mach_msg_return_t send_empty(mach_port_t port, mach_msg_type_name_t disposition, mach_msg_id_t id);
/* Receives into a buffer, waiting at most so long (ms). */
mach_msg_return_t receive(mach_port_t port, void *buffer, mach_msg_size_t bytes, unsigned limit);
/* The servers that MIG makes; the module brings the routines. */
boolean_t exc_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t notify_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t task_notify_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t memory_object_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t device_reply_server(mach_msg_header_t *request, mach_msg_header_t *reply);
/* Receives one message and gives it to a server that MIG made; what came wrong, or the id's answer. */
mach_msg_return_t serve_one(boolean_t (*server)(mach_msg_header_t *, mach_msg_header_t *),
                            mach_port_t port);
/* The id of the message that serve_one received last. */
extern mach_msg_id_t served_id;

/* Of the C library, as little as is needed. */
void *memcpy(void *to, const void *from, size_t bytes);
size_t strlen(const char *text);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *left, const void *right, size_t bytes);
int strcmp(const char *left, const char *right);
