/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <stdint.h>

#include <mach/std_types.h>

/* An empty disk of so many blocks of 4096 bytes, none of them bad. */
void fake_disk_init(uint64_t blocks);
/* Out-of-line memory: made, and freed in whole pages. */
vm_address_t fake_region_make(unsigned pages);
void fake_region_free(vm_address_t address, vm_size_t size);
