/* SPDX-License-Identifier: BSD-2-Clause */
/* The direct door: what a PVH loader leaves behind, turned into a boot_info. */
#pragma once

#include "boot/boot_info.h"

#include <stdbool.h>

/* Fills info from the start structure at a physical address below 4 GiB; false if it is not one. */
bool pvh_boot_info(uint64_t start_info, struct boot_info *info);
