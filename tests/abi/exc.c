/* SPDX-License-Identifier: BSD-2-Clause */
/* exc: an exception server from the reference's exc.defs, with codes and 64-bit subcodes. */
#include "module.h"

#include <mach/exception.h>
#include <mach/machine/trap.h>
#include <mach/thread_status.h>

#include "exc_server.h"
#include "mach.h"
#include "mach_port.h"

static mach_port_t exceptions, victim; /* where they come, and who raises them */
static volatile int done;              /* the victim came to its end */
static struct {
    int exception, code;
    uint64_t subcode;
    struct i386_thread_state state;
} seen;

/* Goes on behind the instruction, where the victim left the address in rbx. */
kern_return_t catch_exception_raise(mach_port_t port, mach_port_t thread, mach_port_t task,
                                    integer_t exception, integer_t code, rpc_long_integer_t subcode)
{
    mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;
    mach_port_t mine = self;

    seen.exception = exception;
    seen.code = code;
    seen.subcode = (uint64_t)subcode;
    if (port != exceptions || thread != victim || task != mine)
        return KERN_FAILURE;
    if (thread_get_state(thread, i386_THREAD_STATE, (thread_state_t)&seen.state, &count) != KERN_SUCCESS)
        return KERN_FAILURE;
    seen.state.rip = seen.state.rbx;
    if (thread_set_state(thread, i386_THREAD_STATE, (thread_state_t)&seen.state, count) != KERN_SUCCESS)
        return KERN_FAILURE;
    mach_port_deallocate(self, thread);
    mach_port_deallocate(self, task);
    return KERN_SUCCESS;
}

/* An instruction that faults, with the place to go on at in rbx. */
#define FAULT(instruction, ...)                                                                    \
    __asm__ volatile("lea 1f(%%rip), %%rbx\n" instruction "\n1:" : : __VA_ARGS__                   \
                     : "rbx", "rax", "rdx", "memory", "cc")

#define FAR    0x123456789000ul      /* above 32 bits, in nobody's map */
#define KERNEL 0xffffffff80000000ul  /* the kernel's */

static void raise_all(void *argument)
{
    (void)argument;
    FAULT("mov (%%rcx), %%rax", "c"(FAR));
    FAULT("movb $1, (%%rcx)", "c"(FAR));
    FAULT("mov (%%rcx), %%rax", "c"(KERNEL));
    FAULT("xor %%edx, %%edx; mov $1, %%eax; divl %%edx", "c"(0));
    FAULT("ud2", "c"(0));
    FAULT("int3", "c"(0));
    FAULT("hlt", "c"(0));
    FAULT("mov (%%rcx), %%rax", "c"(0x8000000000000000ul)); /* no address at all */
    done = 1;
    for (;;)
        swtch_pri(0);
}

static void expect(int exception, int code, uint64_t subcode, const char *words)
{
    check_ok(serve_one(exc_server, exceptions), "an exception is caught and answered");
    check(served_id == 2400, "by message 2400");
    check_code(seen.exception, exception, "its exception");
    check_code(seen.code, code, "its code");
    check(seen.subcode == subcode, words);
}

static void bytes_of_an_exception(void)
{
    struct {
        mach_msg_header_t header;
        mach_msg_type_t thread_type;
        mach_port_name_inlined_t thread;
        mach_msg_type_t task_type;
        mach_port_name_inlined_t task;
        mach_msg_type_t exception_type;
        int exception, pad1;
        mach_msg_type_t code_type;
        int code, pad2;
        mach_msg_type_t subcode_type;
        uint64_t subcode;
        char trailer[64];
    } message;
    mach_port_t thread = thread_begin(raise_all, NULL);

    check_ok(receive(exceptions, &message, sizeof message, NEVER), "the raw message");
    check(message.header.msgh_size == offsetof(__typeof(message), trailer), "has its size");
    check(message.thread_type.msgt_name == MACH_MSG_TYPE_PORT_SEND && message.thread.name == thread &&
          message.task_type.msgt_name == MACH_MSG_TYPE_PORT_SEND && message.task.name == self,
          "thread and task as send rights");
    check(message.exception_type.msgt_name == MACH_MSG_TYPE_INTEGER_32 &&
          message.exception == EXC_BAD_ACCESS && message.code == KERN_INVALID_ADDRESS,
          "exception and code as 32-bit numbers");
    check(message.subcode_type.msgt_name == MACH_MSG_TYPE_INTEGER_64 &&
          message.subcode_type.msgt_size == 64 && message.subcode == FAR,
          "the subcode as a 64-bit number");
    check(MACH_MSGH_BITS_REMOTE(message.header.msgh_bits) == MACH_MSG_TYPE_PORT_SEND_ONCE,
          "with a send-once right for the answer");
    check_ok(thread_terminate(thread), "the thread ends in its exception");
    check_ok(mach_port_deallocate(self, message.header.msgh_remote_port), "nobody answers");
}

void module(void)
{
    mach_port_t before = MACH_PORT_NULL;

    exceptions = port_make(1);
    check_ok(task_get_special_port(self, TASK_EXCEPTION_PORT, &before), "task_get_special_port");
    check_ok(task_set_special_port(self, TASK_EXCEPTION_PORT, exceptions), "task_set_special_port");
    victim = thread_begin(raise_all, NULL);
    expect(EXC_BAD_ACCESS, KERN_INVALID_ADDRESS, FAR, "a load: the address is the subcode");
    expect(EXC_BAD_ACCESS, KERN_INVALID_ADDRESS, FAR, "a store: the address is the subcode");
    expect(EXC_BAD_ACCESS, KERN_INVALID_ADDRESS, KERNEL, "an address of the kernel's");
    expect(EXC_ARITHMETIC, EXC_I386_DIV, 0, "a division by zero");
    expect(EXC_BAD_INSTRUCTION, EXC_I386_INVOP, 0, "an invalid instruction");
    expect(EXC_BREAKPOINT, EXC_I386_BPT, 0, "a breakpoint");
    expect(EXC_BAD_INSTRUCTION, EXC_I386_GPFLT, 0, "a privileged instruction");
    expect(EXC_BAD_INSTRUCTION, EXC_I386_GPFLT, 0, "an address that is none");
    check(wait_for(&done), "the thread went on behind each");
    check_ok(thread_terminate(victim), "thread_terminate");
    bytes_of_an_exception();
    check_ok(task_set_special_port(self, TASK_EXCEPTION_PORT, before), "the old port is set again");
}
