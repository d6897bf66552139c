/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_MEMORY_OBJECT_H
#define MACH_MEMORY_OBJECT_H

#include <mach/port.h>

/* The external memory management interface: types shared by kernel and managers. */
#ifdef KERNEL
typedef ipc_port_t memory_object_t;
#else
typedef mach_port_t memory_object_t;
#endif
typedef memory_object_t *memory_object_array_t;
typedef mach_port_t memory_object_control_t;
typedef mach_port_t memory_object_name_t;
#define MEMORY_OBJECT_NULL MACH_PORT_NULL

/* How the kernel copies the object. */
typedef int memory_object_copy_strategy_t;
#define MEMORY_OBJECT_COPY_NONE      0 /* copy now, page by page */
#define MEMORY_OBJECT_COPY_CALL      1 /* ask the manager */
#define MEMORY_OBJECT_COPY_DELAY     2 /* copy on write; the manager changes no data by itself */
#define MEMORY_OBJECT_COPY_TEMPORARY 3 /* copy on write; changes need not come back */
#define MEMORY_OBJECT_COPY_SYMMETRIC 4 /* the kernel's own objects; never from a manager */

/* Which pages memory_object_lock_request sends back. */
typedef int memory_object_return_t;
#define MEMORY_OBJECT_RETURN_NONE     0
#define MEMORY_OBJECT_RETURN_DIRTY    1
#define MEMORY_OBJECT_RETURN_ALL      2 /* dirty and precious */
#define MEMORY_OBJECT_RETURN_ANYTHING 3 /* every resident page */

/* Attribute flavors (OSF form). Counts are in natural_t units of these structures. */
typedef int memory_object_flavor_t;
typedef int *memory_object_info_t;
#define MEMORY_OBJECT_INFO_MAX 1024
typedef int memory_object_info_data_t[MEMORY_OBJECT_INFO_MAX];

#define OLD_MEMORY_OBJECT_BEHAVIOR_INFO  10
#define MEMORY_OBJECT_PERFORMANCE_INFO   11
#define OLD_MEMORY_OBJECT_ATTRIBUTE_INFO 12
#define MEMORY_OBJECT_ATTRIBUTE_INFO     14
#define MEMORY_OBJECT_ATTRIBUTES_INFO    MEMORY_OBJECT_ATTRIBUTE_INFO
#define MEMORY_OBJECT_BEHAVIOR_INFO      15

struct old_memory_object_behave_info {
    memory_object_copy_strategy_t copy_strategy;
    boolean_t temporary;
    boolean_t invalidate;
};

struct memory_object_perf_info {
    vm_size_t cluster_size; /* bytes; a power of two pages; 0 means one page */
    boolean_t may_cache;
};

struct old_memory_object_attr_info {
    boolean_t object_ready;
    boolean_t may_cache;
    memory_object_copy_strategy_t copy_strategy;
};

struct memory_object_attr_info {
    memory_object_copy_strategy_t copy_strategy;
    vm_size_t cluster_size;
    boolean_t may_cache;
    boolean_t temporary;
};

struct memory_object_behave_info {
    memory_object_copy_strategy_t copy_strategy;
    boolean_t temporary;
    boolean_t invalidate;
    boolean_t silent_overwrite;
    boolean_t advisory_pageout;
};

typedef struct old_memory_object_behave_info old_memory_object_behave_info_data_t;
typedef struct memory_object_perf_info memory_object_perf_info_data_t;
typedef struct old_memory_object_attr_info old_memory_object_attr_info_data_t;
typedef struct memory_object_attr_info memory_object_attr_info_data_t;
typedef struct memory_object_behave_info memory_object_behave_info_data_t;

#define MEMORY_OBJECT_COUNT_OF(type) (sizeof(type) / sizeof(natural_t))
#define OLD_MEMORY_OBJECT_BEHAVE_INFO_COUNT                                                        \
    MEMORY_OBJECT_COUNT_OF(old_memory_object_behave_info_data_t)
#define MEMORY_OBJECT_PERF_INFO_COUNT     MEMORY_OBJECT_COUNT_OF(memory_object_perf_info_data_t)
#define OLD_MEMORY_OBJECT_ATTR_INFO_COUNT MEMORY_OBJECT_COUNT_OF(old_memory_object_attr_info_data_t)
#define MEMORY_OBJECT_ATTR_INFO_COUNT     MEMORY_OBJECT_COUNT_OF(memory_object_attr_info_data_t)
#define MEMORY_OBJECT_BEHAVE_INFO_COUNT   MEMORY_OBJECT_COUNT_OF(memory_object_behave_info_data_t)

#endif
