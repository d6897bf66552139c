/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words on the kernel's command line, as tools/fuzz gives them: seed=S operations=N seconds=T tasks=N threads=N
 * (of each task), kinds=MASK members=MASK cold privileged tell skip=FROM-TO,...
 */
#include <porthole/runtime.h>

#include "family.h"
#include "test.h"

#define PROGRESS_ADDRESS 0x312345000ul

struct settings settings;
struct progress *progress;

static uint64_t number(const char *name, uint64_t otherwise)
{
    char text[32];

    return argument_value(test_argc, test_argv, name, text, sizeof text) ? strtoul(text, NULL, 0) : otherwise;
}

static unsigned bounded(uint64_t value, unsigned most)
{
    return value < 1 ? 1 : value > most ? most : (unsigned)value;
}

static void read_settings(void)
{
    settings.seed = number("seed", 1);
    settings.operations = number("operations", 100000);
    settings.seconds = number("seconds", 60);
    settings.tasks = bounded(number("tasks", 4), TASKS_MAX);
    settings.threads = bounded(number("threads", 3), THREADS_MAX);
    settings.kinds = number("kinds", ~0ul);
    settings.members = number("members", ~0ul);
    settings.privileged = argument_flag(test_argc, test_argv, "privileged");
    settings.warm = !argument_flag(test_argc, test_argv, "cold");
    settings.tell = argument_flag(test_argc, test_argv, "tell");
    skips_read(&settings.skips);
}

/* Where members put nothing, by whatever odd number. */
static void make_progress(void)
{
    vm_address_t address = PROGRESS_ADDRESS;

    CHECK_OK(vm_allocate(mach_task_self(), &address, round_page(sizeof *progress), FALSE));
    CHECK_OK(vm_inherit(mach_task_self(), address, round_page(sizeof *progress), VM_INHERIT_SHARE));
    progress = (struct progress *)address;
}

TEST(219, a_family_of_tasks_does_whatever_it_can)
{
    read_settings();
    make_progress();
    supervise();
}
