/* SPDX-License-Identifier: BSD-2-Clause */
#include "mm/record_list.h"

#include "kernel/string.h"
#include "kernel/x86_64/cpu.h"
#include "mm/kmem.h"
#include "mm/page.h"
#include "mm/vm_copy.h"
#include "mm/vm_copy_pages.h"

static uint64_t bytes_used(const struct record_list *list)
{
    return (uint64_t)list->count * list->record_bytes;
}

void record_list_init(struct record_list *list, uint32_t record_bytes, uint32_t records_max)
{
    list->page_max = (uint32_t)((uint64_t)records_max * record_bytes / PAGE_BYTES) + 1;
    list->pages = kmem_alloc(list->page_max * sizeof(struct page *));
    list->page_count = list->count = 0;
    list->record_bytes = record_bytes;
    list->failed = !list->pages;
}

/* Adds a frame of zeros; false if there is none, or the list would outgrow its bound. Lists may be long: this
   lets interrupts in, which change nothing that lists show. */
static bool grow(struct record_list *list)
{
    struct page *page = list->page_count < list->page_max ? page_alloc() : NULL;

    cpu_interrupt_window();
    if (!page)
        return false;
    page_zero(page);
    list->pages[list->page_count++] = page;
    return true;
}

/* A record may lie across frames. */
void record_list_add(struct record_list *list, const void *record)
{
    uint64_t at = bytes_used(list);

    for (uint32_t done = 0, bytes; done < list->record_bytes && !list->failed; done += bytes) {
        uint32_t inside = (uint32_t)((at + done) & PAGE_MASK);

        bytes = list->record_bytes - done;
        if (bytes > PAGE_BYTES - inside)
            bytes = (uint32_t)PAGE_BYTES - inside;
        list->failed = inside == 0 && !grow(list);
        if (!list->failed)
            memcpy((char *)page_address(list->pages[list->page_count - 1]) + inside,
                   (const char *)record + done, bytes);
    }
    if (!list->failed)
        list->count++;
}

static void end(struct record_list *list, bool keep_pages)
{
    for (uint32_t i = 0; !keep_pages && i < list->page_count; i++)
        page_free(list->pages[i]);
    kmem_free(list->pages, list->page_max * sizeof(struct page *));
}

bool record_list_finish(struct record_list *list, struct vm_copy **copy)
{
    bool done = !list->failed;

    *copy = NULL;
    if (done && list->page_count > 0) {
        *copy = vm_copy_from_pages(list->pages, list->page_count, false);
        done = *copy != NULL;
    }
    if (*copy)
        (*copy)->size = bytes_used(list);
    end(list, done);
    return done;
}

kern_return_t record_list_give(struct record_list *list, void *data, mach_msg_type_number_t *count)
{
    *count = list->count;
    return record_list_finish(list, data) ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
}

kern_return_t record_list_answer(struct record_list *list, void *data,
                                 mach_msg_type_number_t *count)
{
    bool fits = !list->failed && list->count <= *count;
    char *to = *(char **)data;

    for (uint32_t i = 0; fits && i < list->page_count; i++) {
        uint64_t rest = bytes_used(list) - i * PAGE_BYTES;

        memcpy(to + i * PAGE_BYTES, page_address(list->pages[i]),
               rest < PAGE_BYTES ? rest : PAGE_BYTES);
    }
    if (!fits)
        return record_list_give(list, data, count);
    *count = list->count;
    end(list, false);
    return KERN_SUCCESS;
}
