/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every routine that the kernel serves, with well formed requests whose contents make no sense, and with
 * ports of every kind as arguments (checklist 219): whatever is refused leaves all counts as before,
 * and in the end nothing holds a reference to the objects that were worked on.
 */
#include "test.h"
#include "trial.h"

#define SELF      mach_task_self()
#define ID_VM_MAP 2089

static const struct {
    mach_msg_id_t id;
    const char *reason;
} not_called[] = {
    {2007, "task_create: leaves a task that nobody has a right to"},
    {2041, "vm_set_default_memory_manager: whoever becomes it must not die"},
    {2063, "thread_resume: the thread runs, and ends its task at a time of its own"},
    {2635, "host_reboot"},
    {2660, "host_default_memory_manager, as 2041"},
    {4204, "gsync_wait: waits for another thread"},
    {4901, "porthole_evict_during_supply: changes what other requests do"},
};

static boolean_t may_be_called(void)
{
    for (unsigned i = 0; i < sizeof not_called / sizeof not_called[0]; i++)
        if (not_called[i].id == routine->id)
            return FALSE;
    return TRUE;
}

/* Three of everything that is out of line: pages that the request takes along, or rights. */
static void fill_out_of_line(unsigned slot)
{
    static mach_port_name_t names[3];
    mach_msg_type_t *type = request_type(&request, slot);
    vm_address_t data = 0;

    if (type_is_port(type->msgt_name)) {
        names[0] = names[2] = objects.ports[OBJECT_PORT];
        type->msgt_name = MACH_MSG_TYPE_MAKE_SEND;
        type->msgt_number = 3;
        *(mach_port_name_t **)request_data(&request, slot) = names;
        return;
    }
    CHECK_OK(vm_allocate(SELF, &data, 3 * PAGE_SIZE, TRUE));
    *(volatile char *)data = 1;
    type->msgt_deallocate = TRUE;
    type->msgt_number = 3 * PAGE_SIZE * 8 / type->msgt_size;
    *(vm_address_t *)request_data(&request, slot) = data;
}

/* A port that suits, or the ordinary one: which for vm_map would be a manager that never answers. */
static void fill_port(unsigned slot)
{
    enum object_kind kind = routine->slots[slot].object;
    unsigned wanted = routine->slots[slot].type;

    if (kind != OBJECT_PORT)
        request_put_port(&request, slot, objects.ports[kind], MACH_MSG_TYPE_COPY_SEND);
    else if (routine->id != ID_VM_MAP)
        request_put_port(&request, slot, objects.ports[OBJECT_PORT],
                         wanted == MACH_MSG_TYPE_COPY_SEND ? MACH_MSG_TYPE_MAKE_SEND
                         : wanted == (uint8_t)MACH_MSG_TYPE_POLYMORPHIC
                             ? MACH_MSG_TYPE_MAKE_SEND_ONCE
                             : wanted);
}

static void fill(uint64_t value)
{
    for (unsigned slot = 0; slot < routine->slot_count; slot++) {
        uint64_t *data = request_data(&request, slot);

        if (!request_type(&request, slot)->msgt_inline)
            fill_out_of_line(slot);
        else if (type_is_port(request_type(&request, slot)->msgt_name))
            fill_port(slot);
        else
            while ((uint8_t *)data < &request.bytes[request.slot_at[slot + 1]])
                *data++ = value;
    }
}

static void senseless_contents(void)
{
    static const uint64_t values[] = {0, 1, 3, PAGE_SIZE, 0x7fffffff, 1ul << 47, ~0ul, ~0xffful};
    char what[64];

    for (unsigned i = 0; may_be_called() && i < sizeof values / sizeof values[0]; i++) {
        begin();
        fill(values[i]);
        snprintf(what, sizeof what, "full of %#lx", values[i]);
        expect_any(what);
    }
}

