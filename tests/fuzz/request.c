/* SPDX-License-Identifier: BSD-2-Clause */
/* Requests by the table that tools/make/requests makes. */
#include <stdbool.h>
#include <string.h>

#include "choose.h"
#include "operations.h"

#define ARGUMENTS_MAX 12u
#define BODY_BYTES_MAX 2048u
#define INLINE_MOST 64u  /* elements */

struct argument {
    mach_msg_type_name_t name; /* of the type; 0: the sender's choice */
    unsigned bits, number;
    bool in_line;
    bool variable;          /* the number is the sender's choice */
};

static const struct request {
    mach_msg_id_t id;
    enum target target;
    const char *name;
    bool simple;            /* there is no reply */
    unsigned argument_count;
    struct argument arguments[ARGUMENTS_MAX];
} requests[] = {
#include "requests.inc"
};

#define REQUESTS (sizeof requests / sizeof requests[0])

/*
 * What is asked of nobody, wherever the right to do so may have come to: stopping the machine or a
 * processor, setting the time by which the supervisor measures, being the default memory manager, and the
 * privileged names of processors and of their set, which lead to every task.
 */
static boolean_t allowed(mach_msg_id_t id)
{
    static const mach_msg_id_t denied[] = {2600, 2603, 2604, 2611, 2627, 2628, 2630, 2632, 2633, 2635, 2641,
                                           2644, 2645, 2041, 2660, 3023};

    for (unsigned i = 0; i < sizeof denied / sizeof denied[0]; i++)
        if (denied[i] == id)
            return FALSE;
    return TRUE;
}

static uint64_t choose_value(struct member *member, const struct argument *argument)
{
    if (argument->name == MACH_MSG_TYPE_PORT_NAME)
        return choose_name(member, choose(member, TARGETS));
    if (choose_seldom(member, 24))
        return choose_odd_number(member);
    if (argument->bits == 64)
        return choose_seldom(member, 2) ? choose_address(member) : choose_size(member);
    return choose_seldom(member, 6) ? choose_name(member, choose(member, TARGETS)) : choose(member, 10);
}

/* Memory or an array of names elsewhere. */
static void put_out_of_line(struct member *member, mach_msg_type_t *type, uint64_t *data)
{
    static mach_port_name_t names[32];

    if (type->msgt_name >= MACH_MSG_TYPE_MOVE_RECEIVE) {
        for (unsigned i = 0; i < 32; i++)
            names[i] = choose_name(member, choose(member, TARGETS));
        type->msgt_size = 32;
        type->msgt_number = choose_seldom(member, 32) ? (unsigned)choose_odd_number(member)
                                                      : choose(member, 32);
        *data = choose_seldom(member, 16) ? choose_address(member) : (vm_address_t)names;
        return;
    }
    type->msgt_number = (unsigned)choose_size(member);
    *data = choose_address(member);
    type->msgt_deallocate = choose_seldom(member, 8);
}

static void put_values(struct member *member, const struct argument *argument, unsigned number, void *data)
{
    unsigned bytes = argument->bits / 8;

    for (unsigned i = 0; i < number; i++) {
        uint64_t value = choose_value(member, argument);

        memcpy((char *)data + i * bytes, &value, bytes);
    }
}

/* One argument at the address; returns where the next begins. */
static char *put_argument(struct member *member, const struct argument *argument, char *at)
{
    mach_msg_type_t type = {.msgt_name = (unsigned char)argument->name, .msgt_size = argument->bits,
                            .msgt_number = argument->number, .msgt_inline = argument->in_line};
    char *data = at + sizeof type;
    unsigned bytes = sizeof(uint64_t);

    if (argument->name == 0)
        type.msgt_name = (unsigned char)choose_disposition(member);
    if (argument->name == MACH_MSG_TYPE_MOVE_RECEIVE && !choose_seldom(member, 16))
        type.msgt_name = MACH_MSG_TYPE_MAKE_SEND;
    if (!argument->in_line) {
        type.msgt_longform = TRUE;
        put_out_of_line(member, &type, (uint64_t *)data);
    } else {
        if (argument->variable)
            type.msgt_number = choose(member, INLINE_MOST);
        if (type.msgt_name >= MACH_MSG_TYPE_MOVE_RECEIVE)
            for (unsigned i = 0; i < type.msgt_number; i++)
                ((uint64_t *)data)[i] = choose_name(member, choose(member, TARGETS));
        else
            put_values(member, argument, type.msgt_number, data);
        bytes = type.msgt_number * argument->bits / 8;
    }
    memcpy(at, &type, sizeof type);
    return data + (bytes + 7) / 8 * 8;
}

/* What a successful reply's rights are good for. */
static enum target target_of_reply(mach_msg_id_t id)
{
    switch (id) {
    case 2007:
        return TARGET_TASK;
    case 2034:
        return TARGET_THREAD;
    default:
        return TARGET_ANY;
    }
}

static const struct request *choose_request(struct member *member)
{
    const struct request *request;

    do
        request = &requests[choose(member, REQUESTS)];
    while (!allowed(request->id));
    return request;
}

