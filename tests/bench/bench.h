/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The benchmark: what the common operations cost, in executed guest instructions.
 *
 * Run under `-icount shift=0`, where one tick of the time-stamp counter is one instruction. Each
 * figure is the median of SAMPLES runs after a warm-up; the cost of reading the counter is taken
 * off.
 */
#pragma once

#include <mach.h>
#include <stdint.h>

#define SAMPLES 64

/* Set by main from the arguments that boot.cfg gives. */
extern mach_port_t host_privileged_port, device_master_port;

/* The time-stamp counter. */
static inline uint64_t now(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* Instructions that two readings of the counter cost by themselves. */
uint64_t counter_cost(void);
/* Sorts the samples and returns the one in the middle. */
uint64_t median(uint64_t *samples, unsigned count);
/* Prints a row: `bench: NAME VALUE`. */
void report(const char *name, uint64_t value);
/* Ends the run with words when a call does not answer KERN_SUCCESS. */
void must(kern_return_t result, const char *what);

/*
 * A second task that runs a copy of this program. What the parent has marked with shared_alloc()
 * before both see; each child serves commands, one function at a time.
 */
struct child {
    mach_port_t task;     /* send right */
    mach_port_t commands; /* send right on the port where it listens */
};
/* Memory that children made later share with the parent. */
void *shared_alloc(vm_size_t bytes);
/* Makes a child; it waits for commands. */
void child_start(struct child *child);
/* Lets the child call function(argument); the answer comes as an empty message with id CHILD_DONE
   on the reply port. */
#define CHILD_DONE 1001
void child_command(
    struct child *child, void (*function)(uint64_t), uint64_t argument, mach_port_t reply);
/* The same, and waits for the answer. */
void child_call(struct child *child, void (*function)(uint64_t), uint64_t argument);
/* A port with a receive right and a send right under one name. */
mach_port_t port_new(void);

void bench_traps(void);
void bench_rpc(void);
void bench_out_of_line(void);
void bench_memory(void);
void bench_pager(void);
/* The rows of that many clients at once, each with a server of its own (lanes.c). */
void bench_lanes(unsigned count);
