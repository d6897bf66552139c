/* SPDX-License-Identifier: BSD-2-Clause */
/* Garbage to the message system: nothing may break, and the counts must hold (H-47, H-51, H-53). */
#include "test.h"
#include "wire.h"

#define SELF mach_task_self()

static uint64_t state = 88172645463325252UL;

static uint32_t random_number(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

static mach_port_name_t names[16];

static mach_port_name_t random_name(void)
{
    uint32_t pick = random_number() % 20;

    return pick < 16 ? names[pick] : pick == 16 ? 0 : pick == 17 ? ~0U : random_number() & 0xffff;
}

/* A descriptor that is mostly well formed, and its data. */
static void random_item(struct wire *wire)
{
    static char memory[20000];
    mach_port_name_t ports[8];

    switch (random_number() % 6) {
    case 0:
        wire_add_number(wire, random_number());
        break;
    case 1:
    case 2:
        wire_add_port(wire, random_name(), 15 + random_number() % 8);
        break;
    case 3:
        for (unsigned i = 0; i < 8; i++) {
            ports[i] = random_name();
        }
        wire_add_ports(wire, ports, random_number() % 9, 16 + random_number() % 6, FALSE);
        break;
    case 4:
        wire_add_memory(wire, memory + random_number() % 5000, random_number() % 15000, FALSE);
        break;
    default: {
        mach_msg_type_t type;
        uint32_t words[2] = { random_number(), random_number() % 9 };

        memcpy(&type, words, sizeof type);
        memset(wire_add(wire, type, 64, TRUE), (int)random_number(), 64);
    }
    }
}

static void fill_names(void)
{
    for (unsigned i = 0; i < 16; i++) {
        if (port_type(names[i]) == MACH_PORT_TYPE_NONE) {
            CHECK_OK(mach_port_allocate(SELF, i == 15 ? MACH_PORT_RIGHT_PORT_SET
                                                      : MACH_PORT_RIGHT_RECEIVE, &names[i]));
            if (i < 10) {
                mach_port_insert_right(SELF, names[i], names[i], MACH_MSG_TYPE_MAKE_SEND);
            }
        }
    }
}

/* Gives up all names that are not the task's own from the start. */
static void drop_names(mach_port_name_t *keep, unsigned keep_count)
{
    mach_port_name_array_t all = NULL;
    mach_port_type_array_t types = NULL;
    mach_msg_type_number_t count = 0, type_count = 0;

    CHECK_OK(mach_port_names(SELF, &all, &count, &types, &type_count));
    for (unsigned i = 0; i < count; i++) {
        boolean_t kept = FALSE;

        for (unsigned k = 0; k < keep_count; k++) {
            kept |= keep[k] == all[i];
        }
        if (!kept) {
            mach_port_destroy(SELF, all[i]);
        }
    }
    vm_deallocate(SELF, (vm_address_t)all, count * sizeof *all);
    vm_deallocate(SELF, (vm_address_t)types, count * sizeof *types);
}

/* boot: memory=128 timeout=60 */
TEST(0, random_messages_break_nothing_and_leak_nothing)
{
    mach_port_name_array_t own = NULL;
    mach_port_type_array_t types = NULL;
    mach_msg_type_number_t own_count = 0, type_count = 0;
    struct vm_statistics before, after;
    static struct wire wire;
    unsigned sent = 0;

    (void)mach_port_type(SELF, SELF, &(mach_port_type_t){ 0 });
    CHECK_OK(mach_port_names(SELF, &own, &own_count, &types, &type_count));
    memory_statistics(&before);
    for (unsigned round = 0; round < 40; round++) {
        for (unsigned i = 0; i < 300; i++) {
            if (i % 20 == 0) {
                fill_names();
            }
            wire_begin(&wire, random_name(), 15 + random_number() % 8,
                       (int)(random_number() % 4000));
            if (random_number() % 2) {
                wire_reply_port(&wire, random_name(), 16 + random_number() % 6);
            }
            for (unsigned n = random_number() % 5; n > 0; n--) {
                random_item(&wire);
            }
            if (random_number() % 8 == 0) {
                wire.header.msgh_bits ^= 1U << random_number() % 32;
            }
            if (random_number() % 8 == 0) {
                wire.size -= 8 * (random_number() % 4);
            }
            mach_msg_return_t result = wire_send_timed(&wire, 0);

            sent += result == MACH_MSG_SUCCESS;
            if (result == MACH_SEND_TIMED_OUT) {
                mach_msg_destroy(&wire.header); /* all of it has come back */
            }
            if (random_number() % 4 == 0 &&
                wire_receive(&wire, random_name(), 0) == MACH_MSG_SUCCESS) {
                mach_msg_destroy(&wire.header);
            }
        }
        drop_names(own, own_count);
    }
    CHECK(sent > 500);
    memory_statistics(&after);
    CHECK(after.free_count + 60 > before.free_count);
    CHECK_EQ(port_name_count(), own_count);
}

/* Requests with random bodies to every kind of kernel object that a task can name. */
TEST(0, random_requests_to_kernel_objects_are_answered)
{
    mach_port_t objects[] = { SELF, mach_thread_self(), mach_host_self() };
    mach_port_t reply = port_make(FALSE);
    static struct wire wire;

    for (unsigned i = 0; i < 20000; i++) {
        mach_msg_id_t id = (mach_msg_id_t)(2000 + random_number() % 2400);

        /* Not what would end or stop this very task or thread, or shrink its memory. */
        if (id == 2008 || id == 2056 || id == 2016 || id == 2062 || (id >= 2015 && id <= 2018) ||
            (id >= 2021 && id <= 2030) || id == 2089 || (id >= 2060 && id <= 2068) ||
            (id >= 3202 && id <= 3222) || id == 2058 || id == 2059 || id == 2033) {
            continue;
        }
        wire_begin(&wire, objects[random_number() % 3], MACH_MSG_TYPE_COPY_SEND, id);
        wire_reply_port(&wire, reply, MACH_MSG_TYPE_MAKE_SEND_ONCE);
        for (unsigned n = random_number() % 4; n > 0; n--) {
            wire_add_number(&wire, random_number());
        }
        CHECK_OK(wire_send(&wire, 0));
        wire_receive(&wire, reply, 0);
        if (wire.header.msgh_bits & MACH_MSGH_BITS_COMPLEX) {
            mach_msg_destroy(&wire.header);
        }
    }
    CHECK_EQ(port_status(reply).mps_sorights, 0);
}

/* boot: memory=64 */
TEST(0, a_flood_of_large_messages_is_refused_in_the_end)
{
    mach_port_t port = port_make(TRUE);
    mach_msg_return_t result = MACH_MSG_SUCCESS;
    static struct {
        mach_msg_header_t header;
        char body[60000];
    } large;
    unsigned sent = 0;

    while (result == MACH_MSG_SUCCESS && sent < 5000) {
        large.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND_ONCE, 0);
        large.header.msgh_remote_port = port;
        result = mach_msg_trap(&large.header, MACH_SEND_MSG, sizeof large, 0, MACH_PORT_NULL, 0,
                               MACH_PORT_NULL);
        sent += result == MACH_MSG_SUCCESS;
    }
    CHECK_EQ(result, MACH_SEND_NO_BUFFER);
    CHECK(sent > 20);
    CHECK_OK(mach_port_destroy(SELF, port));
    port = port_make(TRUE);
    CHECK_OK(port_send_empty(port, MACH_MSG_TYPE_MAKE_SEND_ONCE, 1, 0));
}
