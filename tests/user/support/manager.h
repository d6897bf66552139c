/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach.h>

/*
 * A memory manager that does nothing by itself: the test receives each message of the kernel and
 * answers it, or does not. The clients are other threads (client.h) or tasks (helper.h).
 */
struct manager {
    mach_port_t object;   /* receive and send right */
    mach_port_t control;  /* from init; one reference of the manager's own */
    mach_port_t name;
    vm_size_t page_size;  /* as init told */
};

/* A message of the kernel, decoded. Fields that its id does not have are zero. */
struct kernel_message {
    mach_msg_id_t id;             /* 2200.. memory_object, 64.. notifications, 0: none came */
    mach_port_t port;             /* where it came to */
    mach_port_seqno_t seqno;
    mach_port_t control;
    vm_offset_t offset;
    vm_size_t length;
    vm_prot_t access;             /* data_request, data_unlock */
    vm_address_t data;            /* out of line: the test's to vm_deallocate */
    vm_size_t data_bytes;
    boolean_t dirty, kernel_copy; /* data_return */
    kern_return_t result;         /* supply_completed */
    vm_offset_t error_offset;
    boolean_t may_cache;          /* change_completed */
    memory_object_copy_strategy_t copy_strategy;
    int flavor;                   /* change_completed_flavor; sync_flags of synchronize */
    mach_port_t name;             /* init, terminate, create */
    mach_port_t new_object;       /* create, copy: a receive right */
    vm_size_t size;               /* init: page size; create: object size */
    mach_port_name_t not_name;    /* notifications: name, right or count */
    mach_msg_type_name_t local_type; /* came through a send (17) or a send-once right (18) */
    unsigned items;               /* body fields */
};

#define MANAGER_WAIT 5000 /* ms that an expected message may take */

/* Message ids. */
#define ID_INIT             2200
#define ID_TERMINATE        2201
#define ID_COPY             2202
#define ID_DATA_REQUEST     2203
#define ID_DATA_UNLOCK      2204
#define ID_DATA_WRITE       2205
#define ID_LOCK_COMPLETED   2206
#define ID_SUPPLY_COMPLETED 2207
#define ID_DATA_RETURN      2208
#define ID_CHANGE_COMPLETED 2209
#define ID_SYNCHRONIZE      2210
#define ID_CHANGE_COMPLETED_FLAVOR 2211
#define ID_CREATE           2250
#define ID_DATA_INITIALIZE  2251

/* A new manager: a memory object port and nothing else. */
void manager_create(struct manager *manager);
/* Maps the object (current and maximum protection ALL, inherit COPY); fails the test if it cannot. */
vm_address_t manager_map(struct manager *manager, vm_offset_t offset, vm_size_t size);
/* Receives init, keeps what it tells, and answers ready. */
void manager_accept(struct manager *manager, boolean_t may_cache,
                    memory_object_copy_strategy_t copy_strategy);
/* create, map, accept (not cacheable, COPY_DELAY): the address. */
vm_address_t manager_start(struct manager *manager, vm_offset_t offset, vm_size_t size);

/* Receives one message at any port or set; id 0 when the time (ms) passed. The manager's spare
   references to its control port are given up; for other ports the message's rights are the test's. */
void message_receive(mach_port_t port, struct kernel_message *message, unsigned milliseconds);
/* The next message must have this id, and come within MANAGER_WAIT. */
#define EXPECT_MESSAGE(port, id, message)                                                          \
    message_expect((port), (id), (message), __FILE__, __LINE__)
void message_expect(mach_port_t port, mach_msg_id_t id, struct kernel_message *message,
                    const char *file, int line);
/* No message may come within the time. */
#define EXPECT_SILENCE(port, milliseconds)                                                         \
    message_expect_none((port), (milliseconds), __FILE__, __LINE__)
void message_expect_none(mach_port_t port, unsigned milliseconds, const char *file, int line);
/* A data_request for this range; anything may stand for the access (0). */
#define EXPECT_REQUEST(manager, offset_, length_)                                                  \
    manager_expect_request((manager), (offset_), (length_), __FILE__, __LINE__)
void manager_expect_request(struct manager *manager, vm_offset_t offset, vm_size_t length,
                            const char *file, int line);

/* Answers with pages that hold a pattern made of seed and offset (memory.h). Returns what the stub
   says; reply and its disposition may be MACH_PORT_NULL and 0. */
kern_return_t manager_supply(struct manager *manager, vm_offset_t offset, vm_size_t size,
                             uint64_t seed, vm_prot_t lock, boolean_t precious, mach_port_t reply,
                             mach_msg_type_name_t disposition);
/* The same without lock, precious flag and completion. */
void manager_supply_plain(struct manager *manager, vm_offset_t offset, vm_size_t size,
                          uint64_t seed);
/* Requests may cover so many bytes from now on. */
void manager_set_cluster(struct manager *manager, vm_size_t bytes);
/* Has a client read page after page of a mapping that shows the object from offset on, and supplies them. */
void manager_fill(struct manager *manager, vm_address_t address, vm_offset_t offset, vm_size_t size,
                  uint64_t seed, boolean_t precious);
/* Gives back what a message brought out of line. */
void message_release_data(struct kernel_message *message);
