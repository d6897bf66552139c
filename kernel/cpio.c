/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/cpio.h"

#include <stdint.h>

#include "kernel/string.h"

#define HEADER_BYTES 110u
#define MAGIC_BYTES 6u
#define FIELD_DIGITS 8u
#define TRAILER "TRAILER!!!"

enum field { FIELD_FILE_BYTES = 6, FIELD_NAME_BYTES = 11 };

/* A member, with everything inside the archive's bounds. */
struct member {
    const char *name;
    struct cpio_file file;
    size_t next; /* offset of the following header */
};

/* The value of a field of eight hexadecimal digits; false if they are something else. */
static bool read_field(const char *header, enum field field, size_t *value)
{
    const char *digits = header + MAGIC_BYTES + field * FIELD_DIGITS;

    *value = 0;
    for (unsigned i = 0; i < FIELD_DIGITS; i++) {
        char c = digits[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 16;

        if (digit == 16)
            return false;
        *value = *value << 4 | digit;
    }
    return true;
}

static size_t pad(size_t offset)
{
    return (offset + 3) & ~(size_t)3;
}

/* Reads the member at an offset; name and file sizes are 32 bits, so that no sum here overflows. */
static bool read_member(const char *archive, size_t bytes, size_t offset, struct member *member)
{
    const char *header = archive + offset;
    size_t name_bytes, data_offset;

    if (offset > bytes || bytes - offset < HEADER_BYTES ||
        memcmp(header, "070701", MAGIC_BYTES) != 0 ||
        !read_field(header, FIELD_FILE_BYTES, &member->file.bytes) ||
        !read_field(header, FIELD_NAME_BYTES, &name_bytes))
        return false;
    data_offset = pad(offset + HEADER_BYTES + name_bytes);
    if (name_bytes == 0 || data_offset > bytes || bytes - data_offset < member->file.bytes)
        return false;
    member->name = header + HEADER_BYTES;
    if (member->name[name_bytes - 1] != '\0')
        return false;
    member->file.data = archive + data_offset;
    member->next = pad(data_offset + member->file.bytes);
    return true;
}

bool cpio_find(const void *archive, size_t archive_bytes, const char *name,
               struct cpio_file *file)
{
    struct member member;

    for (size_t offset = 0; read_member(archive, archive_bytes, offset, &member);
         offset = member.next) {
        const char *plain = strncmp(member.name, "./", 2) == 0 ? member.name + 2 : member.name;

        if (strcmp(plain, name) == 0) {
            *file = member.file;
            return true;
        }
        if (strcmp(member.name, TRAILER) == 0)
            return false;
    }
    return false;
}
