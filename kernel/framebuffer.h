/* SPDX-License-Identifier: BSD-2-Clause */
/* Text on the screen, where the firmware left a framebuffer. */
#pragma once

#include "boot/boot_info.h"

/* Starts writing to pixels, which are mapped at an address. */
void framebuffer_init(const struct boot_framebuffer *info, void *pixels);
/* Writes one character; before framebuffer_init it is kept for then. */
void framebuffer_putc(char c);
