/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * disk: drives a virtio block device (legacy PCI transport) from user mode.
 *
 * Usage: disk HOST DEVICE [name=NAME] [unit=N] [fail=BLOCK]
 *   HOST DEVICE  names of the host's privileged port and the device master port
 *   name         under which the name service will know it, "disk" if not given
 *   unit         drives the N-th such device, from 0 on
 *   fail         for tests: transfers that touch this block of 4096 bytes give D_IO_ERROR
 *
 * One thread does everything: requests and interrupts arrive as messages at one port set. Page-out
 * depends on this server, so its memory is wired, its thread draws on the reserve, and a request
 * needs no memory but the frames of a read's answer.
 */
#include <stdio.h>
#include <stdlib.h>

#include <device/notify.h>
#include <mach.h>
#include <mach/mig_errors.h>
#include <mig/bootstrap.h>
#include <porthole/message.h>
#include <porthole/runtime.h>
#include <porthole/thread.h>

#include "pci.h"
#include "requests.h"
#include "serve.h"
#include "virtio.h"

/* MIG declares a subsystem's routines, but not its demultiplexer. */
boolean_t device_server(mach_msg_header_t *request, mach_msg_header_t *reply);

#define MESSAGE_BYTES 8192u /* device_set_status brings up to 4 KiB */

static mach_port_t host_privileged, device_master, irq_device, interrupt_port, port_set;

static void require(const char *what, kern_return_t result)
{
    if (result == KERN_SUCCESS)
        return;
    printf("disk: %s: %s\n", what, mach_error_string(result));
    exit(1);
}

static mach_port_t make_port(mach_port_right_t kind)
{
    mach_port_t port = MACH_PORT_NULL;
    require("port", mach_port_allocate(mach_task_self(), kind, &port));
    return port;
}

static void grant_ports(uint16_t first, uint16_t last)
{
    mach_port_t permission = MACH_PORT_NULL;
    require("i386_io_perm_create", i386_io_perm_create(device_master, first, last, &permission));
    require("i386_io_perm_modify", i386_io_perm_modify(mach_task_self(), permission, TRUE));
}

static void start_device(unsigned unit)
{
    struct pci_device device;
    grant_ports(PCI_PORT_FIRST, PCI_PORT_LAST);
    if (!pci_find(VIRTIO_VENDOR, VIRTIO_BLOCK_LEGACY, unit, &device)) {
        puts("disk: no virtio block device on the PCI bus");
        exit(1);
    }
    grant_ports(device.io_base, device.io_base + VIRTIO_PORTS - 1);
    pci_enable(&device);
    require("starting the device", virtio_start(device.io_base, host_privileged));
    require("opening irq", device_open(device_master, D_READ | D_WRITE, "irq", &irq_device));
    require("device_intr_register", device_intr_register(irq_device, device.interrupt, 0,
                                        interrupt_port, MACH_MSG_TYPE_MAKE_SEND));
    printf("disk: %lu MiB, virtio at port 0x%x, interrupt %u\n",
        virtio_sectors() * SECTOR_BYTES >> 20, device.io_base, device.interrupt);
}

static void make_ports(void)
{
    port_set = make_port(MACH_PORT_RIGHT_PORT_SET);
    interrupt_port = make_port(MACH_PORT_RIGHT_RECEIVE);
    serve_ports.service = make_port(MACH_PORT_RIGHT_RECEIVE);
    serve_ports.device = make_port(MACH_PORT_RIGHT_RECEIVE);
    mach_port_move_member(mach_task_self(), interrupt_port, port_set);
    mach_port_move_member(mach_task_self(), serve_ports.service, port_set);
    mach_port_move_member(mach_task_self(), serve_ports.device, port_set);
}

/* Takes requests only while a slot is free: the others wait in the port's queue, and their senders
   behind them. */
static void control_flow(void)
{
    static boolean_t closed;
    if (requests_full() == closed)
        return;
    closed = !closed;
    mach_port_move_member(mach_task_self(), serve_ports.device, closed ? MACH_PORT_NULL : port_set);
}

/* What is finished is answered before the line is let go; what finishes later interrupts again. */
static void interrupt(void)
{
    virtio_acknowledge();
    requests_harvest();
    device_intr_ack(irq_device, interrupt_port, MACH_MSG_TYPE_MAKE_SEND);
}

/* Serves one request; true if there is an answer to send now. */
static boolean_t handle(mach_msg_header_t *request, mach_msg_header_t *reply)
{
    mig_reply_header_t *answer = (mig_reply_header_t *)reply;
    if (!device_server(request, reply))
        mig_reply_setup(request, reply);
    if (reply->msgh_bits & MACH_MSGH_BITS_COMPLEX)
        return TRUE;
    if (answer->RetCode == MIG_NO_REPLY)
        return FALSE;
    if (answer->RetCode != KERN_SUCCESS)
        mach_msg_destroy_body(request);
    return reply->msgh_remote_port != MACH_PORT_NULL;
}

static void send_reply(mach_msg_header_t *reply)
{
    mach_msg_return_t result = mach_msg(reply, MACH_SEND_MSG | MACH_SEND_TIMEOUT, reply->msgh_size,
        0, MACH_PORT_NULL, 0, MACH_PORT_NULL);
    if (result != MACH_MSG_SUCCESS)
        mach_msg_destroy(reply);
}

static __attribute__((noreturn)) void serve(void)
{
    static union {
        mach_msg_header_t header;
        unsigned char bytes[MESSAGE_BYTES];
    } request, reply;
    for (;;) {
        control_flow();
        if (mach_msg(&request.header, MACH_RCV_MSG, 0, sizeof request, port_set, 0,
                MACH_PORT_NULL) != MACH_MSG_SUCCESS)
            continue;
        if (request.header.msgh_local_port == interrupt_port)
            interrupt();
        else if (handle(&request.header, &reply.header))
            send_reply(&reply.header);
    }
}

static unsigned long option(int argc, char **argv, const char *name, unsigned long standard)
{
    char value[24];
    return argument_value(argc, argv, name, value, sizeof value) ? strtoul(value, NULL, 0)
                                                                 : standard;
}

int main(int argc, char **argv)
{
    char name[32] = "disk";
    if (argc < 3) {
        puts("usage: disk HOST DEVICE [name=NAME] [unit=N] [fail=BLOCK]");
        return 1;
    }
    host_privileged = (mach_port_t)strtoul(argv[1], NULL, 10);
    device_master = (mach_port_t)strtoul(argv[2], NULL, 10);
    argument_value(argc, argv, "name", name, sizeof name);
    requests_failing_block = option(argc, argv, "fail", UINT64_MAX);

    make_ports();
    start_device((unsigned)option(argc, argv, "unit", 0));
    require("thread_wire", thread_wire(host_privileged, thread_self(), TRUE));
    require("vm_wire_all", vm_wire_all(host_privileged, mach_task_self(), VM_WIRE_CURRENT));
    require("bootstrap_register", bootstrap_register(bootstrap_port, name, serve_ports.service));
    serve();
}
