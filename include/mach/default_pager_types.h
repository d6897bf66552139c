/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_DEFAULT_PAGER_TYPES_H
#define MACH_DEFAULT_PAGER_TYPES_H

#include <mach/machine/vm_types.h>

typedef struct default_pager_info {
    vm_size_t dpi_total_space; /* bytes */
    vm_size_t dpi_free_space;  /* bytes */
    vm_size_t dpi_page_size;   /* bytes */
} default_pager_info_t;

typedef struct default_pager_object {
    vm_offset_t dpo_object; /* identity only */
    vm_size_t dpo_size;     /* bytes */
} default_pager_object_t;
typedef default_pager_object_t *default_pager_object_array_t;

typedef struct default_pager_page {
    vm_offset_t dpp_offset;
} default_pager_page_t;
typedef default_pager_page_t *default_pager_page_array_t;

typedef char default_pager_filename_t[256];
typedef const char *const_default_pager_filename_t;

/* Backing stores (OSF): one store may hold many segments of disks. */
typedef integer_t *backing_store_info_t;
typedef int backing_store_flavor_t;
#define BACKING_STORE_INFO_MAX 1024
typedef integer_t backing_store_info_data_t[BACKING_STORE_INFO_MAX];

#define BACKING_STORE_BASIC_INFO 1
struct backing_store_basic_info {
    natural_t pageout_calls; /* requests to this store's disks, each of one page or several */
    natural_t pagein_calls;
    natural_t pages_in; /* of the whole pager, to here */
    natural_t pages_out;
    natural_t pages_unavail;
    natural_t pages_init;
    natural_t pages_init_writes;
    natural_t bs_pages_total; /* of this store, from here on */
    natural_t bs_pages_free;
    natural_t bs_pages_in;
    natural_t bs_pages_in_fail;
    natural_t bs_pages_out;
    natural_t bs_pages_out_fail;
    integer_t bs_priority; /* 0..4 */
    integer_t bs_clsize;   /* bytes */
};
typedef struct backing_store_basic_info *backing_store_basic_info_t;
typedef struct backing_store_basic_info backing_store_basic_info_data_t;
#define BACKING_STORE_BASIC_INFO_COUNT                                                             \
    (sizeof(struct backing_store_basic_info) / sizeof(integer_t))

#endif
