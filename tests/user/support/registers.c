/* SPDX-License-Identifier: BSD-2-Clause */
#include "registers.h"

#include "test.h"

void registers_get(mach_port_t thread, struct i386_thread_state *state)
{
    mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;

    CHECK_OK(thread_get_state(thread, i386_THREAD_STATE, (thread_state_t)state, &count));
    CHECK_EQ(count, i386_THREAD_STATE_COUNT);
}

void registers_set(mach_port_t thread, struct i386_thread_state *state)
{
    CHECK_OK(thread_set_state(thread, i386_THREAD_STATE, (thread_state_t)state,
                              i386_THREAD_STATE_COUNT));
}

void client_expect_exception(struct client *client, int exception, int code)
{
    CHECK_EQ(client_wait(client, CLIENT_WAIT), CLIENT_EXCEPTION);
    CHECK_EQ(client->exception, exception);
    CHECK_EQ(client->code, code);
}

void client_skip(struct client *client, unsigned bytes)
{
    struct i386_thread_state state;

    registers_get(client->thread, &state);
    client_go(client, (const void *)(state.rip + bytes));
}

void client_go(struct client *client, const void *address)
{
    struct i386_thread_state state;

    registers_get(client->thread, &state);
    state.rip = (uintptr_t)address;
    registers_set(client->thread, &state);
    client_retry(client);
}
