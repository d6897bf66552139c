/* SPDX-License-Identifier: BSD-2-Clause */
/* From the first instruction to the module's checks, and the report of what they found. */
#include "module.h"

#include "device.h"
#include "mach_host.h"
#include "stack.h"

#define HALT      0x8 /* RB_HALT */
#define D_WRITING 0x2 /* D_WRITE */
#define LINE_MAX  200

mach_port_t host_port, device_master, self;
static mach_port_t channel;
static unsigned reported;

/* The first thread too runs on a stack that begins with its block. */
__attribute__((used)) static struct stack first_stack __attribute__((aligned(sizeof(struct stack))));

__asm__(".globl _start\n"
        "_start: mov %rsp, %rdi\n"
        "        lea first_stack+" STACK_BYTES_TEXT "(%rip), %rsp\n"
        "        xor %ebp, %ebp\n"
        "        call run\n");

static mach_port_t number(const char *text)
{
    mach_port_t value = 0;

    for (; *text >= '0' && *text <= '9'; text++)
        value = value * 10 + (mach_port_t)(*text - '0');
    return value;
}

/* A line under construction. */
struct line {
    char text[LINE_MAX];
    unsigned used;
};

static void add(struct line *line, const char *text)
{
    while (*text && line->used < LINE_MAX - 2)
        line->text[line->used++] = *text++;
}

static void add_number(struct line *line, unsigned value, unsigned base)
{
    char digits[12];
    int at = sizeof digits - 1;

    digits[at] = '\0';
    do
        digits[--at] = "0123456789abcdef"[value % base];
    while (value /= base);
    add(line, digits + at);
}

static void write_line(struct line *line)
{
    int written;

    line->text[line->used] = '\n';
    line->text[line->used + 1] = '\0';
    mach_print(line->text);
    device_write_inband(channel, 0, 0, line->text, line->used + 1, &written);
}

static void report_check(const char *verdict, const char *words)
{
    struct line line = { .used = 0 };

    add(&line, verdict);
    add_number(&line, ++reported, 10);
    add(&line, " - ");
    add(&line, words);
    write_line(&line);
}

static void power_off(void)
{
    host_reboot(host_port, HALT);
    mach_print("host_reboot came back\n");
    for (;;)
        swtch_pri(0);
}

void check(int holds, const char *words)
{
    report_check(holds ? "ok " : "not ok ", words);
    if (!holds)
        power_off();
}

void check_code(kern_return_t result, kern_return_t expected, const char *words)
{
    if (result != expected) {
        struct line line = { .used = 0 };

        add(&line, "# 0x");
        add_number(&line, (unsigned)result, 16);
        add(&line, " came, 0x");
        add_number(&line, (unsigned)expected, 16);
        add(&line, " should");
        write_line(&line);
    }
    check(result == expected, words);
}

__attribute__((used)) static void run(long *stack)
{
    long argc = stack[0];
    char **argv = (char **)(stack + 1);
    struct line plan = { .used = 0 };
    char name[] = "com1";

    self = mach_task_self();
    host_port = argc > 1 ? number(argv[1]) : MACH_PORT_NULL;
    device_master = argc > 2 ? number(argv[2]) : MACH_PORT_NULL;
    if (device_open(device_master, D_WRITING, name, &channel) != KERN_SUCCESS)
        mach_print("the report channel does not open\n");
    module();
    add(&plan, "1..");
    add_number(&plan, reported, 10);
    write_line(&plan);
    power_off();
}
