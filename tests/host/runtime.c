/* SPDX-License-Identifier: BSD-2-Clause */
/* host-flags: -idirafter lib/include -idirafter build/mig/user */
/*
 * Parts of the user runtime against this machine's C library, by random operations: formatting, the
 * heap, moving and comparing memory, reading archives that are broken somewhere.
 */
#undef KERNEL
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void (*format_sink_t)(void *context, char character);
int format_to(format_sink_t sink, void *context, const char *format, va_list arguments);
#define vsnprintf our_vsnprintf
#define snprintf our_snprintf
#include "lib/format.c"
#undef vsnprintf
#undef snprintf

#include "lib/archive.c"

#undef mach_task_self
#include "lib/mach_error.c"

/* The runtime's own string and heap functions under other names, beside the C library's. */
#define memcpy our_memcpy
#define memmove our_memmove
#define memset our_memset
#define memcmp our_memcmp
#define strlen our_strlen
#define strnlen our_strnlen
#define strcmp our_strcmp
#define strncmp our_strncmp
#define strchr our_strchr
#define strrchr our_strrchr
#define malloc our_malloc
#define calloc our_calloc
#define realloc our_realloc
#define free our_free
#define aligned_alloc our_aligned_alloc
void *memcpy(void *, const void *, size_t);
void *memset(void *, int, size_t);
size_t strlen(const char *);
size_t strnlen(const char *, size_t);
int strncmp(const char *, const char *, size_t);
#include "lib/string.c"
#include "lib/malloc.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef malloc
#undef calloc
#undef realloc
#undef free
#undef aligned_alloc

/* --- what the heap asks the kernel for --- */

mach_port_t mach_task_self_;

kern_return_t vm_allocate(mach_port_t task, vm_address_t *address, vm_size_t size,
                          boolean_t anywhere)
{
    (void)task, (void)anywhere;
    *address = (vm_address_t)aligned_alloc(PAGE_SIZE, size);
    return *address != 0 ? KERN_SUCCESS : KERN_RESOURCE_SHORTAGE;
}

void mutex_lock(struct mutex *mutex)
{
    mutex->word = 1;
}

void mutex_unlock(struct mutex *mutex)
{
    mutex->word = 0;
}

/* --- tests --- */

static void fail(const char *what)
{
    fprintf(stderr, "not so: %s\n", what);
    exit(1);
}

static char formatted[256];
static size_t formatted_length;

static void gather(void *context, char character)
{
    (void)context;
    if (formatted_length + 1 < sizeof formatted) {
        formatted[formatted_length++] = character;
    }
}

__attribute__((format(printf, 1, 2))) static void check_format(const char *format, ...)
{
    char expected[256];
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(expected, sizeof expected, format, arguments);
    va_end(arguments);
    formatted_length = 0;
    va_start(arguments, format);
    int ours = format_to(gather, NULL, format, arguments);
    va_end(arguments);
    formatted[formatted_length] = '\0';
    if (ours != length || strcmp(formatted, expected) != 0) {
        fprintf(stderr, "[%s] expected, [%s] came\n", expected, formatted);
        fail(format);
    }
}

static void formats(void)
{
    check_format("%d %5d|%-5d|%05d|%+d|% d", 1, -2, 3, -4, 5, 6);
    check_format("%x %#x %X %8.4x %08lx", 255, 255, 255, 10, 123456789012345);
    check_format("%s|%10s|%-10s|%.2s", "a", "bc", "de", "fgh");
    check_format("%c%%%zu%p", 'x', (size_t)7, (void *)0x1234);
    check_format("|%.0d|%.3d|%*d|%-*d|%lld", 0, 7, 6, 5, 6, 5, -5LL);
    check_format("%o %#o %i %u", 8, 8, -2147483647 - 1, 4294967295u);
    check_format("%*.*s|%-*.*d|%.*s|%5c|%-3c|%jd %td %zx", 8, 3, "abcdef", 9, 4, -42, -1, "all", 'x',
                 'y', (intmax_t)-1, (ptrdiff_t)7, SIZE_MAX);
    check_format("%+.3d|% 06d|%#06x|%-#8o|%lu|%hhu|%hx", 5, 42, 0xab, 8, ULONG_MAX, 255, 0xffff);
    check_format("%hhd %hd %ld", 200 - 256, -3, -9223372036854775807 - 1);
}

