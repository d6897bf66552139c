/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every routine that the kernel serves, with requests whose form is wrong in every way that the table of
 * their layouts can tell, and to ports of every wrong kind (checklist 189, 219): the answer must be the
 * one that a user of MIG expects, and after each refusal all counts must be as before.
 */
#include "test.h"
#include "trial.h"

#define SELF            mach_task_self()
#define ID_INSERT_RIGHT 3215

static boolean_t is_complex(void)
{
    return (request.header.msgh_bits & MACH_MSGH_BITS_COMPLEX) != 0;
}

/* An array that may be in the message or out of line. */
static boolean_t either_place(unsigned slot)
{
    return (routine->slots[slot].flags & (SLOT_LONG | SLOT_VARIABLE)) == (SLOT_LONG | SLOT_VARIABLE);
}

static void wrong_sizes(void)
{
    mach_msg_type_t nothing = {.msgt_name = MACH_MSG_TYPE_INTEGER_32, .msgt_size = 32,
                               .msgt_inline = TRUE};

    begin();
    request.size -= 1;
    expect("a byte short", MACH_SEND_MSG_TOO_SMALL);
    if (routine->slot_count > 0) {
        begin();
        request.size -= 8;
        expect("a word short", is_complex() ? MACH_SEND_MSG_TOO_SMALL : MIG_BAD_ARGUMENTS);
        begin();
        request.size = sizeof request.header;
        expect("without a body", MIG_BAD_ARGUMENTS);
    }
    begin();
    memcpy(&request.bytes[request.size], &nothing, sizeof nothing);
    request.size += 8;
    expect("a word too long", MIG_BAD_ARGUMENTS);
}

static void wrong_contents(void)
{
    mach_msg_type_t right = {.msgt_name = MACH_MSG_TYPE_MAKE_SEND, .msgt_size = 64,
                             .msgt_inline = TRUE, .msgt_number = 1};
    mach_msg_type_t memory = {.msgt_name = MACH_MSG_TYPE_BYTE, .msgt_size = 8, .msgt_longform = TRUE,
                              .msgt_deallocate = TRUE, .msgt_number = 3 * PAGE_SIZE};
    mach_msg_type_t rights = {.msgt_name = MACH_MSG_TYPE_MAKE_SEND_ONCE, .msgt_size = 32,
                              .msgt_longform = TRUE, .msgt_number = 3};
    mach_port_t bait = objects.ports[OBJECT_PORT];
    mach_port_name_t names[] = {bait, bait, bait};
    vm_address_t data = 0;

    begin();
    request_append(&request, right, bait, TRUE);
    expect("a right too many", MIG_BAD_ARGUMENTS);
    begin();
    request_append(&request, rights, (uint64_t)names, TRUE);
    expect("an array of rights too many", MIG_BAD_ARGUMENTS);
    begin();
    CHECK_OK(vm_allocate(SELF, &data, 3 * PAGE_SIZE, TRUE));
    *(volatile char *)data = 1;
    request_append(&request, memory, data, TRUE);
    expect("memory too many", MIG_BAD_ARGUMENTS);
    begin();
    if (routine->slot_count > 0 && either_place(routine->slot_count - 1))
        return;
    if (is_complex())
        request.header.msgh_bits &= ~MACH_MSGH_BITS_COMPLEX;
    else
        request.header.msgh_bits |= MACH_MSGH_BITS_COMPLEX;
    expect("the other kind of message", MIG_BAD_ARGUMENTS);
}

/* A right of any kind is wanted: a number, in a message that says that it has no rights. */
static void number_for_right(unsigned slot)
{
    mach_msg_type_t *type;

    begin();
    type = request_type(&request, slot);
    if (routine->slots[slot].type != (uint8_t)MACH_MSG_TYPE_POLYMORPHIC)
        return;
    type->msgt_name = MACH_MSG_TYPE_INTEGER_64;
    *(uint64_t *)request_data(&request, slot) = 0x123456789abcdef0;
    if (routine->slots[0].flags & SLOT_INLINE && routine->slots[1].flags & SLOT_INLINE)
        request.header.msgh_bits &= ~MACH_MSGH_BITS_COMPLEX;
    expect("a number for a right", routine->id == ID_INSERT_RIGHT ? KERN_INVALID_VALUE
                                                                  : KERN_INVALID_ARGUMENT);
}

