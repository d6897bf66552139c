/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pages that leave a store which is to be deleted (DP8).
 */
#pragma once

struct store;

/*
 * Moves at most `limit` pages from a closed store to others. Fewer: the rest is being transferred, or cannot be read or
 * has no room elsewhere. The pages are busy meanwhile, as for any transfer. Conditions: lock not held, the store stays.
 */
void moves_empty(const struct store *store, unsigned limit);
