/* SPDX-License-Identifier: BSD-2-Clause */
/* Tests of the archive reader, boot script lines and the program loader's checks. */
#include "kernel/boot_words.h"
#include "kernel/program.h"
#include "kernel/string.h"
#include "lib/include/porthole/archive.h"
#include "tests/kernel/selftest.h"

/* Two members, "a" with "xy" and "boot.cfg" with "z", by hand. */
#define FIELDS "00000000" "00000000" "00000000" "00000000" "00000001" "00000000"
#define DEVICES "00000000" "00000000" "00000000" "00000000"
#define MEMBER(bytes, name_bytes) "070701" FIELDS bytes DEVICES name_bytes "00000000"

static const char archive[] = MEMBER("00000002", "00000002") "a\0xy\0\0"
                              MEMBER("00000001", "0000000b") "./boot.cfg\0\0\0\0z\0\0\0"
                              MEMBER("00000000", "0000000b") "TRAILER!!!\0\0\0";

SELFTEST(archive_finds_members_by_name)
{
    struct archive_file file;

    expect(archive_find(archive, sizeof archive, "a", &file));
    expect(file.bytes == 2 && memcmp(file.data, "xy", 2) == 0);
    expect(archive_find(archive, sizeof archive, "boot.cfg", &file));
    expect(file.bytes == 1 && *(const char *)file.data == 'z');
    expect(!archive_find(archive, sizeof archive, "b", &file));
}

SELFTEST(archive_stops_at_a_broken_header)
{
    struct archive_file file;
    char broken[sizeof archive];

    /* Cut anywhere, it finds less, and reads nothing behind the end. */
    for (size_t bytes = 0; bytes < sizeof archive; bytes++)
        archive_find(archive, bytes, "boot.cfg", &file);
    memcpy(broken, archive, sizeof archive);
    memcpy(broken + 6 + 6 * 8, "ffffffff", 8);
    expect(!archive_find(broken, sizeof broken, "a", &file));
    memcpy(broken + 6 + 6 * 8, "0000000g", 8);
    expect(!archive_find(broken, sizeof broken, "a", &file));
}

static bool variable(void *context, const char *name, char *value, size_t bytes)
{
    (void)context;
    return strcmp(name, "v") == 0 && strlcpy(value, "two words=1", bytes) < bytes;
}

static const char *read_line(struct boot_line *line, const char *text)
{
    memset(line, 0, sizeof *line);
    return boot_words_read(line, text, strlen(text));
}

SELFTEST(boot_line_takes_functions_out_and_puts_values_in)
{
    static struct boot_line line;

    expect(read_line(&line, "\tfile --x=${v} y  $(t=task-create) $(task-resume) # end") == NULL);
    expect(strcmp(line.file, "file") == 0 && strcmp(line.task_variable, "t") == 0);
    expect(line.resume == BOOT_RESUME);
    expect(boot_words_expand(&line, variable, NULL) == NULL);
    expect(line.argument_count == 3);
    expect(strcmp(line.arguments[0], "file") == 0);
    expect(strcmp(line.arguments[1], "--x=two words=1") == 0);
    expect(strcmp(line.arguments[2], "y") == 0);
    boot_words_free(&line, 1);
}

SELFTEST(boot_line_says_what_is_wrong)
{
    static struct boot_line line;

    expect(read_line(&line, "   # a comment") == NULL && line.file[0] == '\0');
    expect(read_line(&line, "file $(task-resume)") != NULL);
    expect(read_line(&line, "file $(task-create) $(task-create)") != NULL);
    expect(read_line(&line, "file $(task-create) $(x=task-resume)") != NULL);
    expect(read_line(&line, "file $(task-create) $(task-frob)") != NULL);
    expect(read_line(&line, "$(task-create) file") != NULL);
    expect(read_line(&line, "file ${v $(task-create)") == NULL);
    expect(boot_words_expand(&line, variable, NULL) != NULL);
    boot_words_free(&line, 1);
    expect(read_line(&line, "file ${nothing} $(task-create)") == NULL);
    expect(boot_words_expand(&line, variable, NULL) != NULL);
    boot_words_free(&line, 1);
}

SELFTEST(elf_refuses_what_is_no_program)
{
    static const char text[] = "#!/bin/sh\n";
    uint64_t entry;

    expect(elf_load(NULL, text, sizeof text, &entry) != NULL);
    expect(elf_load(NULL, "\x7f" "ELF\2\1", 6, &entry) != NULL);
}