/* The header of a request. */
static void address(struct member *member, const struct request *request, mach_port_name_t port,
                    boolean_t complex)
{
    *(mach_msg_header_t *)member->message = (mach_msg_header_t){
        .msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND,
                                    request->simple ? 0 : MACH_MSG_TYPE_MAKE_SEND_ONCE) |
                     (complex ? MACH_MSGH_BITS_COMPLEX : 0),
        .msgh_remote_port = port,
        .msgh_local_port = request->simple ? MACH_PORT_NULL : member->reply,
        .msgh_id = request->id,
    };
}

/* Builds a request in the member's buffer; its size. */
static mach_msg_size_t build(struct member *member, const struct request *request)
{
    char *at = (char *)member->message + sizeof(mach_msg_header_t);
    boolean_t complex = FALSE;

    for (unsigned i = 0; i < request->argument_count; i++) {
        mach_msg_type_t *type = (mach_msg_type_t *)at;

        if ((unsigned)(at - (char *)member->message) > BODY_BYTES_MAX)
            break;
        at = put_argument(member, &request->arguments[i], at);
        complex |= type->msgt_name >= MACH_MSG_TYPE_MOVE_RECEIVE || !type->msgt_inline;
    }
    address(member, request, choose_name(member, request->target), complex);
    return (mach_msg_size_t)(at - (char *)member->message);
}

static const struct request *request_of(mach_msg_id_t id)
{
    unsigned low = 0, high = REQUESTS;

    while (high - low > 1) {
        unsigned middle = (low + high) / 2;

        if (requests[middle].id <= id)
            low = middle;
        else
            high = middle;
    }
    return requests[low].id == id ? &requests[low] : NULL;
}

/* The next values as an argument; returns what is left of them. */
static const uint64_t *put_given(const struct argument *argument, const uint64_t *values, char *at)
{
    mach_msg_type_t type = {.msgt_name = (unsigned char)argument->name, .msgt_size = argument->bits,
                            .msgt_number = 1, .msgt_inline = argument->in_line};

    memset(at + sizeof type, 0, sizeof *values);
    memcpy(at + sizeof type, values++, argument->in_line ? argument->bits / 8 : sizeof *values);
    if (!argument->in_line) {
        type.msgt_longform = TRUE;
        type.msgt_number = (mach_msg_type_number_t)*values++;
    } else if (argument->name == 0) {
        type.msgt_name = (unsigned char)*values++;
    }
    memcpy(at, &type, sizeof type);
    return values;
}

kern_return_t request_ask(struct member *member, mach_port_name_t port, mach_msg_id_t id, enum target target,
                           const uint64_t *values)
{
    const struct request *request = request_of(id);
    mach_msg_header_t *header = (mach_msg_header_t *)member->message;
    mig_reply_header_t *reply = (mig_reply_header_t *)header;
    char *at = (char *)(header + 1);
    boolean_t complex = FALSE;

    if (request == NULL)
        return MIG_BAD_ID;
    for (unsigned i = 0; i < request->argument_count; i++, at += 16) {
        values = put_given(&request->arguments[i], values, at);
        complex |= ((mach_msg_type_t *)at)->msgt_name >= MACH_MSG_TYPE_MOVE_RECEIVE ||
                   !request->arguments[i].in_line;
    }
    address(member, request, port, complex);
    mach_msg_return_t result =
        exchange(member, (mach_msg_size_t)(at - (char *)header), !request->simple, target);

    return result == MACH_MSG_SUCCESS && !request->simple ? reply->RetCode : result;
}

static void note_served(const struct member *member)
{
    const mig_reply_header_t *reply = (const mig_reply_header_t *)member->message;

    if (reply->RetCode != MIG_BAD_ID && reply->RetCode != MIG_BAD_ARGUMENTS)
        progress->served++;
}

void request_send(struct member *member)
{
    const struct request *request = choose_request(member);

    mach_msg_size_t size = build(member, request);

    if (exchange(member, size, !request->simple, target_of_reply(request->id)) == MACH_MSG_SUCCESS &&
        !request->simple)
        note_served(member);
}

/* Nearly right: some bits of a descriptor, the size, the id or the header are others. */
void request_send_wrong(struct member *member)
{
    mach_msg_size_t size = build(member, choose_request(member));
    mach_msg_header_t *header = (mach_msg_header_t *)member->message;

    for (unsigned flaws = 1 + choose(member, 3); flaws > 0; flaws--) {
        switch (choose(member, 6)) {
        case 0:
            size = choose_seldom(member, 4) ? (mach_msg_size_t)choose_odd_number(member)
                                            : size + choose(member, 5) * 4 - 8;
            break;
        case 1:
            header->msgh_bits ^= 1u << choose(member, 32);
            break;
        case 2:
            header->msgh_id += (mach_msg_id_t)choose(member, 5) - 2;
            break;
        default:
            member->message[4 + choose(member, 8)] ^= 1ul << choose(member, 64);
        }
    }
    if (allowed(header->msgh_id) && size <= sizeof member->message)
        exchange(member, size, TRUE, TARGET_ANY);
}
