/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one of the tasks does: touches its memory, copies it within itself, into messages and into children,
 * reads and writes what all share, and has a thread that comes to hang on the silent manager. Whatever a page
 * must hold is known, and each page is compared whenever it is touched.
 */
#include "worker.h"

#include "board.h"
#include "wire.h"

#define SELF          mach_task_self()
#define CHUNK_BYTES   (CHUNK * PAGE_SIZE)
#define FAMILY_CHUNKS 16u  /* of private memory, that children inherit */
#define HOT_PAGES     64u  /* of private memory, that are touched more often for a while */
#define HOT_STEPS     400u
#define HELD          4u   /* copies that are kept for a while */
#define CHILD_STEPS   300u /* that a child lives */
#define ON_THE_WAY    3u   /* messages not received: sending never waits */
#define ABORT_STEPS   500u /* between two looks at the thread that hangs */
#define PAUSE_MS      20u
#define SILENT_PAUSE_MS 3u

/* A copy of a chunk, and what it must hold for ever. */
struct copy {
    vm_address_t address; /* 0: none */
    uint64_t words[CHUNK][PLACES];
};

static struct {
    unsigned number, pages;
    struct worker_rights rights;
    struct progress *progress;
    vm_address_t private, shared, silent;
    uint64_t *words;               /* of each private page */
    uint64_t random, serial;
    unsigned hot;                  /* page */
    struct copy held[HELD];
    task_t child;
    uint64_t child_since;          /* step */
    struct copy of_child;
    mach_port_t toucher;           /* the thread at the silent object */
    uint64_t silent_seen;
    volatile boolean_t silent_filled, silent_done;
} self;

static unsigned below(unsigned limit)
{
    return random_below(&self.random, limit);
}

/* Whether a call was refused because memory is short, which it may be at any moment. */
static boolean_t is_refused(kern_return_t result)
{
    if (result == KERN_RESOURCE_SHORTAGE) {
        self.progress->refused++;
        return TRUE;
    }
    CHECK_OK(result);
    return FALSE;
}

/* --- private pages --- */

static vm_address_t private_page(unsigned page)
{
    return self.private + page * PAGE_SIZE;
}

static void private_write(unsigned page)
{
    self.words[page] = page_word(self.number, page, ++self.serial);
    page_put(private_page(page), self.words[page]);
}

static void private_check(unsigned page)
{
    page_expect(private_page(page), self.words[page], "private", page);
}

static void touch_private(void)
{
    unsigned page = below(self.pages);

    if (self.progress->steps % HOT_STEPS == 0)
        self.hot = below(self.pages - HOT_PAGES);
    if (below(3) > 0)
        page = self.hot + below(HOT_PAGES);
    private_check(page);
    if (below(2))
        private_write(page);
}

static unsigned any_chunk(void)
{
    return below(self.pages / CHUNK) * CHUNK;
}

/* --- copies --- */

static void copy_expect_private(struct copy *copy, unsigned first)
{
    for (unsigned page = 0; page < CHUNK; page++)
        for (unsigned place = 0; place < PLACES; place++)
            copy->words[page][place] = self.words[first + page];
}

static void copy_check(const struct copy *copy, const char *what)
{
    for (unsigned page = 0; page < CHUNK; page++)
        for (unsigned place = 0; place < PLACES; place++) {
            uint64_t found = *page_place(copy->address + page * PAGE_SIZE, place);

            if (found != copy->words[page][place])
                FAIL("page %u of a copy (%s) holds %#lx at place %u, expected %#lx", page, what, found,
                     place, copy->words[page][place]);
        }
}

/* Compares it for the last time. */
static void copy_end(struct copy *copy, const char *what)
{
    if (copy->address == 0)
        return;
    copy_check(copy, what);
    CHECK_OK(vm_deallocate(SELF, copy->address, CHUNK_BYTES));
    copy->address = 0;
}

/* Room for a copy: the one that was there before has been kept for long enough. */
static struct copy *copy_slot(void)
{
    struct copy *copy = &self.held[below(HELD)];

    copy_end(copy, "held");
    return copy;
}

static void copy_within(void)
{
    unsigned from = any_chunk(), to = any_chunk();

    CHECK_OK(vm_copy(SELF, private_page(from), CHUNK_BYTES, private_page(to)));
    memmove(&self.words[to], &self.words[from], CHUNK * sizeof self.words[0]);
    self.progress->copies++;
}

static void copy_out(void)
{
    struct copy *copy = copy_slot();
    unsigned first = any_chunk();
    mach_msg_type_number_t bytes;

    if (is_refused(vm_read(SELF, private_page(first), CHUNK_BYTES, &copy->address, &bytes)))
        return;
    copy_expect_private(copy, first);
    private_write(first + below(CHUNK)); /* it is a snapshot */
    self.progress->copies++;
}

/* --- messages between neighbours --- */

#define WORDS_TYPE ((mach_msg_type_t){.msgt_name = MACH_MSG_TYPE_INTEGER_64, .msgt_size = 64, \
                                      .msgt_number = CHUNK, .msgt_inline = TRUE})

