/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_PORT_H
#define MACH_PORT_H

#include <mach/boolean.h>
#include <mach/machine/vm_types.h>

/* A task's 32-bit name for rights. */
typedef unsigned int mach_port_name_t;
typedef mach_port_name_t *mach_port_name_array_t;
typedef const mach_port_name_t *const_mach_port_name_array_t;

/* Users know ports by name; the kernel by address. Both travel in 8-byte slots. */
#ifdef KERNEL
struct port;
typedef struct port *mach_port_t;
typedef struct port *ipc_port_t;
#else
typedef mach_port_name_t mach_port_t;
#endif

typedef mach_port_t *mach_port_array_t;
typedef const mach_port_t *const_mach_port_array_t;
typedef int *rpc_signature_info_t;

/* NULL and DEAD differ in width between names and kernel pointers: convert them by hand. */
#define MACH_PORT_NULL      0
#define MACH_PORT_NAME_NULL ((mach_port_name_t)0)
#define MACH_PORT_NAME_DEAD ((mach_port_name_t)~0U)
#ifdef KERNEL
#define MACH_PORT_DEAD ((mach_port_t)~(uintptr_t)0)
#else
#define MACH_PORT_DEAD ((mach_port_t)~0U)
#endif

#define MACH_PORT_VALID(port) (((port) != MACH_PORT_NULL) && ((port) != MACH_PORT_DEAD))
#define MACH_PORT_NAME_VALID(name)                                                                 \
    (((name) != MACH_PORT_NAME_NULL) && ((name) != MACH_PORT_NAME_DEAD))

typedef natural_t mach_port_right_t;

#define MACH_PORT_RIGHT_SEND      ((mach_port_right_t)0)
#define MACH_PORT_RIGHT_RECEIVE   ((mach_port_right_t)1)
#define MACH_PORT_RIGHT_SEND_ONCE ((mach_port_right_t)2)
#define MACH_PORT_RIGHT_PORT_SET  ((mach_port_right_t)3)
#define MACH_PORT_RIGHT_DEAD_NAME ((mach_port_right_t)4)
#define MACH_PORT_RIGHT_NUMBER    ((mach_port_right_t)5)

typedef natural_t mach_port_type_t;
typedef mach_port_type_t *mach_port_type_array_t;

#define MACH_PORT_TYPE(right)        ((mach_port_type_t)(1U << ((right) + 16)))
#define MACH_PORT_TYPE_NONE          ((mach_port_type_t)0)
#define MACH_PORT_TYPE_SEND          MACH_PORT_TYPE(MACH_PORT_RIGHT_SEND)
#define MACH_PORT_TYPE_RECEIVE       MACH_PORT_TYPE(MACH_PORT_RIGHT_RECEIVE)
#define MACH_PORT_TYPE_SEND_ONCE     MACH_PORT_TYPE(MACH_PORT_RIGHT_SEND_ONCE)
#define MACH_PORT_TYPE_PORT_SET      MACH_PORT_TYPE(MACH_PORT_RIGHT_PORT_SET)
#define MACH_PORT_TYPE_DEAD_NAME     MACH_PORT_TYPE(MACH_PORT_RIGHT_DEAD_NAME)
#define MACH_PORT_TYPE_SEND_RECEIVE  (MACH_PORT_TYPE_SEND | MACH_PORT_TYPE_RECEIVE)
#define MACH_PORT_TYPE_SEND_RIGHTS   (MACH_PORT_TYPE_SEND | MACH_PORT_TYPE_SEND_ONCE)
#define MACH_PORT_TYPE_PORT_RIGHTS   (MACH_PORT_TYPE_SEND_RIGHTS | MACH_PORT_TYPE_RECEIVE)
#define MACH_PORT_TYPE_PORT_OR_DEAD  (MACH_PORT_TYPE_PORT_RIGHTS | MACH_PORT_TYPE_DEAD_NAME)
#define MACH_PORT_TYPE_ALL_RIGHTS    (MACH_PORT_TYPE_PORT_OR_DEAD | MACH_PORT_TYPE_PORT_SET)

#define MACH_PORT_TYPE_DNREQUEST 0x80000000U /* a dead-name request is registered */
#define MACH_PORT_TYPE_MAREQUEST 0x40000000  /* a msg-accepted request is pending */
#define MACH_PORT_TYPE_COMPAT    0x20000000

typedef natural_t mach_port_urefs_t;
typedef integer_t mach_port_delta_t;
typedef natural_t mach_port_seqno_t;
typedef unsigned int mach_port_mscount_t;
typedef unsigned int mach_port_msgcount_t;
typedef unsigned int mach_port_rights_t;

typedef struct mach_port_status {
    mach_port_name_t mps_pset;         /* containing set */
    mach_port_seqno_t mps_seqno;       /* of the next message received */
    mach_port_mscount_t mps_mscount;   /* send rights made since creation or the last move */
    mach_port_msgcount_t mps_qlimit;
    mach_port_msgcount_t mps_msgcount; /* queued now */
    mach_port_rights_t mps_sorights;   /* send-once rights extant */
    boolean_t mps_srights;             /* do send rights exist? */
    boolean_t mps_pdrequest;
    boolean_t mps_nsrequest;
} mach_port_status_t;

#define MACH_PORT_QLIMIT_DEFAULT ((mach_port_msgcount_t)5)
#define MACH_PORT_QLIMIT_MAX     ((mach_port_msgcount_t)16)

#endif
