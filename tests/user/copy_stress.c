/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Managers' objects and copies of them, and copies of copies, against a model: written, evicted, flushed by
 * their managers, dropped, mapped again and inherited in random order (checklist 212). Each world has
 * objects, a manager and a thread of its own; they share the task, and so each child that is made.
 */
#include <mach/host_info.h>
#include <mach/porthole_memory_types.h>

#include "test.h"
#include "waits.h"

#define SELF mach_task_self()
#define WORLDS 3
#define PAGES 14u             /* of an object: more than what is copied at once */
#define OBJECTS 100u          /* of a manager: two are mapped, the others are copies that it made */
#define VIEWS 14u
#define STEPS 3000u
#define STEPS_OF_MANY 150u      /* on several processors, which are slow in emulation */
#define FLUSH_EVERY 24u       /* messages */
#define STALL_MS 60000u       /* no step in that time */

/* The two words that a page holds, first and last; what was never written is zero. */
struct cell {
    uint64_t word;
};

/* A memory object as its manager knows it. */
struct object {
    boolean_t used, is_copy, has_init, has_data, has_ended;
    mach_port_t port, control;
    memory_object_copy_strategy_t strategy;
    uint64_t store[PAGES];
    unsigned awaits[OBJECTS], awaited; /* copies to be filled when this object has been cleaned */
};

/* Memory that shows an object itself, or a copy. */
struct view {
    vm_address_t address; /* 0: none */
    unsigned first, count;
    int object;           /* the object shown, or -1: a copy */
    struct cell own[PAGES];
};

struct world {
    uint64_t random, serial;
    struct object objects[OBJECTS];
    struct cell contents[2][PAGES]; /* of the objects that are mapped */
    struct view views[VIEWS];
    mach_port_t set;
    volatile boolean_t stop;
    unsigned messages;
    volatile unsigned step;
    struct client client, server;
};

static struct world worlds[WORLDS];
static boolean_t evicts_copies;
static unsigned steps;

static unsigned below(struct world *world, unsigned limit)
{
    world->random ^= world->random << 13;
    world->random ^= world->random >> 7;
    world->random ^= world->random << 17;
    return (unsigned)(world->random >> 20) % limit;
}

/* --- the manager --- */

static unsigned object_new(struct world *world, mach_port_t port, memory_object_copy_strategy_t s)
{
    for (unsigned i = 0; i < OBJECTS; i++) {
        struct object *object = &world->objects[i];

        if (object->used)
            continue;
        memset(object, 0, sizeof *object);
        object->used = TRUE;
        object->port = port;
        object->strategy = s;
        CHECK_OK(mach_port_move_member(SELF, port, world->set));
        return i;
    }
    FAIL("more than %u objects at a time", OBJECTS);
}

static void be_ready(struct object *object)
{
    if (object->has_init && object->has_data)
        memory_object_ready(object->control, FALSE, object->strategy);
}

/* What a copy lacks the kernel would take from the old object, which may be written again by now. */
static void supply(struct object *object, vm_offset_t offset)
{
    uint64_t word = object->store[offset / PAGE_SIZE];
    vm_address_t data = 0;

    if (word == 0 && !object->is_copy) {
        memory_object_data_unavailable(object->control, offset, PAGE_SIZE);
        return;
    }
    CHECK_OK(vm_allocate(SELF, &data, PAGE_SIZE, TRUE));
    *(uint64_t *)data = *(uint64_t *)(data + PAGE_SIZE - 8) = word;
    memory_object_data_supply(object->control, offset, data, PAGE_SIZE, TRUE, VM_PROT_NONE, FALSE,
                              MACH_PORT_NULL);
}

/* All that the kernel has of it comes back before the copy is filled; the kernel has it locked till then. */
static void begin_copy(struct world *world, struct object *object, struct kernel_message *message)
{
    static const memory_object_copy_strategy_t strategies[] = {
        MEMORY_OBJECT_COPY_NONE, MEMORY_OBJECT_COPY_CALL, MEMORY_OBJECT_COPY_DELAY};
    unsigned copy = object_new(world, message->new_object, strategies[world->messages % 3]);

    /* Where it begins in the old object, until it is filled. */
    world->objects[copy].is_copy = TRUE;
    world->objects[copy].store[0] = message->offset / PAGE_SIZE;
    object->awaits[object->awaited++] = copy;
    CHECK_OK(memory_object_lock_request(object->control, 0, PAGES * PAGE_SIZE,
                                        MEMORY_OBJECT_RETURN_DIRTY, FALSE, VM_PROT_NO_CHANGE,
                                        object->port));
}

/* A copy's end, when the kernel has no use for it any more and nothing is to be filled in. */
static void release(struct object *object)
{
    if (!object->is_copy || !object->has_ended || !object->has_data)
        return;
    CHECK_OK(mach_port_mod_refs(SELF, object->port, MACH_PORT_RIGHT_RECEIVE, -1));
    object->used = FALSE;
}

