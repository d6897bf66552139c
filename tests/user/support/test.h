/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

/*
 * User-level tests. A file of tests/user/ is one program:
 *
 *     #include "test.h"
 *
 *     TEST(36, a_supply_of_a_present_page_is_refused)
 *     {
 *         struct manager manager;
 *         vm_address_t address = manager_start(&manager, 0, PAGE_SIZE);
 *         ...
 *         CHECK_EQ(message.result, KERN_MEMORY_PRESENT);
 *     }
 *
 * Each test runs in a machine of its own, chosen by `test=NAME` on the kernel's command line. The
 * first check that fails ends the test and the machine, from whatever thread; what it found goes to
 * the report channel. The first arguments of the program are ${host-port} and ${device-port}.
 */
#include <mach.h>
#include <porthole/sync.h>
#include <porthole/thread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "helper.h"
#include "manager.h"
#include "memory.h"
#include "report.h"
#include "rights.h"

struct test {
    const char *number; /* in spec/checklist.md; "0": in no list */
    const char *name;
    void (*function)(void);
    struct test *next;
};

/* Enters a test into the program's list. */
void test_register(struct test *test);

#define TEST(number_, name_)                                                                       \
    static void test_##name_(void);                                                                \
    __attribute__((constructor)) static void register_##name_(void)                                \
    {                                                                                              \
        static struct test entry = { #number_, #name_, test_##name_, 0 };                          \
        test_register(&entry);                                                                     \
    }                                                                                              \
    static void test_##name_(void)

/* The privileged host port and the device master port. */
extern mach_port_t test_host_port, test_device_port;
/* The program's arguments. */
extern int test_argc;
extern char **test_argv;
