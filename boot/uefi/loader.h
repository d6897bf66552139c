/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The UEFI loader's parts. Each returns an EFI status; on an error it has said what is wrong and what
 * to do about it.
 */
#pragma once

#include <efi.h>
#include <efilib.h>

#include "boot/boot_info.h"

/* A file in memory, in whole pages below 4 GiB. */
struct file {
    EFI_PHYSICAL_ADDRESS address;
    UINTN bytes;
};

/* Prints a reason and an advice; returns the status. */
EFI_STATUS loader_fail(EFI_STATUS status, const CHAR16 *what, const CHAR16 *advice);

/* Reads a file of the loader's own volume. An optional one that is missing has 0 bytes. */
EFI_STATUS file_read(EFI_HANDLE image, CHAR16 *path, BOOLEAN optional, struct file *file);

/* Puts the kernel's segments at their physical addresses; *entry is where to jump. */
EFI_STATUS kernel_load(const struct file *file, EFI_PHYSICAL_ADDRESS *entry);

/* Describes the screen, if there is one that shows pixels. */
void screen_describe(struct boot_framebuffer *framebuffer);

/* Ends boot services; from then on the firmware must not be called. Fills the memory map. */
EFI_STATUS memory_take(EFI_HANDLE image, struct boot_info *info);
