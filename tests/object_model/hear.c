/* SPDX-License-Identifier: BSD-2-Clause */
#include "hear.h"

#include <string.h>

#include "clients.h"
#include "exception.h"
#include "test.h"
#include "world.h"

#define SPARE_REFERENCES_MAX 2000u /* to the control port, until they are given up (H-20) */

/* Every field of the kernel's messages takes a descriptor and a value, 8 bytes each. */
struct item {
    mach_msg_type_t type;
    uint64_t value;
};

static union {
    mach_msg_header_t header;
    struct exception_message exception;
    struct {
        mach_msg_header_t header;
        struct item items[30];
    } kernel;
} received;

static unsigned spare_references;
static mach_port_seqno_t next_number;
static unsigned long pages_heard, exceptions_heard;

/* The kernel's messages, and how often each came. */
static struct {
    enum model_id id;
    const char *name;
    unsigned long heard;
} known[] = {
    {MODEL_SEND_ONCE_LOST, "send_once", 0},
    {MODEL_INIT, "init", 0},
    {MODEL_TERMINATE, "terminate", 0},
    {MODEL_REQUEST, "data_request", 0},
    {MODEL_UNLOCK, "data_unlock", 0},
    {MODEL_RETURN, "data_return", 0},
    {MODEL_WRITE, "data_write", 0},
    {MODEL_SUPPLY_COMPLETED, "supply_completed", 0},
    {MODEL_LOCK_COMPLETED, "lock_completed", 0},
    {MODEL_CHANGE_COMPLETED, "change_completed", 0},
    {MODEL_CHANGE_COMPLETED_FLAVOR, "change_completed_flavor", 0},
    {MODEL_SYNCHRONIZE, "synchronize", 0},
};
#define KNOWN (sizeof known / sizeof known[0])

/* Each message has brought one more reference to the control port. */
static void count_control(mach_port_t port)
{
    if (port != control)
        world_fail("a message %d names another control port", received.header.msgh_id);
    if (++spare_references < SPARE_REFERENCES_MAX)
        return;
    CHECK_EQ(port_refs(control, MACH_PORT_RIGHT_SEND), spare_references + 1);
    CHECK_OK(mach_port_mod_refs(mach_task_self(), control, MACH_PORT_RIGHT_SEND, -(int)spare_references));
    spare_references = 0;
}

static void take_data(struct model_message *message, const struct item *item)
{
    uint64_t pages = item->type.msgt_number / MODEL_PAGE;

    message->length = item->type.msgt_number;
    for (uint64_t i = 0; i < pages && i < MODEL_SLOTS; i++)
        for (unsigned w = 0; w < MODEL_WORDS; w++)
            message->words[i][w] = ((const uint64_t *)(item->value + i * MODEL_PAGE))[word_index(w)];
    pages_heard += pages;
    CHECK_OK(vm_deallocate(mach_task_self(), item->value, message->length));
}

static void take_init(const struct item *items)
{
    control = (mach_port_t)items[0].value;
    name = (mach_port_t)items[1].value;
    spare_references = 0;
}

/* The receive rights have come, under the names of the send rights. */
static void take_terminate(const struct item *items)
{
    if ((mach_port_t)items[0].value != control || (mach_port_t)items[1].value != name)
        world_fail("terminate brings other ports");
    CHECK_OK(mach_port_destroy(mach_task_self(), control));
    CHECK_OK(mach_port_destroy(mach_task_self(), name));
    control = name = MACH_PORT_NULL;
}

/* The fields behind the control port. */
static void take_range(struct model_message *message, const struct item *items)
{
    count_control((mach_port_t)items[0].value);
    message->offset = items[1].value;
    if (message->id == MODEL_RETURN || message->id == MODEL_WRITE) {
        take_data(message, &items[2]);
        if (message->id == MODEL_WRITE)
            return;
        message->dirty = (boolean_t)items[3].value != FALSE;
        message->kernel_copy = (boolean_t)items[4].value != FALSE;
        return;
    }
    message->length = items[2].value;
    if (message->id == MODEL_REQUEST || message->id == MODEL_UNLOCK)
        message->access = (vm_prot_t)items[3].value;
    if (message->id == MODEL_SYNCHRONIZE)
        message->number = (int)items[3].value;
    if (message->id == MODEL_SUPPLY_COMPLETED) {
        message->result = (kern_return_t)items[3].value;
        message->error_offset = items[4].value;
    }
}

static enum model_reply right_of(const mach_msg_header_t *header)
{
    return MACH_MSGH_BITS_LOCAL(header->msgh_bits) == MACH_MSG_TYPE_PORT_SEND_ONCE ? REPLY_SEND_ONCE
                                                                                    : REPLY_SEND;
}

static void decode(struct model_message *message)
{
    const struct item *items = received.kernel.items;

    message->id = (enum model_id)received.header.msgh_id;
    switch (message->id) {
    case MODEL_INIT:
        message->length = items[2].value;
        take_init(items);
        break;
    case MODEL_TERMINATE:
        take_terminate(items);
        break;
    case MODEL_CHANGE_COMPLETED:
        message->may_cache = (boolean_t)items[0].value != FALSE;
        message->through = right_of(&received.header);
        break;
    case MODEL_CHANGE_COMPLETED_FLAVOR:
        if (control != MACH_PORT_NULL || (mach_port_t)items[0].value != MACH_PORT_NULL)
            count_control((mach_port_t)items[0].value); /* none of an object that has ended by this */
        message->number = (int)items[1].value;
        message->through = right_of(&received.header);
        break;
    case MODEL_LOCK_COMPLETED:
    case MODEL_SUPPLY_COMPLETED:
        message->through = right_of(&received.header);
        take_range(message, items);
        break;
    case MODEL_REQUEST:
    case MODEL_UNLOCK:
    case MODEL_RETURN:
    case MODEL_WRITE:
    case MODEL_SYNCHRONIZE:
        take_range(message, items);
        break;
    default:
        break; /* what the model does not know is not due */
    }
}

