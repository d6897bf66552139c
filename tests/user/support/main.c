/* SPDX-License-Identifier: BSD-2-Clause */
#include <porthole/runtime.h>

#include "run.h"
#include "test.h"

mach_port_t test_host_port, test_device_port;
int test_argc;
char **test_argv;

int main(int argc, char **argv)
{
    char name[128];

    test_argc = argc;
    test_argv = argv;
    test_host_port = argc > 1 ? (mach_port_t)atoi(argv[1]) : MACH_PORT_NULL;
    test_device_port = argc > 2 ? (mach_port_t)atoi(argv[2]) : MACH_PORT_NULL;
    report_open(test_device_port);
    test_run(argument_value(argc, argv, "test", name, sizeof name) ? name : NULL);
}
