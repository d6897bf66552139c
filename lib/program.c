/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting a program in a new task. */
#include <mach.h>
#include <porthole/program.h>
#include <stdio.h>
#include <string.h>

#include "elf.h"

#define STACK_TOP ((vm_address_t)0x7ffffff00000)

static vm_prot_t segment_protection(uint32_t flags)
{
    return (flags & ELF_READ ? VM_PROT_READ : 0) | (flags & ELF_WRITE ? VM_PROT_WRITE : 0) |
           (flags & ELF_EXECUTE ? VM_PROT_EXECUTE : 0);
}

static boolean_t header_valid(const struct program *program)
{
    const struct elf_header *header = program->image;

    return program->image_bytes >= sizeof *header && header->magic == ELF_MAGIC &&
           header->class == ELF_CLASS64 && header->encoding == ELF_LITTLE &&
           header->type == ELF_EXEC && header->machine == ELF_X86_64 &&
           header->segment_bytes == sizeof(struct elf_segment) &&
           header->segments <= program->image_bytes &&
           header->segment_count <=
               (program->image_bytes - header->segments) / sizeof(struct elf_segment);
}

static boolean_t segment_valid(const struct program *program, const struct elf_segment *segment)
{
    return segment->file_bytes <= segment->memory_bytes &&
           segment->offset <= program->image_bytes &&
           segment->file_bytes <= program->image_bytes - segment->offset &&
           segment->address < VM_MAX_ADDRESS &&
           segment->memory_bytes < VM_MAX_ADDRESS - segment->address - PAGE_SIZE;
}

/*
 * Puts bytes at an address of another task, whose pages there are mapped and writable and begin
 * with zeroes: they go over in a region of whole pages.
 */
static kern_return_t write_pages(mach_port_t task, vm_address_t address, const void *data,
                                 vm_size_t bytes)
{
    vm_address_t start = trunc_page(address), buffer = 0;
    vm_size_t size = round_page(address + bytes) - start;

    if (bytes == 0) {
        return KERN_SUCCESS;
    }
    kern_return_t result = vm_allocate(mach_task_self(), &buffer, size, TRUE);
    if (result != KERN_SUCCESS) {
        return result;
    }
    memcpy((void *)(buffer + (address - start)), data, bytes);
    result = vm_write(task, start, buffer, (mach_msg_type_number_t)size);
    vm_deallocate(mach_task_self(), buffer, size);
    return result;
}

static kern_return_t load_segment(mach_port_t task, const struct program *program,
                                  const struct elf_segment *segment)
{
    if (!segment_valid(program, segment)) {
        return KERN_INVALID_ARGUMENT;
    }
    vm_address_t start = trunc_page(segment->address);
    vm_size_t size = round_page(segment->address + segment->memory_bytes) - start;
    if (size == 0) {
        return KERN_SUCCESS;
    }
    kern_return_t result = vm_allocate(task, &start, size, FALSE);
    if (result == KERN_SUCCESS) {
        result = write_pages(task, segment->address,
                             (const char *)program->image + segment->offset, segment->file_bytes);
    }
    if (result == KERN_SUCCESS) {
        result = vm_protect(task, start, size, FALSE, segment_protection(segment->flags));
    }
    return result;
}

static kern_return_t load_image(mach_port_t task, const struct program *program)
{
    const struct elf_header *header = program->image;
    kern_return_t result = header_valid(program) ? KERN_SUCCESS : KERN_INVALID_ARGUMENT;

    for (unsigned i = 0; result == KERN_SUCCESS && i < header->segment_count; i++) {
        struct elf_segment segment;
        memcpy(&segment, (const char *)program->image + header->segments + i * sizeof segment,
               sizeof segment);
        if (segment.type == ELF_LOAD) {
            result = load_segment(task, program, &segment);
        }
    }
    return result;
}

/* Gives a right to the task under a name that is free there. */
static kern_return_t insert_port(mach_port_t task, const struct program_port *port,
                                 mach_port_name_t *name)
{
    kern_return_t result = mach_port_allocate(task, MACH_PORT_RIGHT_DEAD_NAME, name);

    if (result == KERN_SUCCESS) {
        result = mach_port_deallocate(task, *name);
    }
    if (result == KERN_SUCCESS) {
        result = mach_port_insert_right(task, *name, port->right, port->disposition);
    }
    return result;
}

/* A stack as it is built up from its top, in a buffer of one page. */
struct stack_image {
    char bytes[PAGE_SIZE];
    vm_size_t used;
};

static vm_address_t stack_push(struct stack_image *stack, const void *data, vm_size_t bytes)
{
    stack->used += bytes;
    memcpy(stack->bytes + sizeof stack->bytes - stack->used, data, bytes);
    return STACK_TOP - stack->used;
}

