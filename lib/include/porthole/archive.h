/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PORTHOLE_ARCHIVE_H
#define PORTHOLE_ARCHIVE_H

#include <mach/boolean.h>
#include <mach/kern_return.h>
#include <mach/port.h>
#include <stddef.h>

/* A file of a cpio archive ("newc") in memory; name and data point into the archive. */
struct archive_file {
    const char *name;
    const void *data;
    size_t bytes;
    size_t next; /* position of the next file */
};

/* Reads the file at a position (0 for the first); FALSE at the end or where the archive is broken. */
boolean_t archive_read(const void *archive, size_t bytes, size_t position,
                       struct archive_file *file);
/* Finds a file by name, with or without a leading "./". */
boolean_t archive_find(const void *archive, size_t bytes, const char *name,
                       struct archive_file *file);

/* Reads the archive that the machine was booted with into fresh memory, the caller's to vm_deallocate. */
kern_return_t archive_load(mach_port_t device_master, const void **archive, size_t *bytes);

#endif