#define SLOTS 300

static void heap(void)
{
    static unsigned char *block[SLOTS];
    static size_t bytes[SLOTS];
    struct heap_statistics statistics;

    for (int step = 0; step < 60000; step++) {
        int slot = rand() % SLOTS;
        if (block[slot] == NULL || rand() % 4 == 0) {
            size_t wanted = (size_t)rand() % 3000;
            size_t kept = block[slot] == NULL ? 0 : bytes[slot] < wanted ? bytes[slot] : wanted;
            block[slot] = our_realloc(block[slot], wanted);
            for (size_t i = 0; i < kept; i++) {
                if (block[slot][i] != (unsigned char)slot) {
                    fail("realloc keeps what was there");
                }
            }
            bytes[slot] = wanted;
            memset(block[slot], slot, wanted);
            continue;
        }
        for (size_t i = 0; i < bytes[slot]; i++) {
            if (block[slot][i] != (unsigned char)slot) {
                fail("a block keeps what was written");
            }
        }
        our_free(block[slot]);
        block[slot] = NULL;
    }
    for (int slot = 0; slot < SLOTS; slot++) {
        our_free(block[slot]);
    }
    heap_statistics(&statistics);
    if (statistics.total_bytes == 0 || statistics.free_bytes != statistics.total_bytes) {
        fail("all is free in the end");
    }
}

static void aligned(void)
{
    struct heap_statistics before, after;
    void *block[64];

    heap_statistics(&before);
    for (unsigned i = 0; i < 64; i++) {
        size_t alignment = (size_t)1 << (i % 13);
        block[i] = our_aligned_alloc(alignment, i * 10);
        if (block[i] == NULL || (uintptr_t)block[i] % alignment != 0) {
            fail("aligned_alloc aligns");
        }
        memset(block[i], 1, i * 10);
    }
    for (unsigned i = 0; i < 64; i++) {
        our_free(block[i * 37 % 64]);
    }
    heap_statistics(&after);
    if (after.total_bytes - after.free_bytes != before.total_bytes - before.free_bytes) {
        fail("aligned blocks are given back whole");
    }
    if (our_aligned_alloc(24, 1) != NULL || our_aligned_alloc(0, 1) != NULL ||
        our_aligned_alloc(32, SIZE_MAX - 8) != NULL) {
        fail("what cannot be is refused");
    }
}

static void moves(void)
{
    unsigned char ours[300], theirs[300];

    for (int step = 0; step < 30000; step++) {
        for (size_t i = 0; i < sizeof ours; i++) {
            ours[i] = theirs[i] = (unsigned char)(rand() % 3);
        }
        size_t from = (size_t)rand() % 100, to = (size_t)rand() % 100;
        size_t bytes = (size_t)rand() % 200;
        int left = our_memcmp(ours + from, ours + to, bytes);
        int right = memcmp(theirs + from, theirs + to, bytes);
        if ((left < 0) != (right < 0) || (left > 0) != (right > 0)) {
            fail("memcmp agrees");
        }
        our_memmove(ours + to, ours + from, bytes);
        memmove(theirs + to, theirs + from, bytes);
        our_memset(ours + from, 7, bytes / 3);
        memset(theirs + from, 7, bytes / 3);
        if (memcmp(ours, theirs, sizeof ours) != 0) {
            fail("memmove and memset agree");
        }
    }
}