static void fill_copy(struct world *world, struct object *object)
{
    struct object *copy = &world->objects[object->awaits[0]];
    unsigned from = (unsigned)copy->store[0];

    object->awaited--;
    for (unsigned i = 0; i < object->awaited; i++)
        object->awaits[i] = object->awaits[i + 1];
    copy->store[0] = 0;
    for (unsigned page = from; page < PAGES; page++)
        copy->store[page - from] = object->store[page];
    copy->has_data = TRUE;
    be_ready(copy);
    release(copy);
}

/* Locks that were asked for when the kernel had already let go of the object are not completed any more. */
static void end_object(struct world *world, struct object *object, struct kernel_message *message)
{
    CHECK_OK(mach_port_destroy(SELF, message->control));
    CHECK_OK(mach_port_destroy(SELF, message->name));
    object->has_init = FALSE;
    object->has_ended = TRUE;
    while (object->awaited > 0)
        fill_copy(world, object);
    release(object);
}

static void keep(struct object *object, struct kernel_message *message)
{
    for (vm_offset_t at = 0; at < message->data_bytes; at += PAGE_SIZE) {
        uint64_t *data = (uint64_t *)(message->data + at);

        CHECK_EQ(data[PAGE_SIZE / 8 - 1], data[0]);
        object->store[(message->offset + at) / PAGE_SIZE] = data[0];
    }
    message_release_data(message);
}

static void serve(struct world *world, struct object *object, struct kernel_message *message)
{
    switch (message->id) {
    case ID_INIT:
        object->control = message->control;
        object->has_init = TRUE;
        be_ready(object);
        break;
    case ID_TERMINATE:
        end_object(world, object, message);
        break;
    case ID_COPY:
        begin_copy(world, object, message);
        break;
    case ID_LOCK_COMPLETED:
        fill_copy(world, object);
        break;
    case ID_DATA_REQUEST:
        supply(object, message->offset);
        break;
    case ID_DATA_UNLOCK:
        memory_object_lock_request(object->control, message->offset, PAGE_SIZE,
                                   MEMORY_OBJECT_RETURN_NONE, FALSE, VM_PROT_NONE, MACH_PORT_NULL);
        break;
    case ID_DATA_RETURN:
        keep(object, message);
        break;
    default:
        FAIL("message %d", message->id);
    }
}

static uint64_t run_manager(void *argument)
{
    struct world *world = argument;
    struct kernel_message message;

    while (!world->stop) {
        struct object *object = world->objects;

        message_receive(world->set, &message, 100);
        if (message.id == 0)
            continue;
        while (object->port != message.port || !object->used)
            CHECK(++object < world->objects + OBJECTS);
        serve(world, object, &message);
        if (++world->messages % FLUSH_EVERY == 0 && object->used && object->has_init)
            memory_object_lock_request(object->control, 0, PAGES / 2 * PAGE_SIZE,
                                       MEMORY_OBJECT_RETURN_DIRTY, TRUE, VM_PROT_NO_CHANGE,
                                       MACH_PORT_NULL);
    }
    return 0;
}

/* --- the client --- */

static struct cell *cell_of(struct world *world, struct view *view, unsigned page)
{
    return view->object < 0 ? &view->own[page] : &world->contents[view->object][view->first + page];
}

static volatile uint64_t *word_of(const struct view *view, unsigned page, boolean_t last)
{
    return (volatile uint64_t *)(view->address + page * PAGE_SIZE + (last ? PAGE_SIZE - 8 : 0));
}

static void check_page(struct world *world, struct view *view, unsigned page)
{
    uint64_t first = *word_of(view, page, FALSE), last = *word_of(view, page, TRUE);
    uint64_t expected = cell_of(world, view, page)->word;

    if (first != expected || last != expected)
        FAIL("world %lu view %lu (object %d) page %u holds %lu and %lu, expected %lu (number %lu)",
             (uint64_t)(world - worlds), (uint64_t)(view - world->views), view->object, page, first,
             last, expected, world->serial);
}

static void write_page(struct world *world, struct view *view, unsigned page)
{
    uint64_t word = ++world->serial;

    *word_of(view, page, FALSE) = word;
    *word_of(view, page, TRUE) = word;
    cell_of(world, view, page)->word = word;
}

static void drop(struct view *view)
{
    if (view->address)
        CHECK_OK(vm_deallocate(SELF, view->address, view->count * PAGE_SIZE));
    view->address = 0;
}

/* Shows an object itself again. */
static void map_object(struct world *world, struct view *view, int object)
{
    drop(view);
    view->first = below(world, 3);
    view->count = PAGES - view->first - below(world, 3);
    view->object = object;
    CHECK_OK(vm_map(SELF, &view->address, view->count * PAGE_SIZE, 0, TRUE,
                    world->objects[object].port, view->first * PAGE_SIZE, FALSE, VM_PROT_DEFAULT,
                    VM_PROT_ALL, VM_INHERIT_COPY));
}

/* Lets a child inherit all that the task has, and copies from there. */
static vm_offset_t read_from_child(vm_address_t address, vm_size_t size)
{
    mach_msg_type_number_t bytes;
    vm_offset_t data;
    task_t child;

    CHECK_OK(task_create(SELF, TRUE, &child));
    CHECK_OK(vm_read(child, address, size, &data, &bytes));
    CHECK_OK(task_terminate(child));
    CHECK_OK(mach_port_deallocate(SELF, child));
    return data;
}

