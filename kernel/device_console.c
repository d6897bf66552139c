/* SPDX-License-Identifier: BSD-2-Clause */
/* The console and the report channel as devices. Input is raw: no echo, no editing. */
#include "kernel/console.h"
#include "kernel/device.h"
#include "kernel/device_console.h"
#include "kernel/device_read.h"
#include "kernel/monitor.h"

#define INPUT_MAX 1024u /* typed characters that wait to be read; more are lost */
#define KEY_WAITS 0x14  /* control-T: print who waits for whom */

static char input[INPUT_MAX];   /* a ring */
static unsigned input_first, input_count;

/* Collects what has arrived; in an interrupt. */
static void console_input(void)
{
    for (int c; (c = console_getc()) >= 0;) {
        if (c == KEY_WAITS)
            monitor_print_waits();
        else if (input_count < INPUT_MAX)
            input[(input_first + input_count++) % INPUT_MAX] = (char)c;
    }
    device_read_retry();
}

void device_console_start_input(void)
{
    console_set_input_hook(console_input);
    console_input_init();
}

static io_return_t console_fetch(uint64_t record, unsigned wanted, const char **data,
                                 unsigned *bytes)
{
    unsigned straight = INPUT_MAX - input_first; /* bytes up to the ring's seam */
    unsigned given = input_count < wanted ? input_count : wanted;

    (void)record;
    if (input_count == 0)
        return D_WOULD_BLOCK;
    if (given > straight)
        given = straight;
    if (given > IO_INBAND_MAX)
        given = IO_INBAND_MAX;
    *data = &input[input_first];
    *bytes = given;
    input_first = (input_first + given) % INPUT_MAX;
    input_count -= given;
    return D_SUCCESS;
}

static void console_store(const char *data, unsigned bytes)
{
    console_write(data, bytes);
}

static void report_store(const char *data, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        report_putc(data[i]);
}

const struct device_operations device_console = {.fetch = console_fetch, .store = console_store};
const struct device_operations device_report = {.store = report_store};
