/* SPDX-License-Identifier: BSD-2-Clause */
#include "routine.h"

const struct routine routines[] = {
#include <routine_table.inc>
};
const unsigned routine_count = sizeof routines / sizeof routines[0];
