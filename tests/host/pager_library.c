/* SPDX-License-Identifier: BSD-2-Clause */
/* host-test: tests/host/pager_library/fake_kernel.c tests/host/pager_library/fake_ports.c */
/* host-test: lib/pager_messages.c lib/pager_object.c lib/pager_pages.c lib/pager_requests.c */
/* host-test: lib/pager_returns.c lib/mach_msg_destroy.c */
/* host-test: build/mig/user/mig/seqnos_memory_object_server.c build/mig/user/mig/memory_object.c */
/* host-flags: -UKERNEL -Ibuild/mig/user -idirafter lib/include -pthread -Wno-unused -Wl,--wrap=malloc */
/*
 * The pager library under a faked kernel (H-40): random conversations, forged and random messages between them,
 * several threads, a store that fails. Whatever happens, the kernel gets each page as it was last written, or an
 * error if the store failed; at the end nothing is left.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mach.h>
#include <porthole/pager.h>

#include "lib/pager_pages.h"
#include "tests/host/pager_library/fake_kernel.h"

#define REFERENCES_MAX 5000u /* far below 65535 (H-20) */

/* A store that finds out when it is asked for what it was told to forget. */
static struct {
    char data[FAKE_PAGES][PAGE_SIZE];
    bool has[FAKE_PAGES], in_use[FAKE_PAGES];
    unsigned failures_per_mille;
    bool ended;
} store;
static pthread_mutex_t store_lock = PTHREAD_MUTEX_INITIALIZER;

/* Two transfers of one page at once are the library's mistake. */
static void use(vm_offset_t offset, vm_size_t size, bool in_use)
{
    pthread_mutex_lock(&store_lock);
    fake_check(offset + size <= sizeof store.data, "transfers stay inside");
    for (size_t page = offset / PAGE_SIZE; page < (offset + size) / PAGE_SIZE; page++) {
        fake_check(store.in_use[page] != in_use, "a page has one transfer at a time");
        store.in_use[page] = in_use;
    }
    pthread_mutex_unlock(&store_lock);
    sched_yield();
}

static bool fails(void)
{
    return (unsigned)rand() % 1000 < store.failures_per_mille;
}

/* Strangers may ask for pages behind the end. */
static kern_return_t store_read(void *cookie, vm_offset_t offset, vm_size_t size, void *data)
{
    kern_return_t result = KERN_SUCCESS;
    (void)cookie;
    if (size > sizeof store.data || offset > sizeof store.data - size)
        return PAGER_ABSENT;
    use(offset, size, true);
    for (size_t page = offset / PAGE_SIZE; page < (offset + size) / PAGE_SIZE; page++)
        if (!store.has[page])
            result = PAGER_ABSENT;
    memcpy(data, (char *)store.data + offset, size);
    use(offset, size, false);
    return fails() ? KERN_FAILURE : result;
}

static kern_return_t store_write(void *cookie, vm_offset_t offset, vm_size_t size, const void *data)
{
    (void)cookie;
    use(offset, size, true);
    bool failed = fails();
    if (!failed)
        memcpy((char *)store.data + offset, data, size);
    for (size_t page = offset / PAGE_SIZE; page < (offset + size) / PAGE_SIZE; page++) {
        if (!failed)
            store.has[page] = true;
        if (!failed || size == PAGE_SIZE) /* else there is another try */
            fake_kernel.pages[page].lost = failed;
    }
    use(offset, size, false);
    return failed ? KERN_FAILURE : KERN_SUCCESS;
}

static void store_forget(void *cookie, vm_offset_t offset, vm_size_t size)
{
    (void)cookie;
    use(offset, size, true);
    memset((char *)store.data + offset, 0xee, size);
    for (size_t page = offset / PAGE_SIZE; page < (offset + size) / PAGE_SIZE; page++)
        store.has[page] = false;
    use(offset, size, false);
}

static void store_end(void *cookie)
{
    (void)cookie;
    store.ended = true;
}

static const struct pager_operations keeping = {
    .read = store_read, .write = store_write, .end = store_end};
