/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Orders in which all pages are visited, each once.
 */
#pragma once

#include <stdint.h>

enum order { ORDER_SEQUENTIAL, ORDER_RANDOM, ORDER_STRIDED };

/* The index-th page, of `count`, in this order: a permutation of 0..count-1. */
uint64_t order_page(enum order order, uint64_t index, uint64_t count);
const char *order_name(enum order order);
