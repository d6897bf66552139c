/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PORTHOLE_PAGER_H
#define PORTHOLE_PAGER_H

#include <mach/boolean.h>
#include <mach/kern_return.h>
#include <mach/memory_object.h>
#include <mach/message.h>
#include <mach/port.h>
#include <mach/std_types.h>

/*
 * Memory managers in short: say how pages are read and written, make objects, serve. The library talks
 * to the kernels. It takes each object's messages in their order, lets transfers run beside each other but
 * never two of one page, answers failing pages one by one, keeps the rights to control ports few, and
 * holds no lock while it calls the kernel or its user.
 *
 * A program that uses this library has no seqnos_memory_object_* handlers of its own.
 */

/* From read(): nothing is stored there. The kernel makes zeros, or looks behind the object. */
#define PAGER_ABSENT ((kern_return_t)-1)

#define PAGER_KERNELS 4 /* that may map one object at a time; one if there is a forget() */

/*
 * What an object is. Offsets and sizes are in bytes and multiples of the page; a cookie is what
 * pager_create was given. Functions are called without any lock, by several threads at once, for
 * different pages of an object; NULL stands for none.
 */
struct pager_operations {
    /*
     * Fills data, which is zeroed. KERN_SUCCESS, PAGER_ABSENT or an error, which becomes the client's
     * exception. Unless it succeeds for several pages, it is called again for each of them.
     */
    kern_return_t (*read)(void *cookie, vm_offset_t offset, vm_size_t size, void *data);
    /*
     * Keeps the data, which the library frees. On an error for several pages it is called again for each;
     * a page that cannot be written answers errors until the kernel brings it again. NULL: none can.
     */
    kern_return_t (*write)(void *cookie, vm_offset_t offset, vm_size_t size, const void *data);
    /*
     * The kernel has the only copy of these pages now, and will bring them back by write() although nobody
     * changed them: what they take in the store is free. With this function pages are supplied precious.
     */
    void (*forget)(void *cookie, vm_offset_t offset, vm_size_t size);
    /* Nobody has a right to the object any more, and the library has forgotten it. The last call. */
    void (*end)(void *cookie);

    boolean_t may_cache;                         /* the kernel keeps pages that nobody maps */
    memory_object_copy_strategy_t copy_strategy; /* not MEMORY_OBJECT_COPY_TEMPORARY */
    vm_size_t cluster_size;                      /* most bytes asked for at once; 0: a page */
};

/*
 * Makes an object. Its name is that of a receive right; whoever gives others rights makes them from it
 * (MACH_MSG_TYPE_MAKE_SEND). The right is the library's until end(), and for ever without one. With end(),
 * no right may be made once the last was given up. Operations stay where they are as long.
 * KERN_RESOURCE_SHORTAGE and what mach_port_allocate says.
 */
kern_return_t pager_create(const struct pager_operations *operations, void *cookie,
                           mach_port_t *object);

/*
 * Serves all objects, also those that are made later, with that many threads: the caller and others. Returns
 * only when it cannot begin: KERN_RESOURCE_SHORTAGE.
 */
kern_return_t pager_serve(unsigned threads);

#endif
