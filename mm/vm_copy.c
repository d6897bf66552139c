/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies: making, reading, freeing.
 */
#include "mm/vm_copy.h"

#include "kernel/panic.h"
#include "kernel/string.h"
#include "mm/fault.h"
#include "mm/fault_request.h"
#include "mm/kmem.h"
#include "mm/object_lifetime.h"
#include "mm/page.h"
#include "mm/vm_map.h"
#include "mm/vm_object.h"
#include "mm/vm_shortage.h"

#define COPY_RESERVE 64u    /* for what page-out sends when memory is short */

static struct kmem_cache copy_cache;

void vm_copy_init(void)
{
    kmem_cache_init(&copy_cache, "vm-copy", sizeof(struct vm_copy), COPY_RESERVE, 0);
}

struct vm_copy *vm_copy_create(vm_offset_t base, vm_offset_t head, vm_size_t size)
{
    struct vm_copy *copy = kmem_cache_alloc(&copy_cache);

    if (!copy)
        return NULL;
    list_init(&copy->entries);
    copy->base = base;
    copy->head = head;
    copy->size = size;
    copy->hint = NULL;
    list_init(&copy->frames);
    return copy;
}

void vm_copy_append(struct vm_copy *copy, struct vm_map_entry *entry)
{
    entry->shared = entry->device = false;
    entry->protection = VM_PROT_DEFAULT;
    entry->max_protection = VM_PROT_ALL;
    entry->inheritance = VM_INHERIT_DEFAULT;
    entry->wired_count = 0;
    entry->wired_end = 0;
    entry->behavior = 0;
    list_insert_tail(&copy->entries, &entry->link);
}

struct vm_copy *vm_copy_of_new_object(vm_size_t size, struct vm_object **object)
{
    struct vm_copy *copy = vm_copy_create(0, 0, size);
    struct vm_map_entry *entry = vm_map_entry_alloc();

    *object = vm_object_create(page_round(size));
    if (!copy || !entry || !*object) {
        vm_object_release(*object);
        vm_map_entry_free(entry);
        vm_copy_discard(copy);
        return NULL;
    }
    *entry = (struct vm_map_entry){.end = page_round(size), .object = *object};
    vm_copy_append(copy, entry);
    return copy;
}

void vm_copy_free(struct vm_copy *copy)
{
    kmem_cache_free(&copy_cache, copy);
}

void vm_copy_discard(struct vm_copy *copy)
{
    struct list_node *node;

    if (!copy)
        return;
    while ((node = list_take_first(&copy->frames)) != NULL)
        page_free(list_entry(node, struct page, queue_link));
    while ((node = list_take_first(&copy->entries)) != NULL) {
        struct vm_map_entry *entry = list_entry(node, struct vm_map_entry, link);

        vm_object_release(entry->object);
        vm_map_entry_free(entry);
    }
    vm_copy_free(copy);
}

/* Entries are many when the sender's memory is in pieces: the search goes on where it last ended. */
struct vm_map_entry *vm_copy_entry(struct vm_copy *copy, vm_offset_t address)
{
    struct list_node *node = copy->entries.head.next;

    if (copy->hint && address >= copy->hint->start)
        node = &copy->hint->link;
    for (; node != &copy->entries.head; node = node->next) {
        struct vm_map_entry *entry = list_entry(node, struct vm_map_entry, link);

        if (address < entry->end) {
            copy->hint = entry;
            return entry;
        }
    }
    panic("vm_copy: no entry at %lx", address);
}

/* Reads bytes that lie in one page. */
static kern_return_t read_in_page(struct vm_copy *copy, vm_offset_t address, void *buffer,
                                  vm_size_t bytes, enum wait_mode mode)
{
    struct vm_map_entry *entry;
    kern_return_t result;
    struct page *page;
    bool writable;

    entry = vm_copy_entry(copy, address);
    if (!entry->object) {
        memset(buffer, 0, bytes);
        return KERN_SUCCESS;
    }
    result = vm_fault_page(entry->object, entry->offset + (page_trunc(address) - entry->start),
                           VM_PROT_READ, mode, &page, &writable);
    if (result != KERN_SUCCESS)
        return result;
    memcpy(buffer, (char *)page_address(page) + (address & PAGE_MASK), bytes);
    page_wake(page, WAIT_AWAKENED);
    return KERN_SUCCESS;
}

kern_return_t vm_copy_read(struct vm_copy *copy, vm_size_t offset, void *buffer, vm_size_t bytes,
                           enum wait_mode mode)
{
    vm_offset_t at = copy->base + copy->head + offset;

    assert(offset <= copy->size && bytes <= copy->size - offset);
    while (bytes > 0) {
        vm_size_t part = PAGE_BYTES - (at & PAGE_MASK);
        kern_return_t result;

        if (part > bytes)
            part = bytes;
        result = read_in_page(copy, at, buffer, part, mode);
        if (result != KERN_SUCCESS)
            return result;
        at += part;
        buffer = (char *)buffer + part;
        bytes -= part;
    }
    return KERN_SUCCESS;
}

/* Adds a page with kernel bytes, the rest of it zero, to an object. */
static kern_return_t add_page(struct vm_object *object, vm_offset_t at, const void *bytes,
                              vm_size_t size)
{
    struct page *page;
    kern_return_t result = fault_alloc_page(&page);

    if (result != KERN_SUCCESS)
        return result;
    if (size < PAGE_BYTES)
        page_zero(page);
    memcpy(page_address(page), bytes, size);
    if (!vm_object_insert(object, at, page)) {
        page_free(page);
        return KERN_RESOURCE_SHORTAGE;
    }
    page->dirty = true;
    page_activate(page);
    return KERN_SUCCESS;
}

/* Fills an object with kernel bytes. */
static bool fill(struct vm_object *object, const char *buffer, vm_size_t bytes)
{
    for (vm_offset_t at = 0; at < bytes; at += PAGE_BYTES) {
        vm_size_t part = bytes - at < PAGE_BYTES ? bytes - at : PAGE_BYTES;
        unsigned tries = 0;
        kern_return_t result;

        do
            result = add_page(object, at, buffer + at, part);
        while (vm_shortage_wait(result, &tries));
        if (result != KERN_SUCCESS)
            return false;
    }
    return true;
}

static struct vm_copy *try_from_bytes(const void *buffer, vm_size_t bytes)
{
    struct vm_object *object;
    struct vm_copy *copy = vm_copy_of_new_object(bytes, &object);

    if (copy && fill(object, buffer, bytes))
        return copy;
    vm_copy_discard(copy);
    return NULL;
}

struct vm_copy *vm_copy_from_bytes(const void *buffer, vm_size_t bytes)
{
    struct vm_copy *copy;
    unsigned tries = 0;

    do
        copy = try_from_bytes(buffer, bytes);
    while (!copy && vm_shortage_wait(KERN_RESOURCE_SHORTAGE, &tries));
    return copy;
}
