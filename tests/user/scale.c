/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ports by the hundred thousand: what an operation costs does not grow with their number, and when they
 * are gone the kernel is as before. tools/bench --scale runs this program for its figures.
 */
#include "census.h"
#include "meter.h"
#include "test.h"

#define MANY 100000u
#define SAMPLES 200u
#define FRAMES_KEPT 600u /* the kernel's caches keep some objects of every slab at hand */

static const unsigned counts[] = {10, 1000, MANY};
static mach_port_t *ports; /* MANY of them */
static struct census before, after;

/* One of the first `count` ports, another each time. */
static mach_port_t pick(unsigned count, unsigned i)
{
    return ports[i * 2654435761u % count];
}

static void make_room(void)
{
    vm_address_t address = 0;

    CHECK_OK(vm_allocate(mach_task_self(), &address, MANY * sizeof *ports, TRUE));
    ports = (mach_port_t *)address;
    memset(ports, 0, MANY * sizeof *ports);
}

static void allocate_ports(mach_port_t task, unsigned count)
{
    METER("port_allocate", count, count, CHECK_OK(
        mach_port_allocate(task, MACH_PORT_RIGHT_RECEIVE, &ports[i])));
}

static void destroy_ports(unsigned count)
{
    METER("port_destroy", count, count, CHECK_OK(mach_port_destroy(mach_task_self(), ports[i])));
}

static void receive(mach_port_t from)
{
    union {
        mach_msg_header_t header;
        char space[256];
    } message;

    CHECK_OK(mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message, from, 0,
                      MACH_PORT_NULL));
}

static void message_through(mach_port_t port)
{
    CHECK_OK(port_send_empty(port, MACH_MSG_TYPE_MAKE_SEND, 1, 0));
    receive(port);
}

/* Receive rights: messages, looking up, all names at once. */
static void use_ports(unsigned count)
{
    mach_port_type_t type;

    METER("port_message", count, SAMPLES, message_through(pick(count, i)));
    METER("port_type", count, SAMPLES, CHECK_OK(
        mach_port_type(mach_task_self(), pick(count, i), &type)));
    METER("port_rename", count, SAMPLES, {
        CHECK_OK(mach_port_rename(mach_task_self(), pick(count, i), 0x70000100 + i));
        CHECK_OK(mach_port_rename(mach_task_self(), 0x70000100 + i, pick(count, i)));
    });
    uint64_t start = meter_now();
    CHECK(port_name_count() >= count);
    meter_report("port_names_per_name", count, meter_now() - start, count);
}

static void ports_at(unsigned count)
{
    allocate_ports(mach_task_self(), count);
    use_ports(count);
    destroy_ports(count);
}

/* The first round fills caches and leaves; from then on nothing grows. */
/* boot: memory=128 timeout=300 */
TEST(0, a_hundred_thousand_ports_come_and_go)
{
    make_room();
    ports_at(MANY);
    census_take(&before);
    for (unsigned i = 0; i < sizeof counts / sizeof counts[0]; i++)
        ports_at(counts[i]);
    census_take(&after);
    CHECK_EQ(census_growth(&before, &after, 0, FRAMES_KEPT), 0);
}

static void set_at(unsigned count)
{
    mach_port_array_t members = NULL;
    mach_msg_type_number_t member_count = 0;
    mach_port_t set;

    CHECK_OK(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_PORT_SET, &set));
    METER("set_enter", count, count, CHECK_OK(
        mach_port_move_member(mach_task_self(), ports[i], set)));
    METER("set_message", count, SAMPLES, {
        CHECK_OK(port_send_empty(pick(count, i), MACH_MSG_TYPE_MAKE_SEND, 1, 0));
        receive(set);
    });
    CHECK_OK(mach_port_get_set_status(mach_task_self(), set, &members, &member_count));
    CHECK_EQ(member_count, count);
    CHECK_OK(vm_deallocate(mach_task_self(), (vm_address_t)members, member_count * sizeof *members));
    METER("set_leave", count, count / 2, CHECK_OK(
        mach_port_move_member(mach_task_self(), ports[i], MACH_PORT_NULL)));
    uint64_t start = meter_now();
    CHECK_OK(mach_port_destroy(mach_task_self(), set));
    meter_report("set_destroy_per_member", count, meter_now() - start, count - count / 2);
}

