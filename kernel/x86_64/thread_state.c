/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/x86_64/thread_state.h"

#include <mach/machine/thread_status.h>

#include <mach/thread_status.h>

#include "kernel/string.h"
#include "kernel/task.h"
#include "kernel/thread.h"
#include "kernel/x86_64/float_state.h"
#include "kernel/x86_64/fpu.h"
#include "kernel/x86_64/io_permissions.h"
#include "kernel/x86_64/registers.h"
#include "kernel/x86_64/segments.h"
#include "kernel/x86_64/user_copy.h"

/* Flags that are a program's own: carry, parity, adjust, zero, sign, trap, direction, overflow,
   resume, alignment check, identification. */
#define RFLAGS_USER     0x250dd5UL
/* Breakpoints that a program may set: local and global enables, types and lengths. */
#define DEBUG_CONTROL_USER  0xffff03ffu
#define DEBUG_CONTROL_FIXED 0x400u
#define DEBUG_ENABLES       0xffu

extern char return_to_user[];

static void registers_get(const struct trap_frame *frame, struct i386_thread_state *state)
{
    bool in_trap = frame->vector == TRAP_SYSCALL;

    *state = (struct i386_thread_state){
        .r8 = frame->r8,
        .r9 = frame->r9,
        .r10 = frame->r10,
        .r11 = in_trap ? frame->rflags : frame->r11,
        .r12 = frame->r12,
        .r13 = frame->r13,
        .r14 = frame->r14,
        .r15 = frame->r15,
        .rdi = frame->rdi,
        .rsi = frame->rsi,
        .rbp = frame->rbp,
        .rsp = frame->rsp,
        .rbx = frame->rbx,
        .rdx = frame->rdx,
        .rcx = in_trap ? frame->rip : frame->rcx,
        .rax = frame->rax,
        .rip = frame->rip,
        .cs = USER_CS,
        .rfl = frame->rflags,
        .ursp = frame->rsp,
        .ss = USER_DS,
    };
}

/*
 * The thread may sleep in a trap, whose result would be put into rax at the trap's fast exit: let it
 * leave by the slow exit instead, with the registers that it now has. The word below the frame is
 * the return address into the entry code.
 */
static void leave_trap_by_frame(struct trap_frame *frame)
{
    uint64_t *return_address = (uint64_t *)frame - 1;

    if (frame->vector != TRAP_SYSCALL)
        return;
    *return_address = (uint64_t)return_to_user;
    frame->vector = 0;
}

/*
 * Flags that are not a program's own are ignored, and so are the selectors, unless the flavor is about
 * them: then they must be the two that there are.
 */
static kern_return_t registers_set(struct trap_frame *frame, int flavor,
                                   const struct i386_thread_state *state)
{
    if (flavor == i386_REGS_SEGS_STATE &&
        ((uint16_t)state->cs != USER_CS || (uint16_t)state->ss != USER_DS))
        return KERN_INVALID_ARGUMENT;
    if (state->rip >= USER_ADDRESS_END)
        return KERN_INVALID_ARGUMENT;
    leave_trap_by_frame(frame);
    *frame = (struct trap_frame){
        .r8 = state->r8,
        .r9 = state->r9,
        .r10 = state->r10,
        .r11 = state->r11,
        .r12 = state->r12,
        .r13 = state->r13,
        .r14 = state->r14,
        .r15 = state->r15,
        .rdi = state->rdi,
        .rsi = state->rsi,
        .rbp = state->rbp,
        .rbx = state->rbx,
        .rdx = state->rdx,
        .rcx = state->rcx,
        .rax = state->rax,
        .rip = state->rip,
        .cs = USER_CS,
        .rflags = (state->rfl & RFLAGS_USER) | RFLAGS_FIXED | RFLAGS_IF,
        .rsp = state->ursp,
        .ss = USER_DS,
    };
    return KERN_SUCCESS;
}

/* Registers are 32 bits wide in this flavor, so breakpoints can only be on user addresses. */
static kern_return_t debug_set(struct thread_machine *machine, const uint32_t *state)
{
    if (state[7] & ~(DEBUG_CONTROL_USER | DEBUG_CONTROL_FIXED))
        return KERN_INVALID_ARGUMENT;
    for (unsigned i = 0; i < 4; i++)
        machine->debug[i] = state[i];
    machine->debug[6] = state[6];
    machine->debug[7] = state[7] | DEBUG_CONTROL_FIXED;
    machine->debug_active = (state[7] & DEBUG_ENABLES) != 0;
    return KERN_SUCCESS;
}

/* Kernel addresses are refused: the trap code tells by the sign whose GS base is loaded. */
static kern_return_t bases_set(struct thread_machine *machine, const uint32_t *state)
{
    struct i386_fsgs_base_state bases;

    memcpy(&bases, state, sizeof(bases));
    if (bases.fs_base >= USER_ADDRESS_END || bases.gs_base >= USER_ADDRESS_END)
        return KERN_INVALID_ARGUMENT;
    machine->fs_base = bases.fs_base;
    machine->gs_base = bases.gs_base;
    return KERN_SUCCESS;
}

