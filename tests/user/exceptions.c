/* SPDX-License-Identifier: BSD-2-Clause */
/* Each exception of the processor that a program can cause, and what handlers do with them. */
#include "registers.h"
#include "test.h"

#define NONCANONICAL 0x4000000000000000UL
#define UNMAPPED     0x7f0000001000UL
#define KERNEL_PLACE 0xffff800000000000UL
#define CODE_MAX     32

/* What the subcode must be: a number; the address; have these bits (of the FPU's status, and of selectors:
   an entry of the table of vectors, whose number emulators tell differently). */
enum subcode { EXACT, ADDRESS, BITS };

/*
 * One instruction. Before it stand `before` bytes that prepare; behind it, from `length` bytes on, the
 * program goes on. The argument of the code is in rdi.
 */
struct row {
    const char *name;
    const char *code;
    unsigned before, length;
    uint64_t argument;
    int exception, code_number;
    enum subcode kind;
    uint64_t subcode;
};

static vm_address_t read_only_page;

#define NO_ARGUMENT 0
static const struct row rows[] = {
    { "div by 0", "\x31\xc9\xf7\xf1", 2, 2, 0, EXC_ARITHMETIC, EXC_I386_DIV, EXACT, 0 },
    { "int3", "\xcc", 0, 0, 0, EXC_BREAKPOINT, EXC_I386_BPT, EXACT, 0 },
    { "int $3", "\xcd\x03", 0, 0, 0, EXC_BREAKPOINT, EXC_I386_BPT, EXACT, 0 },
    { "int $4", "\xcd\x04", 0, 0, 0, EXC_ARITHMETIC, EXC_I386_INTO, EXACT, 0 },
    { "int $5", "\xcd\x05", 0, 0, 0, EXC_SOFTWARE, EXC_I386_BOUND, EXACT, 0 },
    { "into", "\xce", 0, 1, 0, EXC_BAD_INSTRUCTION, EXC_I386_INVOP, EXACT, 0 },
    { "ud2", "\x0f\x0b", 0, 2, 0, EXC_BAD_INSTRUCTION, EXC_I386_INVOP, EXACT, 0 },
    { "lock on a register", "\xf0\x01\xc0", 0, 3, 0, EXC_BAD_INSTRUCTION, EXC_I386_INVOP, EXACT, 0 },
    { "hlt", "\xf4", 0, 1, 0, EXC_BAD_INSTRUCTION, EXC_I386_GPFLT, EXACT, 0 },
    { "cli", "\xfa", 0, 1, 0, EXC_BAD_INSTRUCTION, EXC_I386_GPFLT, EXACT, 0 },
    { "in", "\x66\xba\x70\x00\xec", 4, 1, 0, EXC_BAD_INSTRUCTION, EXC_I386_GPFLT, EXACT, 0 },
    { "mov to cr3", "\x0f\x22\xd8", 0, 3, 0, EXC_BAD_INSTRUCTION, EXC_I386_GPFLT, EXACT, 0 },
    { "mov to dr7", "\x0f\x23\xf8", 0, 3, 0, EXC_BAD_INSTRUCTION, EXC_I386_GPFLT, EXACT, 0 },
    { "wrmsr", "\x0f\x30", 0, 2, 0, EXC_BAD_INSTRUCTION, EXC_I386_GPFLT, EXACT, 0 },
    { "swapgs", "\x0f\x01\xf8", 0, 3, 0, EXC_BAD_INSTRUCTION, EXC_I386_GPFLT, EXACT, 0 },
    { "int $1", "\xcd\x01", 0, 2, 0, EXC_BAD_INSTRUCTION, EXC_I386_GPFLT, BITS, 2 },
    { "int $8", "\xcd\x08", 0, 2, 0, EXC_BAD_INSTRUCTION, EXC_I386_GPFLT, BITS, 2 },
    { "int $14", "\xcd\x0e", 0, 2, 0, EXC_BAD_INSTRUCTION, EXC_I386_GPFLT, BITS, 2 },
    { "int $0x80", "\xcd\x80", 0, 2, 0, EXC_BAD_INSTRUCTION, EXC_I386_GPFLT, BITS, 2 },
    { "a kernel segment", "\x66\xb8\x08\x00\x8e\xd8", 4, 2, 0, EXC_BAD_INSTRUCTION, EXC_I386_GPFLT,
      EXACT, 8 },
    { "a segment past the table", "\x66\xb8\xfb\xff\x8e\xd8", 4, 2, 0, EXC_BAD_INSTRUCTION,
      EXC_I386_GPFLT, EXACT, 0xfff8 },
    { "a null stack segment", "\x31\xc0\x8e\xd0", 2, 2, 0, EXC_BAD_INSTRUCTION, EXC_I386_GPFLT,
      EXACT, 0 },
    { "read of a hole", "\x48\x8b\x07", 0, 3, UNMAPPED, EXC_BAD_ACCESS, KERN_INVALID_ADDRESS,
      ADDRESS, 0 },
    { "write to a hole", "\x48\x89\x07", 0, 3, UNMAPPED + 0xff8, EXC_BAD_ACCESS,
      KERN_INVALID_ADDRESS, ADDRESS, 0 },
    { "read across two pages", "\x48\x8b\x07", 0, 3, UNMAPPED - 4, EXC_BAD_ACCESS,
      KERN_INVALID_ADDRESS, ADDRESS, 0 },
    { "write to what is only to be read", "\x48\x89\x07", 0, 3, (uint64_t)&read_only_page,
      EXC_BAD_ACCESS, KERN_PROTECTION_FAILURE, ADDRESS, 0 },
    { "read of the kernel", "\x48\x8b\x07", 0, 3, KERNEL_PLACE, EXC_BAD_ACCESS,
      KERN_INVALID_ADDRESS, ADDRESS, 0 },
    { "a non-canonical address", "\x48\x8b\x07", 0, 3, NONCANONICAL, EXC_BAD_INSTRUCTION,
      EXC_I386_GPFLT, EXACT, 0 },
    /* fninit; unmask division by zero; 1/0; the next x87 instruction raises it. */
    { "x87 division by 0",
      "\xdb\xe3\x66\xc7\x44\x24\xf0\x7b\x03\xd9\x6c\x24\xf0\xd9\xe8\xd9\xee\xde\xf9\x9b", 19, 1, 0,
      EXC_ARITHMETIC, EXC_I386_EXTERR, BITS, 0x84 },
};
#define ROWS (sizeof rows / sizeof rows[0])

