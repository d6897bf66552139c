/* SPDX-License-Identifier: BSD-2-Clause */
#include "audit.h"

#include "test.h"

#define SELF       mach_task_self()
#define STACK_NEEDED 32768
#define TRIES      50 /* until what is freed by another thread of the kernel must be free */
#define TRY_PERIOD 5  /* ms */
#define SAME       3  /* so often in a row: nothing more is being freed */

static char words[160];
static struct audit begun;

static void count_caches(struct audit *audit)
{
    porthole_cache_array_t caches = NULL;
    mach_msg_type_number_t count = 0;

    CHECK_OK(porthole_caches(test_host_port, &caches, &count));
    CHECK(count <= AUDIT_CACHES);
    audit->cache_count = count;
    for (unsigned i = 0; i < count; i++) {
        strlcpy(audit->caches[i].name, caches[i].name, sizeof audit->caches[i].name);
        audit->caches[i].in_use = caches[i].in_use;
        audit->frames += (unsigned)caches[i].frames;
    }
    CHECK_OK(vm_deallocate(SELF, (vm_address_t)caches, count * sizeof *caches));
}

/* Names may change: stubs make a new reply port when a call could not be sent. */
static void sort_names(struct audit *audit)
{
    for (unsigned i = 1; i < audit->name_count; i++)
        for (unsigned k = i; k > 0 && audit->names[k] < audit->names[k - 1]; k--) {
            uint64_t moved = audit->names[k];

            audit->names[k] = audit->names[k - 1];
            audit->names[k - 1] = moved;
        }
}

static void count_names(struct audit *audit)
{
    mach_port_name_array_t names = NULL;
    mach_port_type_array_t types = NULL;
    mach_msg_type_number_t count = 0, type_count = 0;

    CHECK_OK(mach_port_names(SELF, &names, &count, &types, &type_count));
    CHECK(count <= AUDIT_NAMES);
    audit->name_count = count;
    for (unsigned i = 0; i < count; i++) {
        mach_port_right_t right =
            types[i] & MACH_PORT_TYPE_DEAD_NAME ? MACH_PORT_RIGHT_DEAD_NAME : MACH_PORT_RIGHT_SEND;

        audit->names[i] = types[i] * 65536ul + port_refs(names[i], right);
    }
    sort_names(audit);
    CHECK_OK(vm_deallocate(SELF, (vm_address_t)names, count * sizeof *names));
    CHECK_OK(vm_deallocate(SELF, (vm_address_t)types, count * sizeof *types));
}

/* Frames of stacks that are kept for threads to come. */
static unsigned kept_stack_frames(void)
{
    vm_size_t reserved, space, resident, deepest;
    vm_offset_t where;
    unsigned total;

    CHECK_OK(host_stack_usage(test_host_port, &reserved, &total, &space, &resident, &deepest, &where));
    return (unsigned)(resident / PAGE_SIZE);
}

static void count_all(struct audit *audit)
{
    porthole_memory_t memory;

    memset(audit, 0, sizeof *audit);
    count_names(audit);
    count_caches(audit);
    CHECK_OK(porthole_memory(test_host_port, &memory));
    audit->tasks = memory.tasks;
    audit->objects = memory.objects;
    audit->frames += memory.free + kept_stack_frames();
}

static const char *differs(const char *what, uint64_t before, uint64_t now)
{
    snprintf(words, sizeof words, "%s: %lu, was %lu", what, now, before);
    return words;
}

static const char *name_difference(const struct audit *before, const struct audit *now)
{
    if (before->name_count != now->name_count)
        return differs("names", before->name_count, now->name_count);
    for (unsigned i = 0; i < now->name_count; i++) {
        if (before->names[i] != now->names[i])
            return differs("type and references of a name", before->names[i], now->names[i]);
    }
    return NULL;
}

/* An idle processor keeps the address space that it had last, until it works again: what had been counted
   with it may be less now, and its frames free. */
static boolean_t given_up_late(const char *cache, uint64_t before, uint64_t now)
{
    return strcmp(cache, "pmap") == 0 && now < before;
}

static const char *difference(const struct audit *before, const struct audit *now)
{
    const char *found = name_difference(before, now);

    for (unsigned i = 0; !found && i < now->cache_count; i++) /* new ones come last */
        if (before->caches[i].in_use != now->caches[i].in_use &&
            !given_up_late(now->caches[i].name, before->caches[i].in_use, now->caches[i].in_use))
            found = differs(now->caches[i].name, before->caches[i].in_use, now->caches[i].in_use);
    if (!found && before->tasks != now->tasks)
        found = differs("tasks", before->tasks, now->tasks);
    if (!found && before->objects != now->objects)
        found = differs("memory objects", before->objects, now->objects);
    if (!found && before->frames > now->frames)
        found = differs("frames free or in caches", before->frames, now->frames);
    return found;
}

/* What has ended may be freed a little later, by another thread or processor. */
void audit_take(struct audit *audit)
{
    static struct audit again;
    unsigned same = 0;

    count_all(audit);
    for (unsigned tries = 0; same < SAME && tries < TRIES; tries++) {
        thread_sleep(TRY_PERIOD);
        count_all(&again);
        same = difference(audit, &again) || difference(&again, audit) ? 0 : same + 1;
        *audit = again;
    }
}

const char *audit_difference(const struct audit *before)
{
    static struct audit now;
    const char *found = NULL;

    for (unsigned tries = 0; tries < TRIES; tries++) {
        count_all(&now);
        found = difference(before, &now);
        if (!found)
            return NULL;
        thread_sleep(TRY_PERIOD);
    }
    return found;
}

void audit_check(const struct audit *before, const char *what)
{
    const char *found = audit_difference(before);

    if (found)
        FAIL("after %s: %s", what, found);
}

/* The stack grows down to where the largest stub needs it. */
static void touch_stack(void)
{
    volatile char stack[STACK_NEEDED];

    for (unsigned i = 0; i < sizeof stack; i += PAGE_SIZE)
        stack[i] = 0;
}

void audit_begin(void)
{
    touch_stack();
    audit_take(&begun);
}

void audit_refused(const char *file, int line, const char *call, kern_return_t actual,
                   kern_return_t expected)
{
    const char *found;

    if (actual != expected)
        test_fail_code(file, line, call, actual, expected);
    found = audit_difference(&begun);
    if (found)
        test_fail(file, line, "after %s: %s", call, found);
}

const char *bait_difference(mach_port_t port)
{
    struct {
        mach_msg_header_t header;
        char body[256];
    } message;
    mach_port_status_t status;

    while (mach_msg(&message.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof message, port, 0,
                    MACH_PORT_NULL) == MACH_MSG_SUCCESS)
        mach_msg_destroy(&message.header);
    status = port_status(port);
    if (status.mps_srights)
        return differs("send rights of an argument", 0, 1);
    if (status.mps_sorights)
        return differs("send-once rights of an argument", 0, status.mps_sorights);
    return NULL;
}
