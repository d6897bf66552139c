/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef KERNEL_MIG_SUBSYSTEMS_H
#define KERNEL_MIG_SUBSYSTEMS_H

/*
 * The requests that the kernel answers. For each subsystem MIG defines the table
 * `mig_routine_t NAME_server_routines[]`, indexed by id - base, with NULL where nothing is served;
 * generated code tells neither its length nor its base, so they stand here.
 *
 *   SUBSYSTEM(name, base, length)
 *
 * A routine takes the request and a mig_reply_header_t whose Head and RetCodeType are filled in; it
 * sets RetCode and, on success, whatever follows, msgh_size and MACH_MSGH_BITS_COMPLEX. On success
 * it has released the ports in the body that it translated; all else is the handler's.
 */
#define MIG_SUBSYSTEMS(SUBSYSTEM)                                                                  \
    SUBSYSTEM(mach, 2000, 123)                                                                     \
    SUBSYSTEM(mach_host, 2600, 61)                                                                 \
    SUBSYSTEM(device, 2800, 15)                                                                    \
    SUBSYSTEM(mach_debug, 3000, 25)                                                                \
    SUBSYSTEM(mach_port, 3200, 23)                                                                 \
    SUBSYSTEM(mach_i386, 3800, 10)                                                                 \
    SUBSYSTEM(vm_osf, 3810, 6)                                                                     \
    SUBSYSTEM(mach4, 4000, 12)                                                                     \
    SUBSYSTEM(gnumach, 4200, 15)

#endif
