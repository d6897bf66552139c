/* SPDX-License-Identifier: BSD-2-Clause */
/* What a kernel brings: data_return -> write. */
#include <mach.h>
#include <stddef.h>

#include "pager_lock.h"
#include "pager_pages.h"
#include "pager_requests.h"

/* Some returned pages. */
struct chunk {
    struct pager_object *object;
    uint64_t first;
    unsigned count;
    const char *data;
    boolean_t kept;           /* by the kernel, too */
    bool write[PAGER_CHUNK];
};

/* Whether the page must be written: the store has not what came. A hand-over under way is off (D-33). */
static bool must_write(const struct pager_page *page, boolean_t dirty)
{
    return dirty || (page != NULL && (page->state == PAGER_OUT || page->state == PAGER_BAD));
}

/* Conditions: lock held, in the object's turn, no page busy, records reserved. */
static void plan(struct chunk *chunk, boolean_t dirty)
{
    for (unsigned i = 0; i < chunk->count; i++) {
        struct pager_page *page = pager_page_find(chunk->object, chunk->first + i);
        chunk->write[i] = must_write(page, dirty);
        if (page != NULL && page->state == PAGER_SUPPLIED) {
            page->state = PAGER_STORED;
            if (!chunk->write[i]) {
                pager_page_done(page);
            }
        }
        if (chunk->write[i]) {
            pager_page_get(chunk->object, chunk->first + i)->busy = true;
        }
    }
}

/* What the store has is whole again; what could not be written is lost, unless the kernel has it still and
   will bring it again. */
static void written(const struct chunk *chunk, unsigned index, unsigned count, bool good)
{
    struct pager_object *object = chunk->object;

    pager_lock();
    for (unsigned i = index; i < index + count; i++) {
        struct pager_page *page = pager_page_find(object, chunk->first + i);
        if (good) {
            page->state = PAGER_STORED;
        } else if (!chunk->kept || page->state != PAGER_OUT) {
            page->state = PAGER_BAD;
        }
        pager_page_done(page);
    }
    pager_wake(&object->idle_waiters);
    pager_unlock();
}

/* Pages that cannot be written together are written one by one. */
static void write_pages(const struct chunk *chunk, unsigned index, unsigned count)
{
    const struct pager_object *object = chunk->object;
    const struct pager_operations *operations = object->operations;
    bool good = operations->write != NULL &&
                UNLOCKED(operations->write(object->cookie, (chunk->first + index) * PAGE_SIZE,
                                           count * PAGE_SIZE,
                                           chunk->data + index * PAGE_SIZE)) == KERN_SUCCESS;

    if (good || count == 1) {
        written(chunk, index, count, good);
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        write_pages(chunk, index + i, 1);
    }
}

static void carry_out(const struct chunk *chunk)
{
    for (unsigned i = 0, next; i < chunk->count; i = next) {
        for (next = i + 1; next < chunk->count && chunk->write[next] == chunk->write[i];) {
            next++;
        }
        if (chunk->write[i]) {
            write_pages(chunk, i, next - i);
        }
    }
}

void pager_take(struct pager_object *object, uint64_t first, uint64_t count, const char *data,
                boolean_t dirty, boolean_t kept)
{
    struct chunk chunk = { .object = object, .data = data, .kept = kept };

    object->transfers++;
    for (boolean_t last = FALSE; !last; first += chunk.count, count -= chunk.count) {
        last = count <= PAGER_CHUNK;
        chunk.first = first;
        chunk.count = last ? (unsigned)count : PAGER_CHUNK;
        pager_wait_idle(object, first, chunk.count);
        pager_pages_reserve(chunk.count);
        plan(&chunk, dirty);
        if (last) {
            pager_turn_end(object);
        }
        pager_unlock();
        carry_out(&chunk);
        chunk.data += chunk.count * PAGE_SIZE;
        pager_lock();
    }
    pager_transfer_done(object);
    pager_unlock();
}
