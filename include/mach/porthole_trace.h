/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_PORTHOLE_TRACE_H
#define MACH_PORTHOLE_TRACE_H

/*
 * What the kernel records as it goes (porthole_trace, <mach/porthole_debug.defs>). The thread that an event
 * is about is the one that its processor ran: the switches and hand-overs before it tell.
 */
#include <stdint.h>

/*
 * An event. The top byte of `object` is its kind; all else of it is an identity (whose top byte is
 * 0xff), or an address. Where a message is told of, `detail` has its id in the upper half and below
 * the sequence number that the receiver sees.
 */
typedef struct porthole_event {
    uint64_t time;      /* ticks of the time stamp counter */
    uint64_t subject;
    uint64_t object;
    uint64_t detail;
} porthole_event_t;
typedef porthole_event_t *porthole_event_array_t;

/* Kinds of events: what is in subject, object and detail. */
#define PORTHOLE_TRACE_HAND_OVER    0xff /* the next thread, which runs at once; port; message */
#define PORTHOLE_TRACE_SWITCH       0x01 /* the next thread; why this one waits; on what */
#define PORTHOLE_TRACE_DELIVER      0x02 /* the thread that the message is given to; port; message */
#define PORTHOLE_TRACE_QUEUE        0x03 /* the message; port; message id */
#define PORTHOLE_TRACE_RECEIVE      0x04 /* the message; port; message */
#define PORTHOLE_TRACE_CALL         0x05 /* when it began; kernel object; message id */
#define PORTHOLE_TRACE_THREAD       0x06 /* a new thread; its task; 0 */
#define PORTHOLE_TRACE_OBJECT_END   0x07 /* 0; a memory object, whose identity may be used again; 0 */
#define PORTHOLE_TRACE_TASK         0x0c /* 0; a new task; 0 */
#define PORTHOLE_TRACE_FAULT        0x08 /* its instruction, 0: a copy by the kernel; address; access */
#define PORTHOLE_TRACE_FAULT_DONE   0x09 /* result; address; 0 */
#define PORTHOLE_TRACE_FAULT_MAPPED 0x0a /* the page was there: 0; object; offset */
#define PORTHOLE_TRACE_FAULT_ZERO   0x0b /* new memory: 0; object; offset */
/* Pages, `detail` their offset in the object and, below the page size, their number (4095: or more). */
#define PORTHOLE_TRACE_PAGE         0x10 /* kinds from here on */
#define PORTHOLE_TRACE_ZERO         0x10 /* filled with zeros */
#define PORTHOLE_TRACE_COPY         0x11 /* copied from a shadowed object, which is the subject */
#define PORTHOLE_TRACE_REQUEST      0x12 /* data_request; access */
#define PORTHOLE_TRACE_UNLOCK       0x13 /* data_unlock; access */
#define PORTHOLE_TRACE_SUPPLY       0x14 /* accepted; 1: precious */
#define PORTHOLE_TRACE_REFUSE       0x15 /* the rest of a supply; result */
#define PORTHOLE_TRACE_COMPLETED    0x16 /* supply_completed; result */
#define PORTHOLE_TRACE_UNAVAILABLE  0x17 /* data_unavailable; 0 */
#define PORTHOLE_TRACE_ERROR        0x18 /* data_error; reason */
#define PORTHOLE_TRACE_RETURN       0x19 /* data_return; 1: dirty, 2: the kernel keeps a copy */
#define PORTHOLE_TRACE_INITIALIZE   0x1a /* data_initialize; 0 */
#define PORTHOLE_TRACE_EVICT        0x1b /* freed: its manager has what it holds; 0 */
#define PORTHOLE_TRACE_LOCK         0x1c /* lock_request; what is to be locked out */
#define PORTHOLE_TRACE_LOCKED       0x1d /* lock_completed; 0 */

/* A port: the receive right that a task has under that name. */
typedef struct porthole_port {
    uint64_t identity;
    uint64_t object;    /* memory object that it stands for; 0: none */
    uint32_t name;
    uint32_t message_count;
} porthole_port_t;
typedef porthole_port_t *porthole_port_array_t;

#endif
