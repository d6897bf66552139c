/* SPDX-License-Identifier: BSD-2-Clause */
#include "exception.h"
#include "test.h"

#define ID_DONE      1

struct done_message {
    mach_msg_header_t header;
    mach_msg_type_t type;
    uint64_t value;
};

static void client_main(void *argument)
{
    struct client *client = argument;
    struct done_message done;

    client->thread = mach_thread_self(); /* a reference of the client's own */
    CHECK_OK(thread_set_special_port(client->thread, THREAD_EXCEPTION_PORT, client->port));
    uint64_t value = client->function(client->argument);

    memset(&done, 0, sizeof done);
    done.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND_ONCE, 0);
    done.header.msgh_remote_port = client->port;
    done.header.msgh_id = ID_DONE;
    done.type = (mach_msg_type_t){ .msgt_name = MACH_MSG_TYPE_INTEGER_64, .msgt_size = 64,
                                   .msgt_number = 1, .msgt_inline = TRUE };
    done.value = value;
    mach_msg(&done.header, MACH_SEND_MSG, sizeof done, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
}

void client_call(struct client *client, uint64_t (*function)(void *), void *argument)
{
    client->state = CLIENT_BLOCKED;
    client->function = function;
    client->argument = argument;
    CHECK_OK(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &client->port));
    CHECK_OK(mach_port_insert_right(mach_task_self(), client->port, client->port,
                                    MACH_MSG_TYPE_MAKE_SEND));
    client->thread = MACH_PORT_NULL;
    CHECK(thread_start(client_main, client, 0) != MACH_PORT_NULL);
}

static uint64_t do_read(void *address)
{
    return *(volatile uint64_t *)address;
}

static uint64_t do_write(void *argument)
{
    struct client *client = argument;

    *(volatile uint64_t *)client->value = client->word;
    return client->word;
}

void client_read(struct client *client, vm_address_t address)
{
    client_call(client, do_read, (void *)address);
}

void client_write(struct client *client, vm_address_t address, uint64_t value)
{
    client->value = address; /* until the end, then the result */
    client->word = value;
    client_call(client, do_write, client);
}

static void take_exception(struct client *client, const struct exception_message *message)
{
    exception_take(message, &client->raised);
    client->state = CLIENT_EXCEPTION;
    client->exception = client->raised.exception;
    client->code = client->raised.code;
    client->subcode = client->raised.subcode;
}

enum client_state client_wait(struct client *client, unsigned milliseconds)
{
    union {
        mach_msg_header_t header;
        struct done_message done;
        struct exception_message exception;
        char space[256];
    } message;

    if (client->state != CLIENT_BLOCKED) {
        return client->state;
    }
    mach_msg_return_t result =
        mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message, client->port,
                 milliseconds, MACH_PORT_NULL);
    if (result == MACH_RCV_TIMED_OUT) {
        return CLIENT_BLOCKED;
    }
    CHECK_RETURNS(result, MACH_MSG_SUCCESS);
    if (message.header.msgh_id == ID_EXCEPTION) {
        take_exception(client, &message.exception);
    } else {
        CHECK_EQ(message.header.msgh_id, ID_DONE);
        client->state = CLIENT_DONE;
        client->value = message.done.value;
    }
    return client->state;
}

uint64_t client_finish(struct client *client)
{
    enum client_state state = client_wait(client, CLIENT_WAIT);

    if (state == CLIENT_EXCEPTION) {
        FAIL("the client raised exception %d, code %#x, at %#lx", client->exception,
             (unsigned)client->code, client->subcode);
    }
    if (state != CLIENT_DONE) {
        FAIL("the client is still blocked");
    }
    uint64_t value = client->value;
    client_end(client);
    return value;
}

void client_expect_bad_access(struct client *client, kern_return_t code, vm_address_t address)
{
    CHECK_EQ(client_wait(client, CLIENT_WAIT), CLIENT_EXCEPTION);
    CHECK_EQ(client->exception, EXC_BAD_ACCESS);
    CHECK_EQ(client->code, code);
    CHECK_EQ(client->subcode, address);
}

/* Whether it sleeps in the kernel, and is not just about to. */
static boolean_t client_waits(const struct client *client)
{
    struct thread_basic_info info = { .run_state = TH_STATE_RUNNING };
    mach_msg_type_number_t count = THREAD_BASIC_INFO_COUNT;
    mach_port_t thread = *(const volatile mach_port_t *)&client->thread; /* set by itself */

    if (thread != MACH_PORT_NULL)
        CHECK_OK(thread_info(thread, THREAD_BASIC_INFO, (thread_info_t)&info, &count));
    return info.run_state == TH_STATE_WAITING;
}

void client_expect_blocked(struct client *client, unsigned milliseconds)
{
    for (unsigned tries = 0; !client_waits(client) && tries < CLIENT_WAIT; tries++)
        CHECK_EQ(client_wait(client, 1), CLIENT_BLOCKED);
    CHECK_EQ(client_wait(client, milliseconds), CLIENT_BLOCKED);
}

void client_retry(struct client *client)
{
    CHECK_EQ(client->state, CLIENT_EXCEPTION);
    exception_answer(&client->raised, KERN_SUCCESS);
    client->state = CLIENT_BLOCKED;
}

static boolean_t has_begun(void *client)
{
    return ((volatile struct client *)client)->thread != MACH_PORT_NULL;
}

/* A thread stopped by an exception goes on at thread_exit: the runtime gets its stack back. */
static void leave(struct client *client)
{
    struct i386_thread_state state;
    mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;

    CHECK_OK(thread_get_state(client->thread, i386_THREAD_STATE, (thread_state_t)&state, &count));
    state.rip = (uintptr_t)thread_exit;
    state.ursp = (state.ursp & ~(uintptr_t)15) - 8; /* as after a call */
    CHECK_OK(thread_set_state(client->thread, i386_THREAD_STATE, (thread_state_t)&state,
                              i386_THREAD_STATE_COUNT));
    client_retry(client);
}

/* The thread goes first: an unanswered exception would end the whole task. */
void client_end(struct client *client)
{
    CHECK(wait_until(has_begun, client, CLIENT_WAIT));
    if (client->state == CLIENT_EXCEPTION) {
        leave(client);
    } else if (client->state == CLIENT_BLOCKED) {
        thread_terminate(client->thread);
    }
    mach_port_deallocate(mach_task_self(), client->thread);
    mach_port_destroy(mach_task_self(), client->port);
}
