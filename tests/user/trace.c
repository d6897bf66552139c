/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel records as it goes. */
#include "test.h"

#include "audit.h"

#define EVENTS_MAX 16384    /* of all processors */
#define RING_EVENTS 4096    /* of one */
#define SELF mach_task_self()

static porthole_event_t events[EVENTS_MAX];
static unsigned event_count;

static unsigned kind_of(const porthole_event_t *event)
{
    return (unsigned)(event->object >> 56);
}

/* What is left of an identity in an event of any kind. */
static uint64_t identity_in(const porthole_event_t *event)
{
    return event->object | UINT64_C(0xff) << 56;
}

static int by_time(const void *left, const void *right)
{
    const porthole_event_t *a = left, *b = right;

    return a->time < b->time ? -1 : a->time > b->time;
}

/* Appends what a processor has recorded; the time of the oldest that it still has. */
static uint64_t collect_from(uint32_t slot, uint64_t after)
{
    porthole_event_array_t list;
    mach_msg_type_number_t count;
    uint64_t oldest, frequency;

    CHECK_OK(porthole_trace(test_host_port, slot, after, &list, &count, &oldest, &frequency));
    CHECK(frequency > 1000000);
    CHECK(count <= RING_EVENTS && event_count + count <= EVENTS_MAX);
    memcpy(&events[event_count], list, count * sizeof *list);
    event_count += count;
    CHECK_OK(vm_deallocate(SELF, (vm_address_t)list, count * sizeof *list));
    return oldest;
}

/* All events after a time, sorted. */
static void collect(uint64_t after)
{
    porthole_processor_array_t processors;
    mach_msg_type_number_t count;

    event_count = 0;
    CHECK_OK(porthole_processors(test_host_port, &processors, &count));
    for (uint32_t slot = 0; slot < count; slot++)
        collect_from(slot, after);
    CHECK_OK(vm_deallocate(SELF, (vm_address_t)processors, count * sizeof *processors));
    qsort(events, event_count, sizeof *events, by_time);
}

