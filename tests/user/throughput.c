/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What page-out and page-in carry in a second, beside what the disk carries by itself; and for how long each
 * task has the processor meanwhile. tools/bench --paging runs this program for its figures:
 *
 *     rate: ROW KIBIBYTES MICROSECONDS
 *     work: ROW TASK PAGES NANOSECONDS     for each thread
 */
/* boot-all: with=disk,default_pager disk=160,16 memory=48 timeout=120 */
#include "paging.h"
#include "test.h"

#define SEED          9
#define RECORD        512u
#define CLUSTER       (8 * PAGE_SIZE) /* what the default pager writes at once */
#define RAW_BYTES     ((vm_size_t)16 << 20)
#define PARALLEL      4u
#define ANSWER_WAIT   10000u
#define THREADS       48u
#define MEMORY_FACTOR 3u /* times the free memory */

/* A span of work: when it began, and how long each thread had run then. */
struct span {
    uint64_t start; /* us */
    porthole_thread_t threads[THREADS];
    unsigned count;
};

static struct span first, last;

static uint64_t microseconds(void)
{
    time_value64_t now;

    CHECK_OK(host_get_time64(mach_host_self(), &now));
    return (uint64_t)now.seconds * 1000000 + (uint64_t)now.nanoseconds / 1000;
}

static void threads_now(struct span *span)
{
    porthole_thread_array_t threads;
    mach_msg_type_number_t count;

    CHECK_OK(porthole_threads(test_host_port, &threads, &count));
    CHECK(count <= THREADS);
    memcpy(span->threads, threads, count * sizeof *threads);
    span->count = count;
    CHECK_OK(vm_deallocate(mach_task_self(), (vm_address_t)threads, count * sizeof *threads));
}

static void span_begin(void)
{
    threads_now(&first);
    first.start = microseconds();
}

static uint64_t run_time_before(const porthole_thread_t *thread)
{
    for (unsigned i = 0; i < first.count; i++)
        if (first.threads[i].identity == thread->identity)
            return first.threads[i].run_time;
    return 0;
}

/* Each thread that worked since span_begin(); the time when nobody had work is no work. */
static void span_end(const char *row, uint64_t pages)
{
    uint64_t end = microseconds();

    threads_now(&last);
    report("rate: %s %lu %lu", row, (unsigned long)(pages * PAGE_SIZE / 1024),
           (unsigned long)(end - first.start));
    for (unsigned i = 0; i < last.count; i++) {
        const porthole_thread_t *thread = &last.threads[i];

        if (strcmp(thread->name, "idle") != 0)
            report("work: %s %s %lu %lu", row, thread->task_name, (unsigned long)pages,
                   (unsigned long)(thread->run_time - run_time_before(thread)));
    }
}

/* --- the disk by itself --- */

/* A device_write_reply or device_read_reply; what it brought is given back. */
static void await_answer(mach_port_t answers)
{
    struct {
        mach_msg_header_t header;
        mach_msg_type_t code_type;
        uint64_t code;
        mach_msg_type_t type;
        uint64_t value;
        char trailer[64];
    } answer;

    CHECK_OK(mach_msg(&answer.header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0, sizeof answer, answers,
                      ANSWER_WAIT, MACH_PORT_NULL));
    CHECK_EQ((int)answer.code, KERN_SUCCESS);
    if (!answer.type.msgt_inline)
        CHECK_OK(vm_deallocate(mach_task_self(), answer.value, CLUSTER));
}

/* All of RAW_BYTES in requests of a cluster, so many at a time. */
static void raw(mach_port_t device, const char *row, char *data, unsigned at_once)
{
    mach_port_t answers;
    unsigned waiting = 0;

    CHECK_OK(mach_port_allocate(mach_task_self(), MACH_PORT_RIGHT_RECEIVE, &answers));
    span_begin();
    for (vm_size_t at = 0; at < RAW_BYTES; at += CLUSTER) {
        recnum_t record = (recnum_t)(at / RECORD);

        if (data)
            CHECK_OK(device_write_request(device, answers, 0, record, data, CLUSTER));
        else
            CHECK_OK(device_read_request(device, answers, 0, record, CLUSTER));
        if (++waiting == at_once) {
            await_answer(answers);
            waiting--;
        }
    }
    for (; waiting > 0; waiting--)
        await_answer(answers);
    span_end(row, RAW_BYTES / PAGE_SIZE);
    CHECK_OK(mach_port_destroy(mach_task_self(), answers));
}

TEST(0, the_disk_by_itself)
{
    mach_port_t device = MACH_PORT_NULL;
    dev_name_t name = "disk0";
    static char data[CLUSTER] __attribute__((aligned(4096)));

    program_begin("disk", "${host-port} ${device-port} unit=1 name=second");
    CHECK_OK(device_open(service_port("second"), D_READ | D_WRITE, name, &device));
    pattern_fill((vm_address_t)data, CLUSTER, SEED, 0);
    raw(device, "disk_write", data, 1);
    raw(device, "disk_write_several", data, PARALLEL);
    raw(device, "disk_read", NULL, 1);
    raw(device, "disk_read_several", NULL, PARALLEL);

    io_buf_ptr_t back;
    mach_msg_type_number_t count;
    CHECK_OK(device_read(device, 0, (recnum_t)((RAW_BYTES - CLUSTER) / RECORD), CLUSTER, &back, &count));
    CHECK_EQ(count, CLUSTER);
    pattern_check((vm_address_t)back, CLUSTER, SEED, 0);
}

/* --- paging --- */

static volatile uint64_t *word_of(vm_address_t memory, vm_offset_t page)
{
    return (volatile uint64_t *)(memory + page * PAGE_SIZE);
}

static void write_pages(vm_address_t memory, vm_offset_t from, vm_offset_t end)
{
    for (vm_offset_t page = from; page < end; page++)
        *word_of(memory, page) = pattern_word(SEED, page);
}

static void read_pages(vm_address_t memory, vm_offset_t from, vm_offset_t end)
{
    unsigned wrong = 0;

    for (vm_offset_t page = from; page < end; page++)
        wrong += *word_of(memory, page) != pattern_word(SEED, page);
    CHECK_EQ(wrong, 0);
}

/* Memory is filled first; from then on a page goes out for each that is written. Reading in order then
   brings pages in, and clean precious ones go out for them. */
TEST(0, page_out_and_page_in)
{
    vm_address_t memory = 0;
    struct vm_statistics machine;
    pager_statistics_t before, after;

    pager_port();
    memory_statistics(&machine);
    vm_offset_t filled = (vm_offset_t)machine.free_count, pages = MEMORY_FACTOR * filled;
    CHECK_OK(vm_allocate(mach_task_self(), &memory, pages * PAGE_SIZE, TRUE));
    write_pages(memory, 0, filled);

    pager_counts(&before);
    span_begin();
    write_pages(memory, filled, pages);
    pager_counts(&after);
    span_end("page_out", after.returned - before.returned);
    CHECK(after.returned > before.returned);

    pager_counts(&before);
    span_begin();
    read_pages(memory, 0, pages - filled);
    pager_counts(&after);
    span_end("page_in", after.supplied_precious - before.supplied_precious);
    CHECK(after.supplied_precious > before.supplied_precious);
    pager_settle(&after);
    CHECK_EQ(after.pager_faults + after.bad_pages + after.errors, 0);
}