/* A right where the routine takes something else. */
static void right_for_data(unsigned slot)
{
    mach_msg_type_t *type;

    begin();
    type = request_type(&request, slot);
    if (!type->msgt_inline || type_is_port(type->msgt_name))
        return;
    type->msgt_number = type->msgt_size * type->msgt_number >= 64
                            ? type->msgt_size * type->msgt_number / 64
                            : 1;
    type->msgt_size = 64;
    if (type->msgt_number != 1)
        return; /* so much data that it would be many rights */
    request.header.msgh_bits |= MACH_MSGH_BITS_COMPLEX;
    request_put_port(&request, slot, objects.ports[OBJECT_PORT], MACH_MSG_TYPE_MAKE_SEND);
    expect("a right for a number", MIG_BAD_ARGUMENTS);
}

/* Arrays that end a request: so many elements that their size, in 32 bits, is that of none. */
static void wrapping_numbers(unsigned slot)
{
    uint32_t bytes = routine->slots[slot].bits / 8;
    uint64_t numbers[] = {(1ul << 31) / bytes * 2, (1ul << 32) / bytes - 1, (1ul << 32) - 7};

    if (!(routine->slots[slot].flags & SLOT_VARIABLE) || slot + 1 != routine->slot_count)
        return;
    for (unsigned i = bytes == 1; i < sizeof numbers / sizeof numbers[0]; i++) {
        begin();
        request.size = request.slot_at[slot] + (uint32_t)sizeof(mach_msg_type_t);
        request_type(&request, slot)->msgt_number = (uint32_t)numbers[i];
        expect_malformed("elements whose size wraps");
    }
}

/* What MIG checks of a descriptor by itself, of all but strings and arrays of any length. */
static void wrong_fixed_slot(unsigned slot)
{
    mach_msg_type_t *type;

    begin();
    type = request_type(&request, slot);
    type->msgt_longform ^= 1;
    expect_malformed("another form");
    begin();
    type->msgt_unused = 1;
    expect_malformed("an unused bit");
    begin();
    if (!type->msgt_inline)
        return;
    type->msgt_deallocate = TRUE;
    expect_malformed("inline, to be deallocated");
    begin();
    type->msgt_number += 1;
    expect_malformed("an element more");
}

static void wrong_slot(unsigned slot)
{
    unsigned name = routine->slots[slot].type;
    mach_msg_type_t *type;

    begin();
    type = request_type(&request, slot);
    if (name != (uint8_t)MACH_MSG_TYPE_POLYMORPHIC) {
        type->msgt_name = MACH_MSG_TYPE_REAL;
        expect("another type", MIG_BAD_ARGUMENTS);
        begin();
    }
    type->msgt_size = (uint16_t)(type->msgt_size / 2);
    expect_malformed("half the size");
    begin();
    type->msgt_size *= 2;
    expect_malformed("twice the size");
    begin();
    if (!either_place(slot)) {
        type->msgt_inline ^= 1;
        expect_malformed("in another place");
    }
    if (!(routine->slots[slot].flags & SLOT_VARIABLE) && name != MACH_MSG_TYPE_STRING_C)
        wrong_fixed_slot(slot);
    begin();
    if (type->msgt_inline)
        for (unsigned shift = 29; shift < 33; shift++) {
            begin();
            type->msgt_number = (uint32_t)((1ul << shift) - (shift == 32));
            expect_malformed("far too many elements");
        }
    wrapping_numbers(slot);
    right_for_data(slot);
    number_for_right(slot);
}

/* --- wrong objects --- */

