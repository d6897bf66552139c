/* SPDX-License-Identifier: BSD-2-Clause */
/* Archives in cpio's `newc` format, read in place. The kernel is built with this file too. */
#include <porthole/archive.h>
#include <string.h>

/* A header is the magic number and 13 fields of 8 hexadecimal digits; name and data follow, each
   padded to 4 bytes. */
#define MAGIC        "070701"
#define MAGIC_BYTES  6u
#define HEADER_BYTES 110u
#define FIELD_SIZE   6u
#define FIELD_NAME   11u

static boolean_t read_field(const char *header, unsigned field, size_t *value)
{
    const char *digits = header + MAGIC_BYTES + 8 * field;

    *value = 0;
    for (unsigned i = 0; i < 8; i++) {
        char c = digits[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 16;
        if (digit == 16) {
            return FALSE;
        }
        *value = *value * 16 + digit;
    }
    return TRUE;
}

static size_t align4(size_t value)
{
    return (value + 3) & ~(size_t)3;
}

boolean_t archive_read(const void *archive, size_t bytes, size_t position,
                       struct archive_file *file)
{
    const char *header = (const char *)archive + position;
    size_t name_bytes;

    if (position > bytes || bytes - position < HEADER_BYTES ||
        memcmp(header, MAGIC, MAGIC_BYTES) != 0 || !read_field(header, FIELD_NAME, &name_bytes) ||
        !read_field(header, FIELD_SIZE, &file->bytes)) {
        return FALSE;
    }
    size_t data = position + align4(HEADER_BYTES + name_bytes); /* 32-bit fields: no overflow */
    if (name_bytes == 0 || data > bytes || bytes - data < file->bytes ||
        header[HEADER_BYTES + name_bytes - 1] != '\0') {
        return FALSE;
    }
    file->name = header + HEADER_BYTES;
    file->data = (const char *)archive + data;
    file->next = data + align4(file->bytes);
    return strcmp(file->name, "TRAILER!!!") != 0;
}

static const char *plain(const char *name)
{
    return name[0] == '.' && name[1] == '/' ? name + 2 : name;
}

boolean_t archive_find(const void *archive, size_t bytes, const char *name,
                       struct archive_file *file)
{
    for (size_t at = 0; archive_read(archive, bytes, at, file); at = file->next) {
        if (strcmp(plain(file->name), plain(name)) == 0) {
            return TRUE;
        }
    }
    return FALSE;
}
