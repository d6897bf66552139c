/* SPDX-License-Identifier: BSD-2-Clause */
/* Archives in cpio's `newc` format, read in place. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct cpio_file {
    const char *data;
    size_t bytes;
};

/* Finds a member by name (a leading "./" in the archive is ignored); false if there is none,
   or the archive is broken before it. */
bool cpio_find(const void *archive, size_t archive_bytes, const char *name,
               struct cpio_file *file);
