/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens around main. A program starts with its task port and nothing else: further ports
 * come as arguments or from the bootstrap port.
 */
#include <mach.h>
#include <porthole/runtime.h>
#include <stdlib.h>

#include "thread_block.h"

mach_port_t mach_task_self_;
mach_port_t bootstrap_port;
vm_size_t vm_page_size = PAGE_SIZE;

typedef void (*constructor_t)(int argc, char **argv);
extern constructor_t __init_array_start[], __init_array_end[]; /* by the linker */

int main(int argc, char **argv, char **envp);

/* The bounds of the mapping that holds an address; a guess where the kernel cannot tell. */
static void find_stack(vm_address_t inside)
{
    vm_address_t start = inside;
    vm_size_t size;
    vm_prot_t protection, max_protection;
    vm_inherit_t inheritance;
    boolean_t shared;
    mach_port_t name = MACH_PORT_NULL;
    vm_offset_t offset;

    if (vm_region(mach_task_self_, &start, &size, &protection, &max_protection, &inheritance,
                  &shared, &name, &offset) == KERN_SUCCESS) {
        if (name != MACH_PORT_NULL) {
            mach_port_deallocate(mach_task_self_, name);
        }
        if (start <= inside && inside - start < size) {
            thread_block_set_stack(start, start + size);
        }
    }
}

void runtime_reset(void *stack)
{
    vm_address_t inside = (vm_address_t)stack;

    /* Until more is known: enough for the calls below. */
    thread_block_set_first(inside - 16 * PAGE_SIZE, round_page(inside + 1));
    mach_task_self_ = (mach_task_self)();
    find_stack(inside);
    bootstrap_port = MACH_PORT_NULL;
    task_get_special_port(mach_task_self_, TASK_BOOTSTRAP_PORT, &bootstrap_port);
}

static void run_constructors(int argc, char **argv)
{
    for (constructor_t *constructor = __init_array_start; constructor < __init_array_end;
         constructor++) {
        (*constructor)(argc, argv);
    }
}

/* Called by crt0 with the address of argc. */
__attribute__((noreturn)) void runtime_start(long *stack)
{
    int argc = (int)stack[0];
    char **argv = (char **)(stack + 1);

    runtime_reset(stack);
    run_constructors(argc, argv);
    exit(main(argc, argv, argv + argc + 1));
}

__attribute__((noreturn)) void exit(int status)
{
    (void)status; /* nobody collects it: the task's ports simply die */
    for (;;) {
        task_terminate(mach_task_self_);
    }
}

__attribute__((noreturn)) void abort(void)
{
    __builtin_trap();
}