static uint64_t now(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* The first event of the kind from there on, which must come. */
static unsigned find(unsigned from, unsigned kind, uint64_t detail)
{
    for (unsigned i = from; i < event_count; i++)
        if (kind_of(&events[i]) == kind && events[i].detail == detail)
            return i;
    FAIL("no event of kind %#x, detail %#lx", kind, detail);
}

static uint64_t identity_of_object(vm_address_t address)
{
    vm_region_info_t region;
    mach_port_t name;

    CHECK_OK(mach_vm_region_info(SELF, address, &region, &name));
    if (MACH_PORT_VALID(name))
        CHECK_OK(mach_port_deallocate(SELF, name));
    return region.vri_object;
}

TEST(0, the_life_of_a_page_is_recorded_in_its_order)
{
    static const unsigned life[] = {PORTHOLE_TRACE_REQUEST, PORTHOLE_TRACE_SUPPLY,
                                    PORTHOLE_TRACE_COMPLETED, PORTHOLE_TRACE_LOCK,
                                    PORTHOLE_TRACE_RETURN, PORTHOLE_TRACE_LOCKED};
    struct manager manager;
    struct kernel_message message;
    struct client client;
    vm_address_t address = manager_start(&manager, 0, 2 * PAGE_SIZE);
    mach_port_t reply = port_make(TRUE);
    uint64_t begin = now(), object = identity_of_object(address);
    unsigned at = 0;

    client_write(&client, address + PAGE_SIZE, 7);
    EXPECT_REQUEST(&manager, PAGE_SIZE, PAGE_SIZE);
    CHECK_OK(manager_supply(&manager, PAGE_SIZE, PAGE_SIZE, 1, VM_PROT_NONE, TRUE, reply,
                            MACH_MSG_TYPE_MAKE_SEND_ONCE));
    EXPECT_MESSAGE(reply, ID_SUPPLY_COMPLETED, &message);
    client_finish(&client);
    CHECK_OK(memory_object_lock_request(manager.control, PAGE_SIZE, PAGE_SIZE,
                                        MEMORY_OBJECT_RETURN_ALL, TRUE, VM_PROT_NO_CHANGE, reply));
    EXPECT_MESSAGE(manager.object, ID_DATA_RETURN, &message);
    message_release_data(&message);
    EXPECT_MESSAGE(reply, ID_LOCK_COMPLETED, &message);
    collect(begin);
    for (unsigned i = 0; i < sizeof life / sizeof life[0]; i++) {
        at = find(at, life[i], PAGE_SIZE | 1);
        CHECK_EQ(identity_in(&events[at]), object);
        if (life[i] == PORTHOLE_TRACE_RETURN)
            CHECK_EQ(events[at].subject, 1);
    }
    client_end(&client);
}

TEST(0, a_fault_is_recorded_from_its_begin_to_its_end)
{
    uint64_t begin = now();
    vm_address_t address = 0;
    unsigned at = 0, done;

    CHECK_OK(vm_allocate(SELF, &address, 2 * PAGE_SIZE, TRUE));
    *(volatile uint64_t *)(address + PAGE_SIZE + 8) = 1;
    collect(begin);
    while (at < event_count && events[at].object != ((uint64_t)PORTHOLE_TRACE_FAULT << 56 |
                                                     (address + PAGE_SIZE + 8)))
        at++;
    CHECK(at < event_count);
    CHECK_EQ(events[at].detail, VM_PROT_READ | VM_PROT_WRITE);
    done = find(at, PORTHOLE_TRACE_FAULT_ZERO, PAGE_SIZE);
    CHECK_EQ(identity_in(&events[done]), identity_of_object(address));
}

/* The port's identity, which the events use; 0: the task has no such receive right. */
static uint64_t identity_of_port(mach_port_t name)
{
    porthole_task_array_t tasks;
    porthole_port_array_t ports;
    mach_msg_type_number_t task_count, count;
    uint64_t identity = 0;

    CHECK_OK(porthole_tasks(test_host_port, &tasks, &task_count));
    for (unsigned i = 0; i < task_count; i++) {
        if (strcmp(tasks[i].name, "trace") != 0)
            continue;
        CHECK_OK(porthole_ports(test_host_port, tasks[i].identity, &ports, &count));
        for (unsigned j = 0; j < count; j++)
            if (ports[j].name == name)
                identity = ports[j].identity;
        CHECK_OK(vm_deallocate(SELF, (vm_address_t)ports, count * sizeof *ports));
    }
    CHECK_OK(vm_deallocate(SELF, (vm_address_t)tasks, task_count * sizeof *tasks));
    return identity;
}

static void send_simple(mach_port_t port, mach_msg_id_t id)
{
    mach_msg_header_t header = {
        .msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, 0),
        .msgh_size = sizeof header,
        .msgh_remote_port = port,
        .msgh_id = id,
    };

    CHECK_OK(mach_msg(&header, MACH_SEND_MSG, sizeof header, 0, MACH_PORT_NULL, 0, MACH_PORT_NULL));
}

TEST(0, a_message_is_recorded_as_it_is_queued_and_received)
{
    mach_port_t port = port_make(TRUE);
    uint64_t begin = now();
    struct kernel_message message;
    unsigned queued, received;

    send_simple(port, 4711);
    send_simple(port, 4711);
    EXPECT_MESSAGE(port, 4711, &message);
    EXPECT_MESSAGE(port, 4711, &message);
    CHECK_EQ(message.seqno, 1);
    collect(begin);
    for (queued = 0; queued < event_count; queued++)
        if (kind_of(&events[queued]) == PORTHOLE_TRACE_QUEUE && events[queued].detail >> 32 == 4711)
            break;
    CHECK(queued < event_count);
    CHECK_EQ(identity_in(&events[queued]), identity_of_port(port));
    received = find(queued, PORTHOLE_TRACE_RECEIVE, UINT64_C(4711) << 32);
    CHECK_EQ(events[received].subject, events[queued].subject);
    find(received, PORTHOLE_TRACE_RECEIVE, UINT64_C(4711) << 32 | 1);
}

static uint64_t serve_one(void *argument)
{
    struct {
        mach_msg_header_t header;
        char body[64];
    } request;
    mach_port_t port = (mach_port_t)(uintptr_t)argument;

    if (mach_msg(&request.header, MACH_RCV_MSG, 0, sizeof request, port, 0, MACH_PORT_NULL) !=
        MACH_MSG_SUCCESS)
        return 0;
    request.header.msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_MOVE_SEND_ONCE, 0);
    request.header.msgh_local_port = MACH_PORT_NULL;
    request.header.msgh_size = sizeof request.header;
    request.header.msgh_id = 4812;
    /* The next request, which does not come: so that the answer is handed over too. */
    mach_msg(&request.header, MACH_SEND_MSG | MACH_RCV_MSG, sizeof request.header, sizeof request, port,
             0, MACH_PORT_NULL);
    return 1;
}