/* The model, and what else may be so: the order of two things that were done at once is not known yet. */
static struct model alternative;
static boolean_t has_alternative;
static unsigned long as_expected, as_alternative;

void hear_either(const struct model *other)
{
    alternative = *other;
    has_alternative = TRUE;
}

static void take_alternative(void)
{
    model = alternative;
    has_alternative = FALSE;
    as_alternative++;
}

static void drop_alternative(void)
{
    has_alternative = FALSE;
    as_expected++;
}

/* The one or the other allowed it; what did not is not so. */
static const char *either(const char *why, const char *alternative_why)
{
    if (!has_alternative)
        return why;
    if (why == NULL && alternative_why != NULL)
        drop_alternative();
    if (why != NULL && alternative_why == NULL) {
        take_alternative();
        return NULL;
    }
    return why;
}

static void hear_kernel(void)
{
    struct model_message message = {0};
    const char *why, *kind = "a message of another id";

    decode(&message);
    for (unsigned i = 0; i < KNOWN; i++)
        if (known[i].id == message.id) {
            known[i].heard++;
            kind = known[i].name;
        }
    why = either(model_message(&model, &message),
                 has_alternative ? model_message(&alternative, &message) : NULL);
    if (why != NULL)
        world_fail("%s came (%#lx + %#lx): %s", kind, message.offset, message.length, why);
}

static void retry(unsigned client)
{
    model_retry(&model, client);
    if (has_alternative)
        model_retry(&alternative, client);
}

static void hear_exception(boolean_t tries_again)
{
    struct exception exception;
    const char *why = "it is no client's";
    unsigned client;

    exceptions_heard++;
    exception_take(&received.exception, &exception);
    client = client_of_thread(exception.thread);
    if (client < MODEL_CLIENTS)
        why = either(model_exception(&model, client, exception.code),
                     has_alternative ? model_exception(&alternative, client, exception.code) : NULL);
    if (why == NULL && exception.exception != EXC_BAD_ACCESS)
        why = "it is no bad access";
    if (why == NULL && exception.subcode % MAPPINGS_ALIGN / MODEL_PAGE != model.clients[client].page)
        why = "it is at another page";
    if (why != NULL)
        world_fail("exception %d, code %#x, of client %u at %#lx: %s", exception.exception,
                   (unsigned)exception.code, client, exception.subcode, why);
    if (tries_again && exception.code != KERN_MEMORY_FAILURE)
        retry(client);
    else
        client_redirect(client);
    exception_answer(&exception, KERN_SUCCESS);
}

static void hear_client(unsigned client)
{
    uint64_t result = client_result(client);
    const char *why = either(model_done(&model, client, result),
                             has_alternative ? model_done(&alternative, client, result) : NULL);

    if (why != NULL)
        world_fail("client %u came back from page %u: %s", client, model.clients[client].page, why);
}

/* FALSE: nothing is there. */
static boolean_t receive(mach_msg_option_t option)
{
    mach_msg_return_t result = mach_msg(&received.header, MACH_RCV_MSG | option, 0, sizeof received,
                                        object, 0, MACH_PORT_NULL);

    if (result == MACH_RCV_TIMED_OUT)
        return FALSE;
    CHECK_RETURNS(result, MACH_MSG_SUCCESS);
    if (received.header.msgh_seqno != next_number++)
        world_fail("message %d has number %u, not %u", received.header.msgh_id,
                   received.header.msgh_seqno, next_number - 1);
    return TRUE;
}

static void hear(boolean_t tries_again)
{
    mach_msg_id_t id = received.header.msgh_id;

    if (id >= ID_CLIENT_DONE && id < ID_CLIENT_DONE + (mach_msg_id_t)MODEL_CLIENTS)
        hear_client((unsigned)(id - ID_CLIENT_DONE));
    else if (id == ID_EXCEPTION)
        hear_exception(tries_again);
    else
        hear_kernel();
}

static void wait_for_clients(void)
{
    for (unsigned i = 0; i < MODEL_CLIENTS; i++)
        client_wait_asleep(i);
}

/* Where the one waits for something and the other does not, all that is to come has come when everyone sleeps. */
static void decide(boolean_t tries_again)
{
    wait_for_clients();
    if (receive(MACH_RCV_TIMEOUT)) {
        hear(tries_again);
        return;
    }
    if (model_is_due(&model)) {
        take_alternative();
        return;
    }
    if (model_is_due(&alternative))
        drop_alternative();
    else if (!model_is_same(&model, &alternative))
        world_fail("both orders are possible still");
    has_alternative = FALSE;
}

void hear_all(boolean_t tries_again)
{
    while (model_is_due(&model) || has_alternative) {
        if (has_alternative && !(model_is_due(&model) && model_is_due(&alternative))) {
            decide(tries_again);
        } else {
            receive(0);
            hear(tries_again);
        }
    }
    while (receive(MACH_RCV_TIMEOUT))
        hear(tries_again);
}

unsigned long heard_pages(void)
{
    return pages_heard;
}

void hear_report(void)
{
    for (unsigned i = 0; i < KNOWN; i++)
        report("model: heard %s %lu", known[i].name, known[i].heard);
    report("model: heard exception %lu", exceptions_heard);
    report("model: heard touch_first %lu", as_expected);
    report("model: heard touch_last %lu", as_alternative);
}
