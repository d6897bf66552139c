/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/boot_script.h"

#include <stdarg.h>
#include <stdbool.h>

#include "kernel/boot_task.h"
#include "kernel/boot_words.h"
#include "kernel/clock.h"
#include "kernel/command_line.h"
#include "kernel/device.h"
#include "kernel/device_initrd.h"
#include "kernel/printf.h"
#include "kernel/string.h"
#include "kernel/wait.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/power.h"
#include "lib/include/porthole/archive.h"

#define KEY_MS 20u      /* how often the console is looked at for the return key */
#define LINES_MAX 64u   /* tasks that one script starts */

static char script_name[64] = "boot.cfg";
static struct boot_line lines[LINES_MAX];
static unsigned line_count;

/* Tells what is wrong with the script and ends the run. */
static void __attribute__((noreturn, format(printf, 2, 3)))
fail(unsigned number, const char *format, ...)
{
    va_list arguments;

    kprintf("%s:%u: ", script_name, number);
    va_start(arguments, format);
    kvprintf(format, arguments);
    va_end(arguments);
    kprintf("\nThe system cannot start.\n");
    machine_debug_exit(DEBUG_EXIT_FAILURE);
    cpu_halt();
}

/* The value of a ${NAME} in a line's task: ports as decimal names there. False if nothing has
   that name. */
static bool variable_value(void *context, const char *name, char *value, size_t bytes)
{
    struct boot_line *line = context;

    if (boot_task_port_variable(line->task, name, value, bytes))
        return true;
    if (strcmp(name, "kernel-command-line") == 0)
        return strlcpy(value, command_line_text(), bytes) < bytes;
    for (unsigned i = 0; i < line_count; i++) {
        if (lines[i].task_variable[0] && strcmp(lines[i].task_variable, name) == 0)
            return boot_task_give(line->task, lines[i].task, value, bytes);
    }
    return command_line_value(name, value, bytes);
}

/* Cuts the script into lines with words, and makes the tasks: later lines may refer to earlier
   tasks and the other way round. */
static void read_script(const struct archive_file *file)
{
    const char *at = file->data, *end = file->data + file->bytes;

    for (unsigned number = 1; at < end; number++) {
        const char *line_end = at;
        struct boot_line *line = &lines[line_count];
        const char *wrong;

        while (line_end < end && *line_end != '\n')
            line_end++;
        if (line_count == LINES_MAX)
            fail(number, "more than %u programs", LINES_MAX);
        memset(line, 0, sizeof *line);
        line->number = number;
        wrong = boot_words_read(line, at, (size_t)(line_end - at));
        if (wrong)
            fail(number, "%s", wrong);
        if (line->file[0]) {
            wrong = boot_task_create(line);
            if (wrong)
                fail(number, "%s %s", line->file, wrong);
            line_count++;
        }
        at = line_end + 1;
    }
}

static void load_line(struct boot_line *line, const void *archive, size_t archive_bytes)
{
    struct archive_file file;
    const char *wrong;

    if (!archive_find(archive, archive_bytes, line->file, &file))
        fail(line->number, "no file %s in the archive", line->file);
    wrong = boot_words_expand(line, variable_value, line);
    if (wrong)
        fail(line->number, "%s", wrong);
    wrong = boot_task_load(line, file.data, file.bytes);
    if (wrong)
        fail(line->number, "%s %s", line->file, wrong);
}

static void wait_for_return(const struct boot_line *line)
{
    static const struct wait_reason reason = {"the return key", NULL};
    struct wait_queue nobody;
    const char *typed = "";
    unsigned bytes;

    wait_queue_init(&nobody);
    kprintf("Return starts %s. ", line->file);
    while (*typed != '\r' && *typed != '\n') {
        if (device_console.fetch(0, 1, &typed, &bytes) != D_SUCCESS)
            wait_queue_sleep(&nobody, &reason, NULL, WAIT_UNINTERRUPTIBLE,
                             deadline_after_ms(KEY_MS));
    }
    kprintf("\n");
}

void boot_script_run(void)
{
    size_t archive_bytes;
    const void *archive = device_initrd_bytes(&archive_bytes);
    struct archive_file script;

    command_line_value("boot", script_name, sizeof script_name);
    if (!archive || !archive_find(archive, archive_bytes, script_name, &script))
        fail(0, archive ? "no such file in the archive" : "no archive was given");
    read_script(&script);
    for (unsigned i = 0; i < line_count; i++)
        load_line(&lines[i], archive, archive_bytes);
    for (unsigned i = 0; i < line_count; i++) {
        if (lines[i].resume == BOOT_PROMPT_RESUME)
            wait_for_return(&lines[i]);
        log_step("start %s%s", lines[i].file, lines[i].resume == BOOT_STAY ? " (stopped)" : "");
        boot_task_start(&lines[i]);
    }
    boot_words_free(lines, line_count);
}