/* A header of the archive format; returns the position behind the file. */
static size_t add_file(char *archive, size_t at, const char *name, const char *data)
{
    size_t name_bytes = strlen(name) + 1, data_bytes = strlen(data);

    sprintf(archive + at, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", 1, 0, 0, 0,
            1, 0, data_bytes, 0, 0, 0, 0, name_bytes, 0);
    memcpy(archive + at + 110, name, name_bytes);
    at = (at + 110 + name_bytes + 3) & ~(size_t)3;
    memcpy(archive + at, data, data_bytes);
    return (at + data_bytes + 3) & ~(size_t)3;
}

static void archives(void)
{
    char *archive = calloc(1, 1024);
    struct archive_file file;
    size_t end = add_file(archive, 0, "./one", "first file");

    end = add_file(archive, end, "two", "2");
    end = add_file(archive, end, "TRAILER!!!", "");
    if (!archive_find(archive, end, "one", &file) || file.bytes != 10 ||
        memcmp(file.data, "first file", 10) != 0) {
        fail("the first file is found");
    }
    if (!archive_find(archive, end, "./two", &file) || archive_find(archive, end, "three", &file)) {
        fail("what is there is found, and nothing else");
    }
    for (int step = 0; step < 20000; step++) { /* the sanitizer sees what reads beyond */
        char *broken = malloc(end);
        size_t cut = (size_t)rand() % (end + 1);
        memcpy(broken, archive, end);
        broken[(size_t)rand() % end] = (char)rand();
        char *exact = malloc(cut);
        memcpy(exact, broken, cut);
        archive_find(exact, cut, "nothing", &file);
        free(exact);
        free(broken);
    }
    free(archive);
}

/* Every code from first to last has words that begin with its prefix, and is of that type. */
static void code_range(int first, int last, const char *prefix, const char *type)
{
    for (int code = first; code <= last; code++) {
        const char *string = mach_error_string(code);
        if (strncmp(string, prefix, strlen(prefix)) != 0 || strcmp(mach_error_type(code), type) != 0) {
            fprintf(stderr, "%#x: %s %s\n", (unsigned)code, mach_error_type(code), string);
            fail("a code has words and a type");
        }
    }
}

static void error_words(void)
{
    code_range(KERN_SUCCESS, KERN_MEMORY_ERROR, "KERN_", "(os/kern)");
    code_range(KERN_NOT_IN_SET, KERN_WRITE_PROTECTION_FAILURE, "KERN_", "(os/kern)");
    code_range(KERN_TERMINATED, KERN_INVALID_OBJECT, "KERN_", "(os/kern)");
    code_range(MACH_SEND_IN_PROGRESS, MACH_SEND_INVALID_HEADER, "MACH_SEND_", "(ipc/send)");
    code_range(MACH_RCV_IN_PROGRESS, MACH_RCV_BODY_ERROR, "MACH_RCV_", "(ipc/rcv)");
    code_range(MIG_DESTROY_REQUEST, MIG_TYPE_ERROR, "MIG_", "(ipc/mig)");
    code_range(D_IO_ERROR, D_READ_ONLY, "D_", "(device)");
    code_range(D_IO_QUEUED, D_IO_QUEUED, "D_IO_QUEUED", "(device)");
    code_range(MACH_RCV_BODY_ERROR | MACH_MSG_VM_SPACE, MACH_RCV_BODY_ERROR | MACH_MSG_VM_SPACE,
               "MACH_RCV_BODY_ERROR", "(ipc/rcv)");
    code_range(77777, 77777, "unknown code 0x12fd1", "(unknown)");
    for (int exception = EXC_BAD_ACCESS; exception <= EXC_BREAKPOINT; exception++) {
        if (strncmp(mach_exception_string(exception), "EXC_", 4) != 0) {
            fail("an exception has words");
        }
    }
    if (strcmp(mach_exception_string(0), mach_exception_string(7)) != 0) {
        fail("what is no exception has one answer");
    }
}

int main(void)
{
    srand(1);
    error_words();
    formats();
    heap();
    aligned();
    moves();
    archives();
    return 0;
}
