/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach.h>

#include "manager.h"

/*
 * The routines that the kernel serves, as the table says that tools/routines writes from what MIG made of
 * the definition files; requests to them made slot by slot; and one kernel object of each kind to
 * send them to.
 */

/* What the kernel takes a port for. */
enum object_kind {
    OBJECT_PORT, /* whatever it is */
    OBJECT_TASK,
    OBJECT_THREAD,
    OBJECT_HOST,
    OBJECT_HOST_PRIV,
    OBJECT_PROCESSOR,
    OBJECT_PROCESSOR_SET,
    OBJECT_PROCESSOR_SET_NAME,
    OBJECT_DEVICE_MASTER,
    OBJECT_DEVICE,
    OBJECT_MEMORY_CONTROL,
    OBJECT_MEMORY_NAME,
    OBJECT_IO_PERM,
    OBJECT_KINDS
};

#define SLOT_INLINE   1u
#define SLOT_LONG     2u /* the long form of a descriptor */
#define SLOT_VARIABLE 4u /* as many elements as the sender likes; a word of them in request_begin() */

struct routine_slot {
    uint8_t type; /* MACH_MSG_TYPE_... */
    uint8_t flags;
    uint16_t bits;
    uint32_t number;
    enum object_kind object; /* of a port */
};

#define ROUTINE_SLOTS 12

struct routine {
    const char *subsystem, *name;
    mach_msg_id_t id;
    enum object_kind target;
    const char *target_name; /* "space": a task taken for its name space, and so on */
    boolean_t absent;        /* has no handler yet: answers MIG_BAD_ID */
    unsigned slot_count;
    struct routine_slot slots[ROUTINE_SLOTS];
};

/* One object of each kind, made for a routine and gone with it. */
struct objects {
    mach_port_t ports[OBJECT_KINDS]; /* OBJECT_PORT: receive right of an ordinary port */
    struct manager manager;
    vm_address_t mapped;
};
void objects_make(struct objects *objects);
void objects_end(struct objects *objects);
/* Would the kernel take the one for the other? */
boolean_t object_suits(enum object_kind wanted, enum object_kind given);

extern const struct routine routines[];
extern const unsigned routine_count;

#define REQUEST_BYTES 1024

/* A request being built; its slots are where the table says. */
struct request {
    union {
        mach_msg_header_t header;
        mig_reply_header_t reply;
        uint8_t bytes[8192]; /* room for any reply */
    };
    uint32_t size;
    uint32_t slot_at[ROUTINE_SLOTS + 1]; /* offsets of the descriptors; the last: the end */
};

#define ANSWER_NONE 0x7fff0001 /* sent, and no answer came */

/* A well formed request: numbers are 0, ports MACH_PORT_NULL, memory and arrays empty, or of one element
   where they must be inline. */
void request_begin(struct request *request, const struct routine *routine, mach_port_t target);
mach_msg_type_t *request_type(struct request *request, unsigned slot);
void *request_data(struct request *request, unsigned slot);
/* Puts a right, or memory (for out-of-line slots), into a slot. */
void request_put_port(struct request *request, unsigned slot, mach_port_t name,
                      mach_msg_type_name_t disposition);
/* Adds something that the routine does not know at the end. */
void request_append(struct request *request, mach_msg_type_t type, uint64_t data, boolean_t complex);
/* Sends it, and gives up all that the answer brings. The code of mach_msg, or the answer's, or
   ANSWER_NONE. The request is overwritten. */
kern_return_t request_call(struct request *request);

boolean_t type_is_port(unsigned type);
