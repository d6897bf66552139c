/* SPDX-License-Identifier: BSD-2-Clause */
/* A member's life: one operation after the other. */
#include <porthole/message.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "choose.h"
#include "operations.h"

#define STACK_BYTES 16384u

/* Of each hundred operations so many are of the kind. */
static const struct {
    void (*function)(struct member *member);
    unsigned weight;
} operations[KINDS] = {
    [KIND_REQUEST] = {request_send, 34},     [KIND_WRONG_REQUEST] = {request_send_wrong, 8},
    [KIND_LETTER] = {letter_send, 16},       [KIND_RECEIVE] = {letter_receive, 14},
    [KIND_TRAP] = {wild_trap, 6},            [KIND_PORT] = {port_change, 12},
    [KIND_MEMORY] = {memory_change, 7},      [KIND_TOUCH] = {wild_touch, 2},
    [KIND_FAULT] = {wild_fault, 1},
};

const char *const kind_names[KINDS] = {"request", "wrong", "letter", "receive", "trap",
                                       "port",    "memory", "touch", "fault"};

static char stacks[THREADS_MAX][STACK_BYTES] __attribute__((aligned(16)));
static struct member members[THREADS_MAX];

vm_address_t member_stack(unsigned number)
{
    return (vm_address_t)stacks[number % settings.threads] + STACK_BYTES - 8; /* as after a call */
}

uint64_t operations_each(void)
{
    return settings.operations / ((uint64_t)settings.tasks * settings.threads);
}

static enum kind choose_kind(struct member *member)
{
    unsigned at = choose(member, 100);
    enum kind kind = 0;

    while (at >= operations[kind].weight)
        at -= operations[kind++].weight;
    return kind;
}

void tell(const struct member *member, const char *format, ...)
{
    char line[160];
    va_list arguments;
    int used;

    if (!settings.tell)
        return;
    used = snprintf(line, sizeof line, "fuzz: member %u operation %lu: ", member->number,
                    (unsigned long)progress->next[member->number] - 1);
    va_start(arguments, format);
    vsnprintf(line + used, sizeof line - (size_t)used - 1, format, arguments);
    va_end(arguments);
    strcat(line, "\n");
    mach_print(line);
}

static void work(struct member *member)
{
    uint64_t operation = progress->next[member->number]++;
    enum kind kind;

    if (skips_have(&settings.skips, operation))
        return;
    choose_begin(member, operation);
    kind = choose_kind(member);
    if (!(settings.kinds >> kind & 1))
        return;
    progress->done[kind]++;
    tell(member, "%s", kind_names[kind]);
    operations[kind].function(member);
}

/* Flags that a member may have set are undone by whoever lets it begin again. */
void member_main(unsigned number)
{
    struct member *member = &members[number % settings.threads];

    mach_task_self_ = (mach_task_self)();
    if (member->reply == MACH_PORT_NULL && number % settings.threads == 0)
        choose_init();
    member->number = number;
    member->reply = mach_reply_port();
    while (progress->next[number] < operations_each())
        work(member);
    for (;;)
        thread_switch(MACH_PORT_NULL, SWITCH_OPTION_WAIT, 1000);
}
