/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference model (model.h) run beside the kernel. This task is manager and client of one memory object: its
 * first thread does one operation after another (operation.h), to the model and to the kernel, and holds
 * what comes to the memory object port against the model (hear.c). Threads do what may have to wait (clients.c).
 *
 * All that one operation leads to is heard before the next, so that a run depends on its seed alone. Who
 * waits for a message that does not come is noticed by a thread that watches.
 *
 * Words on the kernel's command line, as tools/model gives them: seed=S operations=N kinds=MASK clients=MASK
 * patience=SECONDS tell skip=FROM-TO,...
 */
#include <porthole/runtime.h>
#include <stdarg.h>

#include "census.h"
#include "clients.h"
#include "exception.h"
#include "hear.h"
#include "test.h"
#include "world.h"

#define HISTORY 16u
#define WARM_OPERATIONS 5000u
#define KEPT_OBJECTS 24u /* buffers that threads keep, and the like */
#define KEPT_FRAMES  24u

struct settings settings;
struct model model;
mach_port_t object, control, name;

static struct operation history[HISTORY];
static volatile uint64_t done;          /* operations that were there to do */
static uint64_t done_of[KINDS];
static mach_port_t watch_port;

/* --- the end --- */

static void tell_last_operations(void)
{
    char words[200];

    for (uint64_t i = done >= HISTORY ? done - HISTORY + 1 : 0; i <= done; i++) {
        operation_describe(&history[i % HISTORY], words, sizeof words);
        report("# %s%s", i == done ? "then " : "     ", words);
    }
}

void world_fail(const char *format, ...)
{
    char words[300], expected[300];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(words, sizeof words, format, arguments);
    va_end(arguments);
    model_say_due(&model, expected, sizeof expected);
    report("# seed %lu, operation %lu, after %lu that were done; expected: %s", settings.seed,
           history[done % HISTORY].number, done, expected);
    tell_last_operations();
    report("model: failed at %lu", history[done % HISTORY].number);
    FAIL("%s", words);
}

/* Exceptions of the first thread come here; and nothing must take longer than the patience. */
static void watch(void *argument)
{
    struct exception exception;
    uint64_t before = ~0ul;
    unsigned unchanged = 0;

    (void)argument;
    while (unchanged < settings.patience) {
        if (exception_receive(watch_port, &exception, 1000))
            world_fail("exception %d, code %#x, at %#lx, where nothing was to wait or fail",
                       exception.exception, (unsigned)exception.code, exception.subcode);
        unchanged = done == before ? unchanged + 1 : 0;
        before = done;
    }
    world_fail("nothing came");
}

/* --- settings --- */

static uint64_t number(const char *word, uint64_t otherwise)
{
    char text[32];

    return argument_value(test_argc, test_argv, word, text, sizeof text) ? strtoul(text, NULL, 0)
                                                                         : otherwise;
}

static void read_settings(void)
{
    settings.seed = number("seed", 1);
    settings.operations = number("operations", 10000);
    settings.kinds = number("kinds", ~0ul);
    settings.clients = number("clients", ~0ul);
    settings.patience = (unsigned)number("patience", 60);
    settings.tell = argument_flag(test_argc, test_argv, "tell");
    skips_read(&settings.skips);
}

static boolean_t is_left_out(const struct operation *operation)
{
    return skips_have(&settings.skips, operation->number) || (settings.kinds >> operation->kind & 1) == 0 ||
           (settings.clients >> operation->client & 1) == 0;
}

/* --- the run --- */

static void begin(void)
{
    read_settings();
    model_begin(&model);
    object = port_make(TRUE);
    CHECK_OK(mach_port_set_qlimit(mach_task_self(), object, MACH_PORT_QLIMIT_MAX));
    watch_port = port_make(TRUE);
    CHECK_OK(thread_set_special_port(mach_thread_self(), THREAD_EXCEPTION_PORT, watch_port));
    CHECK(thread_start(watch, NULL, 0) != MACH_PORT_NULL);
    clients_start();
}

static void run(uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        struct operation *operation = &history[done % HISTORY];
        enum kind kind;
        char words[200];

        operation_draw(operation, settings.seed, i);
        if (is_left_out(operation))
            continue;
        kind = operation->kind;
        if (settings.tell) {
            operation_describe(operation, words, sizeof words);
            report("model: begins %s", words);
        }
        if (!perform(operation))
            continue;
        if (settings.tell) {
            operation_describe(operation, words, sizeof words);
            report("model: did %s", words);
        }
        done_of[kind]++;
        done++;
    }
}

/* Evictions would be right, too, and may come at any time, so there must be none: memory was plentiful, and each
   page that went to a manager was heard. */
static void check_pageouts(const struct vm_statistics *before)
{
    struct vm_statistics after;

    memory_statistics(&after);
    CHECK_EQ(after.pageouts - before->pageouts, heard_pages());
    CHECK(after.free_count > before->free_count / 2);
}

/* Many operations leave no more behind than few: nothing in the kernel's counts, no rights. */
static void run_all(void)
{
    static struct census before, after;

    if (settings.operations <= WARM_OPERATIONS) {
        run(0, settings.operations);
        return;
    }
    run(0, WARM_OPERATIONS);
    perform_end();
    census_take(&before);
    run(WARM_OPERATIONS, settings.operations);
    perform_end();
    census_take(&after);
    CHECK_EQ(census_growth(&before, &after, KEPT_OBJECTS, KEPT_FRAMES), 0);
    CHECK_EQ(port_status(object).mps_sorights, 0);
}

TEST(0, one_object_does_what_the_model_says)
{
    struct vm_statistics before;

    memory_statistics(&before);
    begin();
    run_all();
    check_pageouts(&before);
    for (unsigned kind = 0; kind < KINDS; kind++)
        report("model: kind %s %lu", kind_names[kind], done_of[kind]);
    hear_report();
    report("model: done %lu of %lu", done, settings.operations);
}
