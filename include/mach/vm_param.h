/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_VM_PARAM_H
#define MACH_VM_PARAM_H

#include <mach/machine/vm_param.h>
#include <mach/machine/vm_types.h>

#define PAGE_SIZE (1 << PAGE_SHIFT)
#define PAGE_MASK (PAGE_SIZE - 1)

#define atop(x) (((vm_size_t)(x)) >> PAGE_SHIFT)
#define ptoa(x) ((vm_offset_t)((x) << PAGE_SHIFT))

/* round_page wraps to 0 for the last page of the address space: check before rounding. */
#define round_page(x)   ((((vm_offset_t)(x)) + PAGE_MASK) & ~(vm_offset_t)PAGE_MASK)
#define trunc_page(x)   (((vm_offset_t)(x)) & ~(vm_offset_t)PAGE_MASK)
#define page_aligned(x) ((((vm_offset_t)(x)) & PAGE_MASK) == 0)
#define round_phys(x)   ((((phys_addr_t)(x)) + PAGE_MASK) & ~(phys_addr_t)PAGE_MASK)
#define trunc_phys(x)   (((phys_addr_t)(x)) & ~(phys_addr_t)PAGE_MASK)
#define phys_aligned(x) ((((phys_addr_t)(x)) & PAGE_MASK) == 0)

#endif
