/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages between tasks: all kinds of rights and memory, in any number, also wrong. */
#include <string.h>

#include "choose.h"
#include "operations.h"

#define ITEMS_MAX 5u
#define PORTS_MAX 40u

static mach_port_name_t names[PORTS_MAX];

static char *put_bytes(struct member *member, char *at)
{
    mach_msg_type_t type = {.msgt_name = MACH_MSG_TYPE_BYTE, .msgt_size = 8, .msgt_inline = TRUE,
                            .msgt_number = choose(member, choose_seldom(member, 8) ? 512 : 64)};

    memcpy(at, &type, sizeof type);
    memset(at + sizeof type, (int)member->number, type.msgt_number);
    return at + sizeof type + (type.msgt_number + 7) / 8 * 8;
}

static char *put_rights(struct member *member, char *at)
{
    mach_msg_type_t type = {.msgt_name = (unsigned char)choose_disposition(member), .msgt_size = 64,
                            .msgt_inline = TRUE, .msgt_number = choose(member, 4)};

    memcpy(at, &type, sizeof type);
    at += sizeof type;
    for (unsigned i = 0; i < type.msgt_number; i++, at += sizeof(uint64_t))
        *(uint64_t *)at = choose_name(member, choose(member, TARGETS));
    return at;
}

static char *put_memory(struct member *member, char *at)
{
    mach_msg_type_t type = {.msgt_name = MACH_MSG_TYPE_BYTE, .msgt_size = 8, .msgt_longform = TRUE,
                            .msgt_deallocate = choose_seldom(member, 3),
                            .msgt_number = (unsigned)choose_size(member)};

    memcpy(at, &type, sizeof type);
    *(uint64_t *)(at + sizeof type) = choose_address(member);
    return at + sizeof type + sizeof(uint64_t);
}

static char *put_remote_rights(struct member *member, char *at)
{
    mach_msg_type_t type = {.msgt_name = (unsigned char)choose_disposition(member), .msgt_size = 32,
                            .msgt_deallocate = choose_seldom(member, 32),
                            .msgt_number = choose(member, PORTS_MAX)};

    for (unsigned i = 0; i < PORTS_MAX; i++)
        names[i] = choose_name(member, choose(member, TARGETS));
    if (choose_seldom(member, 64))
        type.msgt_number = (unsigned)choose_odd_number(member);
    memcpy(at, &type, sizeof type);
    *(uint64_t *)(at + sizeof type) =
        choose_seldom(member, 32) ? choose_address(member) : (vm_address_t)names;
    return at + sizeof type + sizeof(uint64_t);
}

static char *(*const putters[])(struct member *, char *) = {put_bytes, put_rights, put_rights, put_memory,
                                                            put_remote_rights};

static mach_msg_bits_t choose_header_bits(struct member *member)
{
    mach_msg_bits_t bits = MACH_MSGH_BITS_COMPLEX | MACH_MSGH_BITS(choose_disposition(member), 0);

    if (choose_seldom(member, 2))
        bits |= MACH_MSGH_BITS(0, choose_disposition(member));
    return choose_seldom(member, 64) ? bits ^ 1u << choose(member, 32) : bits;
}

void letter_send(struct member *member)
{
    mach_msg_header_t *header = (mach_msg_header_t *)member->message;
    char *at = (char *)(header + 1);

    for (unsigned items = choose(member, ITEMS_MAX); items > 0; items--)
        at = putters[choose(member, sizeof putters / sizeof putters[0])](member, at);
    if (choose_seldom(member, 32))
        member->message[4 + choose(member, 8)] ^= 1ul << choose(member, 64);
    header->msgh_bits = choose_header_bits(member);
    header->msgh_remote_port = choose_name(member, TARGET_ANY);
    header->msgh_local_port = MACH_MSGH_BITS_LOCAL(header->msgh_bits) != 0
                                  ? choose_name(member, TARGET_ANY) : MACH_PORT_NULL;
    header->msgh_id = 100 + (mach_msg_id_t)choose(member, 100); /* no request of anybody's */
    exchange(member, (mach_msg_size_t)(at - (char *)header), FALSE, TARGET_ANY);
}