/* What a routine answers whose argument is not what it takes it for. */
static const struct {
    mach_msg_id_t id;
    kern_return_t code;
    const char *reason;
} argument_codes[] = {
    {2636, KERN_INVALID_TASK, "vm_wire, as GNU Mach"},
    {4207, KERN_INVALID_TASK, "vm_wire_all, as GNU Mach"},
    {4210, KERN_INVALID_TASK, "vm_allocate_contiguous, as GNU Mach"},
    {4212, KERN_INVALID_TASK, "vm_pages_phys, as GNU Mach"},
    {4215, KERN_INVALID_TASK, "vm_set_size_limit, as GNU Mach"},
};

static kern_return_t wrong_argument_code(void)
{
    for (unsigned i = 0; i < sizeof argument_codes / sizeof argument_codes[0]; i++)
        if (argument_codes[i].id == routine->id)
            return argument_codes[i].code;
    return routine->absent ? MIG_BAD_ID : KERN_INVALID_ARGUMENT;
}

static void wrong_argument(unsigned slot)
{
    enum object_kind wanted = routine->slots[slot].object;
    mach_port_name_t none[] = {MACH_PORT_NULL, MACH_PORT_DEAD, objects.ports[OBJECT_PORT]};
    char what[64];

    for (unsigned i = 0; i < sizeof none / sizeof none[0] && wanted != OBJECT_PORT; i++) {
        begin();
        fill(0);
        request_put_port(&request, slot, none[i],
                         i == 2 ? MACH_MSG_TYPE_MAKE_SEND : MACH_MSG_TYPE_COPY_SEND);
        snprintf(what, sizeof what, "with argument %u no object", slot);
        expect(what, wrong_argument_code());
    }
    for (unsigned kind = OBJECT_TASK; kind < OBJECT_KINDS; kind++) {
        if (wanted != OBJECT_PORT && object_suits(wanted, kind))
            continue;
        begin();
        fill(0);
        request_put_port(&request, slot, objects.ports[kind], MACH_MSG_TYPE_COPY_SEND);
        snprintf(what, sizeof what, "with argument %u of kind %u", slot, kind);
        if (wanted == OBJECT_PORT)
            expect_any(what);
        else
            expect(what, wrong_argument_code());
    }
}

static void wrong_arguments(void)
{
    for (unsigned slot = 0; may_be_called() && slot < routine->slot_count; slot++)
        if (routine->slots[slot].flags & SLOT_INLINE && type_is_port(routine->slots[slot].type))
            wrong_argument(slot);
}

static void try_contents(void)
{
    wrong_arguments();
    senseless_contents();
}

TEST(219, every_routine_of_mach_port_leaves_no_trace_of_what_it_refuses)
{
    trial_subsystem("mach_port", try_contents);
}

TEST(219, every_routine_of_mach_leaves_no_trace_of_what_it_refuses)
{
    trial_subsystem("mach", try_contents);
}

TEST(219, every_routine_of_mach_host_leaves_no_trace_of_what_it_refuses)
{
    trial_subsystem("mach_host", try_contents);
}

TEST(219, every_routine_of_mach4_leaves_no_trace_of_what_it_refuses)
{
    trial_subsystem("mach4", try_contents);
}

TEST(219, every_routine_of_gnumach_leaves_no_trace_of_what_it_refuses)
{
    trial_subsystem("gnumach", try_contents);
}

TEST(219, every_routine_of_mach_i386_leaves_no_trace_of_what_it_refuses)
{
    trial_subsystem("mach_i386", try_contents);
}

TEST(219, every_routine_of_device_leaves_no_trace_of_what_it_refuses)
{
    trial_subsystem("device", try_contents);
}

TEST(219, every_routine_of_mach_debug_leaves_no_trace_of_what_it_refuses)
{
    trial_subsystem("mach_debug", try_contents);
}

TEST(219, every_routine_of_vm_osf_leaves_no_trace_of_what_it_refuses)
{
    trial_subsystem("vm_osf", try_contents);
}

TEST(219, every_routine_of_porthole_debug_leaves_no_trace_of_what_it_refuses)
{
    trial_subsystem("porthole_debug", try_contents);
}

TEST(219, every_routine_of_porthole_memory_leaves_no_trace_of_what_it_refuses)
{
    trial_subsystem("porthole_memory", try_contents);
}
