/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the demonstration writes into a page: every word depends on the page, the round, its place.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PATTERN_BYTES 4096u

/* Fills a page. */
void pattern_write(void *page, uint64_t number, uint32_t round);
/* True if the page holds exactly what pattern_write() wrote. */
bool pattern_matches(const void *page, uint64_t number, uint32_t round);
