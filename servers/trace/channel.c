/* SPDX-License-Identifier: BSD-2-Clause */
#include "channel.h"

#define BUFFER_BYTES 4096u /* what the kernel writes in one go, holding its lock */

static mach_port_t device;
static char buffer[BUFFER_BYTES];
static unsigned used;

kern_return_t channel_open(mach_port_t device_master)
{
    return device_open(device_master, D_WRITE, "com1", &device);
}

void channel_flush(void)
{
    int written;

    if (used > 0)
        device_write(device, 0, 0, buffer, used, &written);
    used = 0;
}

static void put(char c)
{
    if (used == BUFFER_BYTES)
        channel_flush();
    buffer[used++] = c;
}

void channel_text(const char *text)
{
    while (*text != '\0')
        put(*text++);
}

void channel_number(uint64_t number)
{
    unsigned shift = number == 0 ? 0 : (63u - (unsigned)__builtin_clzll(number)) & ~3u;

    put(' ');
    for (;; shift -= 4) {
        put("0123456789abcdef"[number >> shift & 15]);
        if (shift == 0)
            return;
    }
}