static const struct pager_operations exclusive = {
    .read = store_read, .write = store_write, .forget = store_forget, .end = store_end};

static void random_step(void)
{
    unsigned page = (unsigned)rand() % FAKE_PAGES, count = 1 + (unsigned)rand() % 40;
    switch (rand() % 16) {
    case 0: case 1: case 2: case 3: case 4: case 5:
        fake_request(page, count);
        break;
    case 6: case 7: case 8: case 9:
        fake_write(page);
        break;
    case 10: case 11:
        fake_evict(page, count);
        break;
    case 12:
        fake_clean(page);
        break;
    case 13:
        fake_no_senders((mach_port_mscount_t)rand() % 2); /* too early: there are some again (H-49) */
        break;
    default:
        fake_junk();
        break;
    }
}

/* What the kernel has last seen of each page is in the store, or the store has said that it is lost. */
static void check_store(void)
{
    for (unsigned i = 0; i < FAKE_PAGES; i++) {
        const struct fake_page *page = &fake_kernel.pages[i];
        if (page->tag != 0 && !page->lost)
            fake_check(store.has[i] && fake_page_is(store.data[i], page->tag), "nothing is lost");
    }
}

/* Nobody waits for ever: pages behind one that was refused are offered again (D-10). */
static void check_answered(void)
{
    for (unsigned i = 0; i < FAKE_PAGES; i++)
        fake_check(fake_kernel.pages[i].state != FAKE_REQUESTED, "each request is answered");
}

static void converse(const struct pager_operations *operations, unsigned threads, unsigned steps,
    unsigned failures, unsigned shortages, const char *name)
{
    static unsigned tests;
    mach_port_t object = MACH_PORT_NULL;
    long rights = fake_rights();
    memset(&store, 0, sizeof store);
    store.failures_per_mille = failures;
    fake_check(pager_create(operations, NULL, &object) == KERN_SUCCESS, "an object is made");
    fake_shortages_per_mille = shortages;
    fake_senders_left(true);
    fake_begin(object);
    fake_start(threads);
    for (unsigned i = 0; i < steps; i++) {
        random_step();
        if (i % 64 == 0)
            fake_drain(); /* the library is not to be overrun only */
    }
    fake_drain();
    check_answered();
    fake_terminate();
    fake_drain();
    check_store();
    fake_check(!store.ended, "the object lives as long as somebody has a right to it");
    fake_senders_left(false);
    fake_no_senders(1);
    fake_drain();
    fake_stop();
    fake_check(store.ended, "the object ends");
    fake_check((fake_kernel.errors == 0) == (failures + shortages == 0), "errors have a cause");
    fake_check(fake_regions() == 0, "no memory is left");
    fake_check(fake_rights() == rights, "no right is left");
    fake_check(pager_pages_count() == 0, "no page is left");
    fake_check(fake_kernel.references_max < REFERENCES_MAX, "references are given back in time");
    fake_check(fake_kernel.supplies > 100 && fake_kernel.refused > 10, "there was something to do");
    printf("%s %u - %s (%u supplies, %u pages refused, at most %u references)\n",
        fake_failures == 0 ? "ok" : "not ok", ++tests, name, fake_kernel.supplies,
        fake_kernel.refused, fake_kernel.references_max);
    if (fake_failures != 0)
        exit(1);
}

int main(void)
{
    srand(40);
    converse(&keeping, 1, 20000, 0, 0, "a pager that keeps its pages, one thread");
    converse(&keeping, 4, 20000, 0, 0, "the same, four threads");
    converse(&exclusive, 1, 20000, 0, 0, "an exclusive pager, one thread");
    converse(&exclusive, 4, 150000, 0, 0, "the same, four threads, more messages than a name has references");
    converse(&keeping, 4, 20000, 50, 0, "a store that fails");
    converse(&exclusive, 4, 20000, 50, 0, "an exclusive store that fails");
    converse(&exclusive, 4, 20000, 0, 100, "memory that is short now and then");
    printf("1..7\n");
    return 0;
}