static void send_chunk(void)
{
    static struct wire wire;
    unsigned first = any_chunk();

    if (self.progress->sent - board->tasks[(self.number + 1) % TASKS].received >= ON_THE_WAY)
        return;
    wire_begin(&wire, self.rights.out, MACH_MSG_TYPE_COPY_SEND, 1);
    wire_add_memory(&wire, (void *)private_page(first), CHUNK_BYTES, FALSE);
    memcpy(wire_add(&wire, WORDS_TYPE, CHUNK * sizeof self.words[0], TRUE), &self.words[first],
           CHUNK * sizeof self.words[0]);
    CHECK_OK(wire_send(&wire, 0));
    self.progress->sent++;
    private_write(first + below(CHUNK));
}

/* FALSE: there is none. */
static boolean_t receive_chunk(void)
{
    static struct wire wire;
    struct copy *copy = copy_slot();
    mach_msg_return_t result = wire_receive(&wire, self.rights.in, 0);

    if (result == MACH_RCV_TIMED_OUT)
        return FALSE;
    CHECK_OK(result);
    copy->address = *(vm_address_t *)wire_data(&wire, 0);
    const uint64_t *words = wire_data(&wire, 1);
    for (unsigned page = 0; page < CHUNK; page++)
        for (unsigned place = 0; place < PLACES; place++)
            copy->words[page][place] = words[page];
    self.progress->received++;
    return TRUE;
}

/* --- children --- */

static void child_begin(void)
{
    unsigned first = below(FAMILY_CHUNKS) * CHUNK;

    if (is_refused(task_create(SELF, TRUE, &self.child))) {
        self.child = MACH_PORT_NULL;
        return;
    }
    self.child_since = self.progress->steps;
    self.of_child.address = private_page(first);
    copy_expect_private(&self.of_child, first);
    self.progress->children++;
}

/* The child has what its parent had when it was made. */
static void child_end(void)
{
    mach_msg_type_number_t bytes;
    vm_offset_t data;

    while (is_refused(vm_read(self.child, self.of_child.address, CHUNK_BYTES, &data, &bytes)))
        thread_sleep(PAUSE_MS);
    self.of_child.address = data;
    copy_end(&self.of_child, "of a child");
    CHECK_OK(task_terminate(self.child));
    CHECK_OK(mach_port_deallocate(SELF, self.child));
    self.child = MACH_PORT_NULL;
}

static void tend_child(void)
{
    if (self.child == MACH_PORT_NULL)
        child_begin();
    else if (self.progress->steps - self.child_since >= CHILD_STEPS)
        child_end();
}

/* --- what all share --- */

static vm_address_t shared_page(unsigned page)
{
    return self.shared + page * PAGE_SIZE;
}

static void shared_write(unsigned page)
{
    uint32_t generation = board->begun[page] + 1;

    board->begun[page] = generation;
    page_put(shared_page(page), page_word(OWNER_SHARED | page % TASKS, page, generation));
    board->written[page] = generation;
}

/* A word that was read after `from` had been written, and before anything behind `to` was begun. */
static void shared_expect(unsigned page, uint64_t word, uint32_t from, uint32_t to)
{
    uint64_t generation = word & UINT32_MAX;

    if ((word != 0 && word != page_word(OWNER_SHARED | page % TASKS, page, generation)) ||
        generation < from || generation > to)
        FAIL("shared page %u holds %#lx, expected a generation from %u to %u", page, word, from, to);
}

static void shared_check(unsigned page)
{
    uint32_t from = board->written[page];
    uint64_t words[PLACES];

    for (unsigned place = 0; place < PLACES; place++)
        words[place] = *page_place(shared_page(page), place);
    for (unsigned place = 0; place < PLACES; place++)
        shared_expect(page, words[place], from, board->begun[page]);
}

static void touch_shared(void)
{
    unsigned page = below(PAGES_SHARED);

    if (below(2)) {
        page = page / TASKS * TASKS + self.number;
        shared_check(page);
        shared_write(page);
    } else {
        shared_check(page);
    }
    self.progress->shared++;
}

static void copy_shared(void)
{
    struct copy *copy = copy_slot();
    unsigned first = below(PAGES_SHARED / CHUNK) * CHUNK;
    uint32_t from[CHUNK], to[CHUNK];
    mach_msg_type_number_t bytes;

    for (unsigned i = 0; i < CHUNK; i++)
        from[i] = board->written[first + i];
    if (is_refused(vm_read(SELF, shared_page(first), CHUNK_BYTES, &copy->address, &bytes)))
        return;
    for (unsigned i = 0; i < CHUNK; i++)
        to[i] = board->begun[first + i];
    for (unsigned i = 0; i < CHUNK; i++)
        for (unsigned place = 0; place < PLACES; place++) {
            copy->words[i][place] = *page_place(copy->address + i * PAGE_SIZE, place);
            shared_expect(first + i, copy->words[i][place], from[i], to[i]);
        }
    self.progress->copies++;
}