/* The words of the start-up stack: argc, argv[], NULL, no environment, end of auxiliary vector. */
static kern_return_t build_stack(const struct program *program, const mach_port_name_t *names,
                                 struct stack_image *stack)
{
    uint64_t words[PROGRAM_ARGUMENTS_MAX + 6] = { (uint64_t)program->argc };

    for (int i = 0; i < program->argc; i++) {
        const char *text = program->argv[i];
        char number[12];
        if (text[0] == '@' && (unsigned)(text[1] - '0') < program->port_count && text[2] == '\0') {
            snprintf(number, sizeof number, "%u", names[text[1] - '0']);
            text = number;
        }
        if (stack->used + strlen(text) + 1 + sizeof words > sizeof stack->bytes) {
            return KERN_NO_SPACE;
        }
        words[1 + i] = stack_push(stack, text, strlen(text) + 1);
    }
    vm_size_t bytes = ((vm_size_t)program->argc + 5) * sizeof words[0];
    stack->used = ((stack->used + bytes + 15) & ~(vm_size_t)15) - bytes; /* %rsp is aligned */
    stack_push(stack, words, bytes);
    return KERN_SUCCESS;
}

static kern_return_t make_stack(mach_port_t task, const struct program *program,
                                vm_address_t *stack_pointer)
{
    mach_port_name_t names[10];
    struct stack_image stack;
    vm_address_t low = STACK_TOP - PROGRAM_STACK_BYTES;
    kern_return_t result = vm_allocate(task, &low, PROGRAM_STACK_BYTES, FALSE);

    for (unsigned i = 0; result == KERN_SUCCESS && i < program->port_count; i++) {
        result = insert_port(task, &program->ports[i], &names[i]);
    }
    if (result != KERN_SUCCESS) {
        return result;
    }
    memset(&stack, 0, sizeof stack);
    result = build_stack(program, names, &stack);
    if (result == KERN_SUCCESS) {
        *stack_pointer = STACK_TOP - stack.used;
        result = write_pages(task, STACK_TOP - sizeof stack.bytes, stack.bytes,
                             sizeof stack.bytes);
    }
    return result;
}

static kern_return_t make_thread(mach_port_t task, vm_address_t entry, vm_address_t stack_pointer,
                                 mach_port_t *thread)
{
    struct i386_thread_state state;
    mach_msg_type_number_t count = i386_THREAD_STATE_COUNT;
    kern_return_t result = thread_create(task, thread);

    if (result == KERN_SUCCESS) {
        result = thread_get_state(*thread, i386_THREAD_STATE, (thread_state_t)&state, &count);
    }
    if (result == KERN_SUCCESS) {
        state.rip = entry;
        state.ursp = stack_pointer;
        result = thread_set_state(*thread, i386_THREAD_STATE, (thread_state_t)&state,
                                  i386_THREAD_STATE_COUNT);
    }
    return result;
}

static kern_return_t fill_task(const struct program *program, mach_port_t task, mach_port_t *thread)
{
    vm_address_t stack_pointer = 0;
    kern_return_t result = load_image(task, program);

    if (result == KERN_SUCCESS) {
        result = make_stack(task, program, &stack_pointer);
    }
    if (result == KERN_SUCCESS && program->bootstrap != MACH_PORT_NULL) {
        result = task_set_special_port(task, TASK_BOOTSTRAP_PORT, program->bootstrap);
    }
    if (result == KERN_SUCCESS) {
        const struct elf_header *header = program->image;
        result = make_thread(task, header->entry, stack_pointer, thread);
    }
    if (result == KERN_SUCCESS && !program->suspended) {
        result = thread_resume(*thread);
    }
    return result;
}

kern_return_t program_start(const struct program *program, mach_port_t *task, mach_port_t *thread)
{
    mach_port_t new_thread = MACH_PORT_NULL;

    if (program->argc < 0 || program->argc > PROGRAM_ARGUMENTS_MAX || program->port_count > 10) {
        return KERN_INVALID_ARGUMENT;
    }
    kern_return_t result = task_create(mach_task_self(), FALSE, task);
    if (result != KERN_SUCCESS) {
        return result;
    }
    result = fill_task(program, *task, &new_thread);
    if (result != KERN_SUCCESS) {
        task_terminate(*task);
        mach_port_deallocate(mach_task_self(), *task);
    }
    if (new_thread != MACH_PORT_NULL && (thread == NULL || result != KERN_SUCCESS)) {
        mach_port_deallocate(mach_task_self(), new_thread);
    } else if (thread != NULL) {
        *thread = new_thread;
    }
    return result;
}
