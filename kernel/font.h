/* SPDX-License-Identifier: BSD-2-Clause */
/* The letters of the framebuffer console, drawn for Porthole: 5 by 7 dots in a cell of 8 by 8. */
#pragma once

#include <stdint.h>

#define FONT_ROWS   8

/* The 8 rows of a character, leftmost dot in bit 7; a box for what there is no glyph for. */
const uint8_t *font_glyph(char c);