/* boot: memory=128 timeout=300 */
TEST(0, a_port_set_has_a_hundred_thousand_members)
{
    make_room();
    allocate_ports(mach_task_self(), MANY);
    census_take(&before);
    for (unsigned i = 0; i < sizeof counts / sizeof counts[0]; i++)
        set_at(counts[i]);
    census_take(&after);
    CHECK_EQ(census_growth(&before, &after, 0, FRAMES_KEPT), 0);
}

/* A task that owns the first ports, of which send rights are here. */
static mach_port_t give_away(unsigned count)
{
    mach_port_t owner;

    CHECK_OK(task_create(mach_task_self(), FALSE, &owner));
    for (unsigned i = 0; i < count; i++) {
        CHECK_OK(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &ports[i]));
        CHECK_OK(mach_port_insert_right(mach_task_self(), ports[i], ports[i],
                                        MACH_MSG_TYPE_MAKE_SEND));
    }
    METER("receive_right_move", count, count, CHECK_OK(
        mach_port_insert_right(owner, 0x1000000 + i, ports[i], MACH_MSG_TYPE_MOVE_RECEIVE)));
    return owner;
}

/* Sends a copy of a right to this task, where it merges with the one that is here. */
static void right_through(mach_port_t through, mach_port_t right)
{
    struct {
        mach_msg_header_t header;
        mach_msg_type_t type;
        mach_port_name_inlined_t name;
        char trailer[64];
    } message = {
        .header = {.msgh_bits = MACH_MSGH_BITS_COMPLEX | MACH_MSGH_BITS(MACH_MSG_TYPE_MAKE_SEND, 0),
                   .msgh_remote_port = through},
        .type = {.msgt_name = MACH_MSG_TYPE_COPY_SEND, .msgt_size = 64, .msgt_number = 1,
                 .msgt_inline = TRUE},
        .name.name = right,
    };

    CHECK_OK(mach_msg(&message.header, MACH_SEND_MSG | MACH_RCV_MSG | MACH_RCV_TIMEOUT, 48,
                      sizeof message, through, 0, MACH_PORT_NULL));
    CHECK_EQ(message.name.name, right);
}

static void end_owner(mach_port_t owner, unsigned count)
{
    uint64_t start = meter_now();

    CHECK_OK(task_terminate(owner));
    meter_report("task_end_per_port", count, meter_now() - start, count);
    CHECK_OK(mach_port_deallocate(mach_task_self(), owner));
}

/* Send rights, merged by port; requests for dead names, and the death of all at once. */
static void rights_at(unsigned count)
{
    mach_port_t notify = port_make(FALSE), previous, owner = give_away(count);

    METER("right_merge", count, SAMPLES, right_through(notify, pick(count, i)));
    METER("dead_name_request", count, count, CHECK_OK(mach_port_request_notification(
        mach_task_self(), ports[i], MACH_NOTIFY_DEAD_NAME, 0, notify, MACH_MSG_TYPE_MAKE_SEND_ONCE,
        &previous)));
    end_owner(owner, count);
    METER("dead_name_receive", count, count, receive(notify));
    for (unsigned i = 0; i < count; i++)
        CHECK_EQ(port_type(ports[i]), MACH_PORT_TYPE_DEAD_NAME);
    METER("dead_name_destroy", count, count, CHECK_OK(
        mach_port_destroy(mach_task_self(), ports[i])));
    CHECK_OK(mach_port_destroy(mach_task_self(), notify));
}

/* boot: memory=192 timeout=300 */
TEST(0, a_task_ends_with_a_hundred_thousand_ports_whose_death_is_told)
{
    make_room();
    rights_at(MANY);
    census_take(&before);
    for (unsigned i = 0; i < sizeof counts / sizeof counts[0]; i++)
        rights_at(counts[i]);
    census_take(&after);
    CHECK_EQ(census_growth(&before, &after, 0, FRAMES_KEPT), 0);
}