/* Saves rbp, runs the code, and returns. */
static vm_address_t assemble(const struct row *row)
{
    static const uint8_t prologue[] = { 0x55 }, epilogue[] = { 0x5d, 0xc3 };
    unsigned bytes = row->before + row->length;
    vm_address_t page = 0;
    uint8_t *at;

    if (bytes == row->before) /* a trap: rip is behind it already */
        bytes += row->code[0] == '\xcd' ? 2 : 1;
    CHECK_OK(vm_allocate(mach_task_self(), &page, PAGE_SIZE, TRUE));
    at = (uint8_t *)page;
    memcpy(at, prologue, sizeof prologue);
    memcpy(at + 1, row->code, bytes);
    memcpy(at + 1 + bytes, epilogue, sizeof epilogue);
    CHECK_OK(vm_protect(mach_task_self(), page, PAGE_SIZE, FALSE, VM_PROT_READ | VM_PROT_EXECUTE));
    return page;
}

static void check_subcode(const struct row *row, const struct client *client, uint64_t argument)
{
    if (row->kind == BITS)
        CHECK_EQ(client->subcode & row->subcode, row->subcode);
    else if (row->kind == ADDRESS)
        CHECK(client->subcode >= argument && client->subcode < argument + 8);
    else
        CHECK_EQ(client->subcode, row->subcode);
}

static void run_row(const struct row *row)
{
    vm_address_t code = assemble(row);
    uint64_t argument = row->argument == (uint64_t)&read_only_page ? read_only_page : row->argument;
    struct i386_thread_state state;
    struct client client;

    report("# %s", row->name);
    client_call(&client, (uint64_t(*)(void *))code, (void *)argument);
    client_expect_exception(&client, row->exception, row->code_number);
    check_subcode(row, &client, argument);
    registers_get(client.thread, &state);
    CHECK_EQ(state.rip, code + 1 + row->before + (row->length ? 0 : row->code[0] == '\xcd' ? 2 : 1));
    client_skip(&client, row->length);
    client_finish(&client);
    CHECK_OK(vm_deallocate(mach_task_self(), code, PAGE_SIZE));
}

TEST(0, each_exception_of_the_processor_has_its_number_and_code)
{
    unsigned names;

    CHECK_OK(vm_allocate(mach_task_self(), &read_only_page, PAGE_SIZE, TRUE));
    CHECK_OK(vm_protect(mach_task_self(), read_only_page, PAGE_SIZE, FALSE, VM_PROT_READ));
    run_row(&rows[0]);
    names = port_name_count();
    for (unsigned i = 0; i < ROWS; i++)
        run_row(&rows[i]);
    CHECK_EQ(port_name_count(), names);
}
