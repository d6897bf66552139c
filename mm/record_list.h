/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists of equal-sized records on their way to a user: built in frames without sleeping, so that a
 * list shows one moment, then moved into the reply as out-of-line memory.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <mach/kern_return.h>
#include <mach/message.h>

struct page;
struct vm_copy;

struct record_list {
    struct page **pages;
    uint32_t page_max, page_count;
    uint32_t record_bytes, count;
    bool failed;            /* no memory, or more records than expected */
};

/* Begins a list of at most `records_max` records. */
void record_list_init(struct record_list *list, uint32_t record_bytes, uint32_t records_max);
/* Appends a copy of a record; never sleeps. What does not fit makes the list `failed`. */
void record_list_add(struct record_list *list, const void *record);
/* Turns the list into out-of-line memory that the caller owns (NULL if it is empty); ends the list in
   any case. False: it has failed. */
bool record_list_finish(struct record_list *list, struct vm_copy **copy);
/* Ends the list as a reply's out-of-line argument. KERN_RESOURCE_SHORTAGE: nothing is given. */
kern_return_t record_list_give(struct record_list *list, void *data, mach_msg_type_number_t *count);
/*
 * Ends the list as a reply's CountInOut argument: into the reply itself (*data, with room for *count
 * records) if it fits, else out of line. KERN_RESOURCE_SHORTAGE: nothing is given.
 */
kern_return_t record_list_answer(struct record_list *list, void *data,
                                 mach_msg_type_number_t *count);