static const struct {
    mach_msg_id_t id;
    kern_return_t code;
    const char *reason;
} other_codes[] = {
    {2007, KERN_INVALID_TASK, "task_create, as GNU Mach"},
    {2061, KERN_INVALID_TASK, "thread_create, as GNU Mach"},
    {2600, KERN_INVALID_ARGUMENT, "host_processors, as GNU Mach"},
    {2634, KERN_INVALID_HOST, "host_get_time, as GNU Mach"},
    {2643, KERN_INVALID_HOST, "host_get_time64, as GNU Mach"},
    {2647, KERN_INVALID_HOST, "host_get_uptime64, as GNU Mach"},
    {3809, KERN_INVALID_HOST, "i386_get_xstate_size, as GNU Mach"},
    {2630, KERN_INVALID_ARGUMENT, "host_processor_set_priv, as GNU Mach"},
    {3009, KERN_INVALID_HOST, "host_ipc_marequest_info, as GNU Mach"},
    {3014, KERN_INVALID_HOST, "host_stack_usage, as GNU Mach"},
    {3016, KERN_INVALID_HOST, "host_virtual_physical_table_info, as GNU Mach"},
    {3022, KERN_INVALID_HOST, "host_slab_info, as GNU Mach"},
    {3019, KERN_INVALID_TASK, "mach_vm_region_info, as GNU Mach"},
    {4204, KERN_INVALID_TASK, "gsync_wait, as GNU Mach"},
    {4205, KERN_INVALID_TASK, "gsync_wake, as GNU Mach"},
    {4206, KERN_INVALID_TASK, "gsync_requeue, as GNU Mach"},
    {2636, KERN_INVALID_HOST, "vm_wire, as GNU Mach"},
    {4215, KERN_INVALID_TASK, "vm_set_size_limit, as GNU Mach: the task comes first"},
    {4216, KERN_INVALID_TASK, "vm_get_size_limit, as GNU Mach"},
    {2637, KERN_INVALID_ARGUMENT, "thread_wire, as GNU Mach"},
    {2644, KERN_INVALID_HOST, "host_set_time64, as GNU Mach: its definition names the plain host port"},
    {2800, D_INVALID_OPERATION, "device_open, as GNU Mach: not the master port"},
    {2806, D_INVALID_OPERATION, "device_open_new, the same"},
};

/* What a routine answers whose port is not what it works on. */
static kern_return_t wrong_target_code(void)
{
    const char *target = routine->target_name;

    for (unsigned i = 0; i < sizeof other_codes / sizeof other_codes[0]; i++)
        if (other_codes[i].id == routine->id)
            return other_codes[i].code;
    if (routine->absent)
        return MIG_BAD_ID;
    if (strcmp(target, "space") == 0)
        return KERN_INVALID_TASK;
    if (routine->target == OBJECT_HOST_PRIV)
        return KERN_INVALID_HOST;
    if (routine->target == OBJECT_DEVICE)
        return D_NO_SUCH_DEVICE;
    return KERN_INVALID_ARGUMENT;
}

static void wrong_targets(void)
{
    char what[64];

    for (unsigned kind = OBJECT_TASK; kind < OBJECT_KINDS; kind++) {
        if (object_suits(routine->target, kind))
            continue;
        begin();
        request.header.msgh_remote_port = objects.ports[kind];
        snprintf(what, sizeof what, "to an object of kind %u", kind);
        expect(what, wrong_target_code());
    }
    begin();
    request.header.msgh_remote_port = MACH_PORT_DEAD;
    expect("to a dead port", MACH_SEND_INVALID_DEST);
}

static void try_forms(void)
{
    wrong_sizes();
    wrong_contents();
    for (unsigned slot = 0; slot < routine->slot_count; slot++)
        wrong_slot(slot);
    wrong_targets();
}

TEST(219, every_routine_of_mach_port_refuses_what_is_malformed)
{
    trial_subsystem("mach_port", try_forms);
}

TEST(219, every_routine_of_mach_refuses_what_is_malformed)
{
    trial_subsystem("mach", try_forms);
}

TEST(219, every_routine_of_mach_host_refuses_what_is_malformed)
{
    trial_subsystem("mach_host", try_forms);
}

TEST(219, every_routine_of_mach4_refuses_what_is_malformed)
{
    trial_subsystem("mach4", try_forms);
}

TEST(219, every_routine_of_gnumach_refuses_what_is_malformed)
{
    trial_subsystem("gnumach", try_forms);
}

TEST(219, every_routine_of_mach_i386_refuses_what_is_malformed)
{
    trial_subsystem("mach_i386", try_forms);
}

TEST(219, every_routine_of_device_refuses_what_is_malformed)
{
    trial_subsystem("device", try_forms);
}

TEST(219, every_routine_of_mach_debug_refuses_what_is_malformed)
{
    trial_subsystem("mach_debug", try_forms);
}

TEST(219, every_routine_of_vm_osf_refuses_what_is_malformed)
{
    trial_subsystem("vm_osf", try_forms);
}

TEST(219, every_routine_of_porthole_debug_refuses_what_is_malformed)
{
    trial_subsystem("porthole_debug", try_forms);
}

TEST(219, every_routine_of_porthole_memory_refuses_what_is_malformed)
{
    trial_subsystem("porthole_memory", try_forms);
}