/* --- the thread at the silent manager's object --- */

static void silent_touch(unsigned i)
{
    unsigned page = self.number * PAGES_OF_ONE + i;
    vm_address_t address = self.silent + page * PAGE_SIZE;
    uint64_t before = board->silent[page];

    page_expect(address, before, "silent", page);
    if (board->phase == PHASE_CHECK)
        return;
    before = page_word(OWNER_SILENT, page, (before & UINT32_MAX) + 1);
    page_put(address, before);
    board->silent[page] = before;
    self.progress->silent_steps++;
}

/* While the manager is silent it hangs as soon as a page has gone there. */
static void touch_silent(void *unused)
{
    uint64_t random = 77 + self.number;

    (void)unused;
    for (unsigned i = 0; i < PAGES_OF_ONE; i++)
        silent_touch(i);
    self.silent_filled = TRUE;
    while (board->phase != PHASE_CHECK) {
        thread_sleep(SILENT_PAUSE_MS);
        silent_touch(random_below(&random, PAGES_OF_ONE));
    }
    for (unsigned i = 0; i < PAGES_OF_ONE; i++)
        silent_touch(i);
    self.silent_done = TRUE;
    for (;;)
        thread_sleep(1000000);
}

/* Its wait can be interrupted; it then tries again. */
static void tend_toucher(void)
{
    if (self.progress->steps % ABORT_STEPS != 0)
        return;
    if (self.progress->silent_steps == self.silent_seen) {
        CHECK_OK(thread_abort(self.toucher));
        self.progress->aborts++;
    }
    self.silent_seen = self.progress->silent_steps;
}

/* --- the phases --- */

static void map(mach_port_t object, unsigned pages, vm_address_t *address)
{
    CHECK_OK(vm_map(SELF, address, pages * PAGE_SIZE, 0, TRUE, object, 0, FALSE, VM_PROT_DEFAULT,
                    VM_PROT_ALL, VM_INHERIT_NONE));
}

static void begin(const struct worker_orders *orders)
{
    vm_address_t table = 0;

    self.number = orders->number;
    self.rights = orders->rights;
    self.progress = &board->tasks[self.number];
    self.random = 88172645463325252u + self.number * 7919;
    self.pages = board->pages_private;
    CHECK_OK(vm_allocate(SELF, &table, self.pages * sizeof self.words[0], TRUE));
    self.words = (uint64_t *)table;
    CHECK_OK(vm_allocate(SELF, &self.private, self.pages * PAGE_SIZE, TRUE));
    CHECK_OK(vm_inherit(SELF, private_page(FAMILY_CHUNKS * CHUNK),
                        (self.pages - FAMILY_CHUNKS * CHUNK) * PAGE_SIZE, VM_INHERIT_NONE));
    map(self.rights.shared, PAGES_SHARED, &self.shared);
    map(self.rights.silent, PAGES_SILENT, &self.silent);
    while ((self.toucher = thread_start(touch_silent, NULL, 0)) == MACH_PORT_NULL) {
        self.progress->refused++;
        thread_sleep(PAUSE_MS);
    }
}

static void fill(void)
{
    for (unsigned page = 0; page < self.pages; page++) {
        private_check(page);
        private_write(page);
        self.progress->steps++;
    }
    for (unsigned page = self.number; page < PAGES_SHARED; page += TASKS) {
        shared_check(page);
        shared_write(page);
        self.progress->steps++;
    }
    while (!self.silent_filled)
        thread_sleep(PAUSE_MS);
    self.progress->touched = self.pages + PAGES_SHARED / TASKS + PAGES_OF_ONE;
    self.progress->filled = TRUE;
    while (board->phase == PHASE_FILL)
        thread_sleep(PAUSE_MS);
}

static void step(void)
{
    switch (below(64)) {
    case 0:
        copy_within();
        break;
    case 1:
        copy_out();
        break;
    case 2:
        send_chunk();
        break;
    case 3:
        receive_chunk();
        break;
    case 4:
        copy_shared();
        break;
    case 5:
        tend_child();
        break;
    case 6: case 7: case 8: case 9: case 10: case 11: case 12: case 13:
        touch_shared();
        break;
    default:
        touch_private();
    }
    tend_toucher();
    self.progress->steps++;
}

static void check_all(void)
{
    if (self.child != MACH_PORT_NULL)
        child_end();
    for (unsigned page = 0; page < self.pages; page++) {
        private_check(page);
        self.progress->steps++;
    }
    for (unsigned page = 0; page < PAGES_SHARED; page++) {
        shared_check(page);
        self.progress->steps++;
    }
    while (receive_chunk())
        ;
    for (unsigned i = 0; i < HELD; i++)
        copy_end(&self.held[i], "held");
    while (!self.silent_done)
        thread_sleep(PAUSE_MS);
}

void work(void *orders)
{
    begin(orders);
    fill();
    while (board->phase == PHASE_WORK)
        step();
    check_all();
    self.progress->done = TRUE;
    for (;;)
        thread_sleep(1000000);
}