/* How many events tell that a message with this id went straight to a thread. */
static unsigned handed_over(mach_msg_id_t id, uint64_t port)
{
    unsigned found = 0;

    for (unsigned i = 0; i < event_count; i++)
        found += (kind_of(&events[i]) == PORTHOLE_TRACE_HAND_OVER ||
                  kind_of(&events[i]) == PORTHOLE_TRACE_DELIVER) &&
                 (mach_msg_id_t)(events[i].detail >> 32) == id && identity_in(&events[i]) == port;
    return found;
}

TEST(0, a_request_and_its_answer_are_recorded_as_hand_overs)
{
    mach_port_t port = port_make(TRUE), reply = port_make(FALSE);
    struct {
        mach_msg_header_t header;
        char body[64];
    } message = {.header = {
        .msgh_bits = MACH_MSGH_BITS(MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_MAKE_SEND_ONCE),
        .msgh_size = sizeof(mach_msg_header_t),
        .msgh_remote_port = port,
        .msgh_local_port = reply,
        .msgh_id = 4811,
    }};
    uint64_t begin = now();
    struct client client;

    client_call(&client, serve_one, (void *)(uintptr_t)port);
    client_expect_blocked(&client, 0);
    CHECK_OK(mach_msg(&message.header, MACH_SEND_MSG | MACH_RCV_MSG, sizeof message.header,
                      sizeof message, reply, 0, MACH_PORT_NULL));
    CHECK_EQ(message.header.msgh_id, 4812);
    collect(begin);
    CHECK_EQ(handed_over(4811, identity_of_port(port)), 1);
    CHECK_EQ(handed_over(4812, identity_of_port(reply)), 1);
    client_end(&client);
}

TEST(0, a_call_of_the_kernel_is_recorded_with_its_begin)
{
    uint64_t begin = now();
    mach_port_type_t type;
    unsigned found = 0;

    CHECK_OK(mach_port_type(SELF, SELF, &type));
    collect(begin);
    for (unsigned i = 0; i < event_count; i++)
        if (kind_of(&events[i]) == PORTHOLE_TRACE_CALL && events[i].detail >> 32 == 3201) {
            CHECK(events[i].subject >= begin && events[i].subject < events[i].time);
            found++;
        }
    CHECK_EQ(found, 1);
}

/* What a full ring holds is new, in order, and not more than a ring; what is known is not told again. */
TEST(0, the_oldest_events_are_overwritten)
{
    mach_port_type_t type;
    uint64_t oldest = 0, last;

    for (unsigned i = 0; oldest == 0; i++) {
        CHECK(i < 40 * RING_EVENTS);
        CHECK_OK(mach_port_type(SELF, SELF, &type));
        if (i % RING_EVENTS == 0) {
            event_count = 0;
            oldest = collect_from(0, 0);
        }
    }
    event_count = 0;
    oldest = collect_from(0, 0);
    CHECK(event_count > RING_EVENTS / 2);
    CHECK(events[0].time >= oldest);
    for (unsigned i = 1; i < event_count; i++)
        CHECK(events[i].time > events[i - 1].time);
    last = events[event_count - 1].time;
    event_count = 0;
    oldest = collect_from(0, last);
    CHECK(event_count > 0 || oldest < last);
    for (unsigned i = 0; i < event_count; i++)
        CHECK(events[i].time > last);
}

TEST(219, the_trace_refuses_who_has_not_the_privilege)
{
    porthole_event_array_t list;
    porthole_port_array_t ports;
    mach_msg_type_number_t count;
    uint64_t oldest, frequency;

    CHECK_RETURNS(porthole_trace(mach_host_self(), 0, 0, &list, &count, &oldest, &frequency),
                  KERN_INVALID_HOST);
    CHECK_RETURNS(porthole_ports(mach_host_self(), 0, &ports, &count), KERN_INVALID_HOST);
    audit_begin();
    REFUSED(porthole_trace(test_host_port, 32, 0, &list, &count, &oldest, &frequency),
            KERN_INVALID_ARGUMENT);
    REFUSED(porthole_ports(test_host_port, 1, &ports, &count), KERN_INVALID_ARGUMENT);
}