/* The flavors that a program learns of without knowing the machine: GNU Mach's three. */
static const uint32_t flavors[] = { i386_THREAD_STATE, i386_FLOAT_STATE, i386_ISA_PORT_MAP_STATE };

/* Words of a flavor; 0: there is none of that number. */
static uint32_t flavor_count(int flavor)
{
    switch (flavor) {
    case THREAD_STATE_FLAVOR_LIST: return sizeof(flavors) / sizeof(flavors[0]);
    case i386_THREAD_STATE: return i386_THREAD_STATE_COUNT;
    case i386_REGS_SEGS_STATE: return i386_THREAD_STATE_COUNT;
    case i386_ISA_PORT_MAP_STATE: return i386_ISA_PORT_MAP_STATE_COUNT;
    case i386_FLOAT_STATE: return i386_FLOAT_STATE_COUNT;
    case i386_XFLOAT_STATE: return xfloat_state_bytes() / sizeof(uint32_t);
    case i386_DEBUG_STATE: return i386_DEBUG_STATE_COUNT;
    case i386_FSGS_BASE_STATE: return i386_FSGS_BASE_STATE_COUNT;
    default: return 0;
    }
}

kern_return_t thread_machine_get_state(struct thread *thread, int flavor, uint32_t *state,
                                       uint32_t *count)
{
    struct thread_machine *machine = &thread->machine;
    struct i386_fsgs_base_state bases = { machine->fs_base, machine->gs_base };
    struct i386_thread_state registers;
    uint32_t needed = flavor_count(flavor);

    if (machine->frame == NULL || needed == 0 || *count < needed)
        return KERN_INVALID_ARGUMENT;
    *count = needed;
    switch (flavor) {
    case THREAD_STATE_FLAVOR_LIST:
        memcpy(state, flavors, sizeof(flavors));
        break;
    case i386_ISA_PORT_MAP_STATE: /* the first ports of the task's I/O permissions; a set bit denies */
        io_permissions_read(thread->task->io_permissions, state,
                            sizeof(struct i386_isa_port_map_state));
        break;
    case i386_FLOAT_STATE:
    case i386_XFLOAT_STATE:
        if (thread == thread_current())
            fpu_save(machine->fpu);
        if (flavor == i386_FLOAT_STATE)
            float_state_get(machine->fpu, state);
        else
            xfloat_state_get(machine->fpu, state);
        break;
    case i386_DEBUG_STATE:
        for (unsigned i = 0; i < i386_DEBUG_STATE_COUNT; i++)
            state[i] = (uint32_t)machine->debug[i];
        break;
    case i386_FSGS_BASE_STATE:
        memcpy(state, &bases, sizeof(bases));
        break;
    default:
        registers_get(machine->frame, &registers);
        memcpy(state, &registers, sizeof(registers));
        break;
    }
    return KERN_SUCCESS;
}

static kern_return_t float_set(struct thread *thread, int flavor, const uint32_t *state)
{
    void *area = thread->machine.fpu;
    kern_return_t result = KERN_SUCCESS;

    if (thread == thread_current())
        fpu_save(area);
    if (flavor == i386_FLOAT_STATE)
        float_state_set(area, state);
    else
        result = xfloat_state_set(area, state);
    if (thread == thread_current())
        fpu_restore(area);
    return result;
}

kern_return_t thread_machine_set_state(struct thread *thread, int flavor, const uint32_t *state,
                                       uint32_t count)
{
    struct thread_machine *machine = &thread->machine;
    struct i386_thread_state registers;
    uint32_t needed = flavor_count(flavor);
    kern_return_t result;

    if (machine->frame == NULL || needed == 0 || count < needed)
        return KERN_INVALID_ARGUMENT;
    switch (flavor) {
    case THREAD_STATE_FLAVOR_LIST:
        return KERN_INVALID_ARGUMENT;
    case i386_ISA_PORT_MAP_STATE: /* as in GNU Mach, i386_io_perm_modify() alone changes it */
        return KERN_SUCCESS;
    case i386_FLOAT_STATE:
    case i386_XFLOAT_STATE:
        return float_set(thread, flavor, state);
    case i386_DEBUG_STATE:
        result = debug_set(machine, state);
        break;
    case i386_FSGS_BASE_STATE:
        result = bases_set(machine, state);
        break;
    default:
        memcpy(&registers, state, sizeof(registers));
        return registers_set(machine->frame, flavor, &registers);
    }
    thread_machine_refresh(thread);
    return result;
}

void thread_machine_set_entry(struct thread *thread, uint64_t pc, uint64_t sp)
{
    thread->machine.frame->rip = pc;
    thread->machine.frame->rsp = sp;
}
