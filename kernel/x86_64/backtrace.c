/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/x86_64/backtrace.h"

#include "kernel/printf.h"
#include "kernel/symbols.h"
#include "kernel/thread.h"
#include "kernel/x86_64/registers.h"
#include "mm/kmem.h"

#define DEPTH_MAX   32

extern char boot_stack[], boot_stack_top[];

/* The stack on which a frame pointer lies; only addresses inside it are read. */
struct bounds {
    uint64_t start;
    uint64_t end;
};

static struct bounds stack_of(const struct thread *thread, uint64_t address)
{
    struct bounds boot = { (uint64_t)boot_stack, (uint64_t)boot_stack_top };

    if (address >= boot.start && address < boot.end)
        return boot;
    if (thread && thread->machine.stack) {
        uint64_t start = (uint64_t)thread->machine.stack;

        if (address >= start && address < start + KERNEL_STACK_BYTES)
            return (struct bounds){ start, start + KERNEL_STACK_BYTES };
    }
    return (struct bounds){ 0, 0 };
}

void backtrace_capture(struct trap_frame *frame)
{
    *frame = (struct trap_frame){ .rip = (uint64_t)__builtin_return_address(0) };
    __asm__ volatile("mov %%rbx, %0\n\tmov %%r12, %1\n\tmov %%r13, %2\n\t"
                     "mov %%r14, %3\n\tmov %%r15, %4"
                     : "=m"(frame->rbx), "=m"(frame->r12), "=m"(frame->r13), "=m"(frame->r14),
                       "=m"(frame->r15));
    __asm__ volatile("pushfq\n\tpop %0\n\tmov %%cs, %1"
                     : "=r"(frame->rflags), "=r"(frame->cs));
    frame->rbp = *(uint64_t *)__builtin_frame_address(0);
    frame->rsp = (uint64_t)__builtin_frame_address(0) + 16;
}

void backtrace_print_registers(const struct trap_frame *frame)
{
    kprintf("  rip %016lx  rsp %016lx  rflags %08lx  cs %02lx\n", frame->rip, frame->rsp,
            frame->rflags, frame->cs);
    kprintf("  rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx\n", frame->rax, frame->rbx, frame->rcx,
            frame->rdx);
    kprintf("  rsi %016lx  rdi %016lx  rbp %016lx  r8  %016lx\n", frame->rsi, frame->rdi, frame->rbp,
            frame->r8);
    kprintf("  r9  %016lx  r10 %016lx  r11 %016lx  r12 %016lx\n", frame->r9, frame->r10, frame->r11,
            frame->r12);
    kprintf("  r13 %016lx  r14 %016lx  r15 %016lx  cr2 %016lx\n", frame->r13, frame->r14, frame->r15,
            cr2_read());
}

/* back: 1 for a return address, which may lie behind the function that made the call. */
static void print_address(uint64_t rip, unsigned back)
{
    uint64_t offset;
    const char *name = symbol_lookup(rip - back, &offset);

    if (name)
        kprintf("  %016lx  %s+0x%lx\n", rip, name, offset + back);
    else
        kprintf("  %016lx\n", rip);
}

/* The return addresses of the frames from a frame pointer on; returns how many. */
static unsigned chain(uint64_t rbp, uint64_t *addresses, unsigned count)
{
    struct bounds stack = stack_of(thread_current(), rbp);
    unsigned depth = 0;

    while (depth < count) {
        const uint64_t *frame = (const uint64_t *)rbp;

        if (rbp < stack.start || rbp + 16 > stack.end || (rbp & 7) != 0 || frame[1] == 0)
            break;
        addresses[depth++] = frame[1];
        if (frame[0] <= rbp)
            break;
        rbp = frame[0];
    }
    return depth;
}

void backtrace_record(uint64_t *addresses, unsigned count)
{
    unsigned depth = chain((uint64_t)__builtin_frame_address(0), addresses, count);

    while (depth < count)
        addresses[depth++] = 0;
}

void backtrace_print_from(uint64_t rip, uint64_t rbp)
{
    uint64_t addresses[DEPTH_MAX];
    unsigned depth = chain(rbp, addresses, DEPTH_MAX);

    print_address(rip, 0);
    for (unsigned i = 0; i < depth; i++)
        print_address(addresses[i], 1);
}
