/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_KERN_RETURN_H
#define MACH_KERN_RETURN_H

#include <mach/machine/kern_return.h>

#define KERN_SUCCESS                   0
#define KERN_INVALID_ADDRESS           1  /* address not mapped, or out of range */
#define KERN_PROTECTION_FAILURE        2  /* mapped, but the protection forbids the access */
#define KERN_NO_SPACE                  3  /* no free range or name of the kind asked for */
#define KERN_INVALID_ARGUMENT          4
#define KERN_FAILURE                   5
#define KERN_RESOURCE_SHORTAGE         6  /* the kernel ran out of memory for this */
#define KERN_NOT_RECEIVER              7
#define KERN_NO_ACCESS                 8
#define KERN_MEMORY_FAILURE            9  /* the memory's manager is gone for good */
#define KERN_MEMORY_ERROR             10  /* the manager could not deliver the data now */
#define KERN_NOT_IN_SET               12
#define KERN_NAME_EXISTS              13
#define KERN_ABORTED                  14
#define KERN_INVALID_NAME             15
#define KERN_INVALID_TASK             16
#define KERN_INVALID_RIGHT            17
#define KERN_INVALID_VALUE            18
#define KERN_UREFS_OVERFLOW           19
#define KERN_INVALID_CAPABILITY       20
#define KERN_RIGHT_EXISTS             21
#define KERN_INVALID_HOST             22
#define KERN_MEMORY_PRESENT           23  /* the slot was not waiting for data */
#define KERN_WRITE_PROTECTION_FAILURE 24
#define KERN_TERMINATED               26
#define KERN_TIMEDOUT                 27
#define KERN_INTERRUPTED              28
#define KERN_INVALID_OBJECT           29  /* the memory object died before it was ready */

#endif
