/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Traps, RPC between tasks, kernel RPC, out-of-line memory.
 */
#include "operations.h"

#define WARM_UP 8

/* Runs the statement SAMPLES times and reports the median. */
#define MEASURE(name, statement)                                                                   \
    do {                                                                                           \
        uint64_t samples[SAMPLES];                                                                 \
                                                                                                   \
        for (int i_ = -WARM_UP; i_ < SAMPLES; i_++) {                                              \
            uint64_t start_ = now();                                                               \
                                                                                                   \
            statement;                                                                             \
            uint64_t end_ = now();                                                                 \
                                                                                                   \
            if (i_ >= 0)                                                                           \
                samples[i_] = end_ - start_ - counter_cost();                                      \
        }                                                                                          \
        report(name, median(samples, SAMPLES));                                                    \
    } while (0)

static struct echo_client client;

void bench_traps(void)
{
    mach_port_t port = port_new();
    mach_port_type_t type;

    counter_cost();
    MEASURE("null_trap", trap_null());
    MEASURE("task_self", trap_task_self());
    MEASURE("kernel_rpc", mach_port_type(mach_task_self_, port, &type));
    MEASURE("port_allocate_destroy", port_allocate_destroy());
    MEASURE("vm_allocate_deallocate", vm_allocate_deallocate());
}

void bench_rpc(void)
{
    echo_start(&client);
    MEASURE("rpc_header", echo_header(&client));
    MEASURE("rpc_128", echo_128_bytes(&client));
}

void bench_out_of_line(void)
{
    MEASURE("ool_64k", echo_out_of_line(&client));
}
