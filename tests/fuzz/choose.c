/* SPDX-License-Identifier: BSD-2-Clause */
#include "choose.h"

#include <porthole/message.h>

#define ARENA_ADDRESS 0x600000000ul /* where the runtime library puts nothing */
#define GOLDEN 0x9e3779b97f4a7c15u

static mach_port_name_t slots[TARGETS][SLOTS];
static vm_address_t arena;

static uint64_t mix(uint64_t bits)
{
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111ebu;
    return bits ^ bits >> 31;
}

void choose_begin(struct member *member, uint64_t operation)
{
    member->random = mix(mix(settings.seed * GOLDEN + member->number) + operation * GOLDEN);
}

uint64_t choose_bits(struct member *member)
{
    member->random += GOLDEN;
    return mix(member->random);
}

unsigned choose(struct member *member, unsigned count)
{
    return (unsigned)(choose_bits(member) % count);
}

boolean_t choose_seldom(struct member *member, unsigned count)
{
    return choose(member, count) == 0;
}

uint64_t choose_odd_number(struct member *member)
{
    static const uint64_t numbers[] = {0,          1,          2,           7,
                                       4095,       4096,       0x7fffffff,  0x80000000,
                                       0xffffffff, 0x10000000, ~0ul,        1ul << 63,
                                       ~0xffful,   1ul << 47,  0x7fffffffff000, 16};

    return choose_seldom(member, 4) ? choose_bits(member)
                                    : numbers[choose(member, sizeof numbers / sizeof numbers[0])];
}

vm_address_t choose_address(struct member *member)
{
    if (choose_seldom(member, 64))
        return choose_odd_number(member);
    vm_address_t address = arena + choose(member, ARENA_PAGES) * PAGE_SIZE;

    return choose_seldom(member, 8) ? address + choose(member, PAGE_SIZE) : address;
}

vm_size_t choose_size(struct member *member)
{
    if (choose_seldom(member, 32))
        return choose_odd_number(member);
    return choose_seldom(member, 4) ? choose(member, 3 * PAGE_SIZE)
                                    : (1 + choose(member, 4)) * PAGE_SIZE;
}

mach_port_name_t choose_name(struct member *member, enum target target)
{
    if (choose_seldom(member, 32))
        return (mach_port_name_t)choose_odd_number(member);
    if (choose_seldom(member, 8))
        target = choose(member, TARGETS);
    return slots[target][choose(member, SLOTS)];
}

void choose_remember(struct member *member, enum target target, mach_port_name_t name)
{
    if (MACH_PORT_VALID(name))
        slots[target][choose(member, SLOTS)] = name;
}

mach_msg_type_name_t choose_disposition(struct member *member)
{
    static const mach_msg_type_name_t often[] = {MACH_MSG_TYPE_COPY_SEND, MACH_MSG_TYPE_COPY_SEND,
                                                 MACH_MSG_TYPE_MAKE_SEND,
                                                 MACH_MSG_TYPE_MAKE_SEND_ONCE};

    if (choose_seldom(member, 3))
        return MACH_MSG_TYPE_MOVE_RECEIVE + choose(member, 6);
    return often[choose(member, sizeof often / sizeof often[0])];
}

static unsigned given(enum target target)
{
    switch (target) {
    case TARGET_TASK:
    case TARGET_ANY:
        return settings.tasks;
    case TARGET_THREAD:
        return settings.tasks * settings.threads;
    case TARGET_HOST:
        return settings.privileged ? 2 : 1;
    case TARGET_DEVICE:
        return 2;
    default:
        return 1;
    }
}

void choose_init(void)
{
    for (unsigned target = 0; target < TARGETS; target++)
        for (unsigned i = 0; i < SLOTS; i++)
            slots[target][i] = given_name(target, i % given(target));
    arena = ARENA_ADDRESS;
    syscall_vm_allocate(mach_task_self(), &arena, ARENA_PAGES * PAGE_SIZE, FALSE);
}
