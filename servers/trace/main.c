/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace: sends what the kernel records to the report channel; tools/trace makes pictures of it.
 *
 * Usage: trace HOST DEVICE [events=N]
 *   events    how many are sent, 200000 if not given
 *
 * It is more important than whoever makes the events, takes them every few milliseconds, and nobody else
 * runs on its processor while it sends them: so it loses none of those, however slow the channel is. On several
 * processors it may lose some, and tells so. Lines, numbers in hexadecimal:
 *
 *     trace TICKS-PER-SECOND
 *     e SLOT TIME SUBJECT OBJECT DETAIL    each but the slot xor the same of the slot's event before
 *     lost SLOT                            some before the next event
 *     end
 * and those of labels.h.
 */
#include <mach.h>
#include <mig/porthole_debug.h>
#include <porthole/runtime.h>
#include <porthole/thread.h>
#include <stdio.h>
#include <stdlib.h>

#include "channel.h"
#include "labels.h"

#define EVENTS 200000u
#define SLOTS_MAX 32u
#define PRIORITY 6          /* the best that a user's thread can have */
#define PAUSE_MS 1u
#define LABEL_EVERY 64u     /* rounds */
#define LABELS_ANEW 8u      /* rounds that a new thread's task takes to get its name, if it is quick */

struct reader {
    mach_port_t host;
    uint64_t sent, wanted;
    unsigned label_rounds;  /* names may have changed: they are looked at in so many rounds */
    porthole_event_t last[SLOTS_MAX];
};

static void require(const char *what, kern_return_t result)
{
    if (result == KERN_SUCCESS)
        return;
    printf("trace: %s: %s\n", what, mach_error_string(result));
    exit(1);
}

/* Others must not get in the way: not in time, and not for want of memory. */
static void become_important(mach_port_t host)
{
    mach_port_t name, set;

    require("the processor set", processor_set_default(host, &name));
    require("its control port", host_processor_set_priv(host, name, &set));
    require("thread_max_priority", thread_max_priority(mach_thread_self(), set, PRIORITY));
    require("thread_priority", thread_priority(mach_thread_self(), PRIORITY, FALSE));
    require("vm_wire_all", vm_wire_all(host, mach_task_self(), VM_WIRE_CURRENT));
}

static void send_event(uint32_t slot, const porthole_event_t *event, porthole_event_t *last)
{
    channel_text("e");
    channel_number(slot);
    channel_number(event->time ^ last->time);
    channel_number(event->subject ^ last->subject);
    channel_number(event->object ^ last->object);
    channel_number(event->detail ^ last->detail);
    channel_text("\n");
    *last = *event;
}

/* Sends what is new in a processor's ring; what the kernel said. */
static kern_return_t send_new(struct reader *reader, uint32_t slot)
{
    porthole_event_t *last = &reader->last[slot];
    porthole_event_array_t events;
    mach_msg_type_number_t count;
    uint64_t oldest, frequency;
    kern_return_t result =
        porthole_trace(reader->host, slot, last->time, &events, &count, &oldest, &frequency);

    if (result != KERN_SUCCESS)
        return result;
    if (oldest > last->time) {
        channel_text("lost");
        channel_number(slot);
        channel_text("\n");
    }
    for (unsigned i = 0; i < count; i++) {
        send_event(slot, &events[i], last);
        if (events[i].object >> 56 == PORTHOLE_TRACE_THREAD)
            reader->label_rounds = LABELS_ANEW;
    }
    reader->sent += count;
    if (count > 0)
        vm_deallocate(mach_task_self(), (vm_address_t)events, count * sizeof *events);
    return KERN_SUCCESS;
}

static void begin(struct reader *reader)
{
    porthole_event_array_t events;
    mach_msg_type_number_t count;
    uint64_t oldest, frequency;

    require("porthole_trace",
        porthole_trace(reader->host, 0, UINT64_MAX, &events, &count, &oldest, &frequency));
    channel_text("trace");
    channel_number(frequency);
    channel_text("\n");
}

/* A round for which memory is missing is left out. */
static void read_on(struct reader *reader)
{
    for (unsigned round = 0; reader->sent < reader->wanted; round++) {
        uint32_t slot = 0;

        while (slot < SLOTS_MAX && send_new(reader, slot) == KERN_SUCCESS)
            slot++;
        if (reader->label_rounds > 0 || round % LABEL_EVERY == 0)
            labels_write(reader->host);
        if (reader->label_rounds > 0)
            reader->label_rounds--;
        channel_flush();
        thread_sleep(PAUSE_MS);
    }
}

int main(int argc, char **argv)
{
    static struct reader reader;
    char events[16];

    if (argc < 3) {
        printf("usage: trace HOST DEVICE [events=N]\n");
        return 1;
    }
    reader.host = (mach_port_t)strtoul(argv[1], NULL, 10);
    reader.wanted = argument_value(argc, argv, "events", events, sizeof events)
                        ? strtoul(events, NULL, 10) : EVENTS;
    require("the report channel", channel_open((mach_port_t)strtoul(argv[2], NULL, 10)));
    become_important(reader.host);
    begin(&reader);
    read_on(&reader);
    labels_write(reader.host);
    channel_text("end\n");
    channel_flush();
    printf("trace: %lu events have been sent\n", reader.sent);
    return 0;
}
