/* SPDX-License-Identifier: BSD-2-Clause */
/* What no stub does: traps of any number, memory touched wherever, exceptions. */
#include "choose.h"
#include "operations.h"

/* A trap with six arguments in registers and five on the stack. */
static uint64_t trap(uint64_t number, const uint64_t *arguments)
{
    uint64_t result;

    __asm__ volatile("mov 0(%1), %%rdi\n mov 8(%1), %%rsi\n mov 16(%1), %%rdx\n"
                     "mov 24(%1), %%r10\n mov 32(%1), %%r8\n mov 40(%1), %%r9\n"
                     "pushq 80(%1)\n pushq 72(%1)\n pushq 64(%1)\n pushq 56(%1)\n pushq 48(%1)\n"
                     "pushq $0\n mov %2, %%rax\n syscall\n add $48, %%rsp\n"
                     : "=&a"(result)
                     : "b"(arguments), "r"(number)
                     : "rdi", "rsi", "rdx", "r10", "r8", "r9", "rcx", "r11", "memory");
    return result;
}

void wild_trap(struct member *member)
{
    static const uint8_t known[] = {25, 26, 27, 28, 29, 59, 60, 61, 64, 65, 66, 68, 69, 70, 71, 72, 73, 74, 75,
                                    76, 77};
    uint64_t arguments[11];
    uint64_t number = known[choose(member, sizeof known)];

    if (choose_seldom(member, 16))
        number = choose(member, 300);
    if (choose_seldom(member, 64))
        number = choose_odd_number(member);
    for (unsigned i = 0; i < 11; i++) {
        if (choose_seldom(member, 2))
            arguments[i] = choose_name(member, choose(member, TARGETS));
        else
            arguments[i] = choose_seldom(member, 2) ? choose_address(member) : choose(member, 10);
    }
    tell(member, "trap -%lu (%#lx, %#lx, %#lx, %#lx, ...)", (unsigned long)number, arguments[0], arguments[1],
         arguments[2], arguments[3]);
    trap(-number, arguments);
}

void wild_touch(struct member *member)
{
    volatile uint64_t *address = (volatile uint64_t *)choose_address(member);

    for (unsigned touches = 1 + choose(member, 4); touches > 0; touches--) {
        if (choose_seldom(member, 2))
            *address = touches;
        else
            (void)*address;
        address = (volatile uint64_t *)((vm_address_t)address + PAGE_SIZE);
    }
}

static void odd_stack(struct member *member)
{
    __asm__ volatile("mov %0, %%rsp\n mov $-26, %%rax\n syscall\n push %%rax\n" : : "r"(choose_address(member)));
}

static void odd_flags(struct member *member)
{
    __asm__ volatile("push %0\n popfq\n mov 1(%%rsp), %%rax\n nop\n" : : "r"(choose_bits(member)) : "rax", "cc");
}

void wild_fault(struct member *member)
{
    unsigned which = choose(member, 13);

    tell(member, "fault %u", which);
    switch (which) {
    case 0: __asm__ volatile("ud2"); break;
    case 1: __asm__ volatile("int3"); break;
    case 2: __asm__ volatile("div %0" : : "r"(0ul) : "rax", "rdx", "cc"); break;
    case 3: __asm__ volatile("hlt"); break;
    case 4: __asm__ volatile("int $0x80"); break;
    case 5: __asm__ volatile("sysenter"); break;
    case 6: __asm__ volatile("in $0x60, %%al" : : : "rax"); break;
    case 7: __asm__ volatile("mov %0, %%ds" : : "r"((unsigned)choose_bits(member))); break;
    case 8: __asm__ volatile("jmp *%0" : : "r"(choose_odd_number(member))); break;
    case 9: __asm__ volatile("mov (%0), %%rax" : : "r"(1ul << 63 | 4096) : "rax"); break;
    case 10: odd_flags(member); break;
    case 11: odd_stack(member); break;
    default: ((void (*)(void))choose_address(member))();
    }
}
