/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs all rows, or those of several clients at once, and powers the machine off.
 * boot.cfg: bench ${host-port} ${device-port} [CLIENTS] $(task-create) $(task-resume)
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

#define REBOOT_HALT 0x8

mach_port_t host_privileged_port, device_master_port;

static mach_port_t report_device;

void must(kern_return_t result, const char *what)
{
    if (result == KERN_SUCCESS)
        return;
    printf("bench: %s: %s (%#x)\n", what, mach_error_string(result), (unsigned)result);
    host_reboot(host_privileged_port, REBOOT_HALT);
    for (;;)
        swtch();
}

uint64_t median(uint64_t *samples, unsigned count)
{
    for (unsigned i = 1; i < count; i++) {
        uint64_t value = samples[i];
        unsigned at = i;

        for (; at > 0 && samples[at - 1] > value; at--)
            samples[at] = samples[at - 1];
        samples[at] = value;
    }
    return samples[count / 2];
}

uint64_t counter_cost(void)
{
    static uint64_t cost;
    uint64_t samples[SAMPLES];

    if (cost == 0) {
        for (unsigned i = 0; i < SAMPLES; i++) {
            uint64_t start = now();

            samples[i] = now() - start;
        }
        cost = median(samples, SAMPLES);
    }
    return cost;
}

void report(const char *name, uint64_t value)
{
    io_buf_ptr_inband_t line;
    int written;
    int length = snprintf(line, sizeof(line), "bench: %s %lu\n", name, (unsigned long)value);

    mach_print(line);
    if (report_device != MACH_PORT_NULL)
        device_write_inband(report_device, 0, 0, line, (unsigned)length, &written);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        printf("usage: bench HOST-PORT DEVICE-PORT [CLIENTS]\n");
        return 1;
    }
    host_privileged_port = (mach_port_t)strtoul(argv[1], NULL, 10);
    device_master_port = (mach_port_t)strtoul(argv[2], NULL, 10);
    if (device_open(device_master_port, D_WRITE, "com1", &report_device) != KERN_SUCCESS)
        report_device = MACH_PORT_NULL;
    if (argc > 3) {
        bench_lanes((unsigned)strtoul(argv[3], NULL, 10));
    } else {
        report("first_user_instruction", now());
        bench_traps();
        bench_rpc();
        bench_out_of_line();
        bench_memory();
        bench_pager();
    }
    host_reboot(host_privileged_port, REBOOT_HALT);
    return 0;
}
