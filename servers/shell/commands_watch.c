/* SPDX-License-Identifier: BSD-2-Clause */
/* A command again and again. */
#include <porthole/thread.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands.h"

#define PAUSE_MS 1000u
#define CLEAR "\x1b[H\x1b[2J"

static volatile boolean_t key_pressed;

static void wait_for_key(void *unused)
{
    (void)unused;
    console_get();
    key_pressed = TRUE;
}

/* watch [TIMES] COMMAND...: without a number until a key is pressed. */
void command_watch(int argc, char **argv)
{
    int first = argc > 1 && argv[1][0] >= '0' && argv[1][0] <= '9' ? 2 : 1;
    unsigned long times = first == 2 ? strtoul(argv[1], NULL, 10) : 0;

    if (first == argc) {
        printf("usage: watch [TIMES] COMMAND...\n");
        return;
    }
    key_pressed = FALSE;
    if (times == 0 && thread_start(wait_for_key, NULL, 0) == MACH_PORT_NULL)
        times = 1;
    for (unsigned long done = 0; times == 0 ? !key_pressed : done < times; done++) {
        if (done > 0)
            thread_sleep(PAUSE_MS);
        if (shell.colour)
            printf(CLEAR);
        command_execute(argc - first, argv + first);
    }
}