/* Replaces a view by a copy of a part of another. */
static void copy_view(struct world *world, struct view *from, struct view *to)
{
    struct view new = {.object = -1};
    unsigned at = below(world, 3), how = below(world, 8);
    mach_msg_type_number_t bytes;

    new.count = from->count - at - below(world, 2);
    if (new.count < 8)
        return;
    for (unsigned page = 0; page < new.count; page++)
        new.own[page] = *cell_of(world, from, at + page);
    if (how == 0)
        new.address = read_from_child(from->address + at * PAGE_SIZE, new.count * PAGE_SIZE);
    else if (how < 3 && from->object >= 0)
        CHECK_OK(vm_map(SELF, &new.address, new.count * PAGE_SIZE, 0, TRUE,
                        world->objects[from->object].port, (from->first + at) * PAGE_SIZE, TRUE,
                        VM_PROT_DEFAULT, VM_PROT_ALL, VM_INHERIT_COPY));
    else
        CHECK_OK(vm_read(SELF, from->address + at * PAGE_SIZE, new.count * PAGE_SIZE, &new.address,
                         &bytes));
    drop(to);
    *to = new;
}

static void evict(struct world *world, struct view *view)
{
    int outcome;

    if (view->object >= 0 || evicts_copies)
        porthole_evict(test_host_port, SELF,
                       view->address + below(world, view->count) * PAGE_SIZE, &outcome);
}

static void step(struct world *world)
{
    struct view *view = &world->views[below(world, VIEWS)];
    unsigned page;

    if (!view->address)
        view = &world->views[0];
    page = below(world, view->count);
    switch (below(world, 24)) {
    case 0: case 1:
        copy_view(world, view, &world->views[2 + below(world, VIEWS - 2)]);
        break;
    case 2:
        map_object(world, &world->views[below(world, 2)], (int)below(world, 2));
        break;
    case 3: case 4: case 5:
        evict(world, view);
        break;
    case 6:
        if (view >= &world->views[2])
            drop(view);
        break;
    case 7: case 8: case 9: case 10: case 11: case 12: case 13:
        check_page(world, view, page);
        break;
    default:
        write_page(world, view, page);
    }
}

static uint64_t run_world(void *argument)
{
    struct world *world = argument;

    for (; world->step < steps; world->step++)
        step(world);
    for (unsigned i = 0; i < VIEWS; i++) {
        struct view *view = &world->views[i];

        for (unsigned page = 0; view->address && page < view->count; page++)
            check_page(world, view, page);
        drop(view);
    }
    return world->serial;
}

static void begin_world(struct world *world, unsigned number)
{
    world->random = 88172645463325252u + number * 7919;
    CHECK_OK(mach_port_allocate(SELF, MACH_PORT_RIGHT_PORT_SET, &world->set));
    for (int i = 0; i < 2; i++) {
        world->objects[object_new(world, port_make(TRUE), i == 0 ? MEMORY_OBJECT_COPY_DELAY
                                                                 : MEMORY_OBJECT_COPY_CALL)]
            .has_data = TRUE;
        map_object(world, &world->views[i], i);
    }
    client_call(&world->server, run_manager, world);
}

/* However slow the machine is: as long as the world makes steps, there is no stall. */
static void await_world(struct world *world)
{
    unsigned before;

    do {
        before = world->step;
        if (client_wait(&world->client, STALL_MS) == CLIENT_DONE)
            return;
    } while (world->step != before);
    waits_report();
    FAIL("world %lu makes no step any more behind %u", (uint64_t)(world - worlds), before);
}

static void run_all(void)
{
    struct host_basic_info info;
    mach_msg_type_number_t count = HOST_BASIC_INFO_COUNT;

    CHECK_OK(host_info(mach_host_self(), HOST_BASIC_INFO, (host_info_t)&info, &count));
    steps = info.avail_cpus > 1 ? STEPS_OF_MANY : STEPS;
    for (unsigned i = 0; i < WORLDS; i++)
        begin_world(&worlds[i], i);
    for (unsigned i = 0; i < WORLDS; i++)
        client_call(&worlds[i].client, run_world, &worlds[i]);
    for (unsigned i = 0; i < WORLDS; i++)
        await_world(&worlds[i]);
    /* A child that a world makes inherits from the others, too: all managers stay as long. */
    for (unsigned i = 0; i < WORLDS; i++) {
        worlds[i].stop = TRUE;
        client_finish(&worlds[i].server);
    }
}

/* boot: memory=32 timeout=60 */
TEST(212, copies_of_managers_objects_agree_with_a_model)
{
    run_all();
}

/* boot: memory=32 disk=64 with=disk,default_pager timeout=60 */
TEST(212, copies_of_managers_objects_agree_with_a_model_while_they_are_paged_out)
{
    struct pressure pressure;

    evicts_copies = TRUE;
    pressure_make(&pressure, 0, 3000);
    run_all();
    pressure_end(&pressure);
}
