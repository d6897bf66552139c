/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef PORTHOLE_MESSAGE_H
#define PORTHOLE_MESSAGE_H

#include <mach/boolean.h>
#include <mach/message.h>

/* A demultiplexer: TRUE if it knew the request; then the reply is filled in. */
typedef boolean_t (*mach_msg_demux_t)(mach_msg_header_t *request, mach_msg_header_t *reply);

/* Those that MIG makes for the system's own interfaces; the program brings the handlers it wants. */
boolean_t memory_object_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t memory_object_default_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t seqnos_memory_object_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t seqnos_memory_object_default_server(mach_msg_header_t *request,
                                              mach_msg_header_t *reply);
boolean_t default_pager_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t exc_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t notify_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t seqnos_notify_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t device_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t device_reply_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t seqnos_device_reply_server(mach_msg_header_t *request, mach_msg_header_t *reply);
boolean_t bootstrap_server(mach_msg_header_t *request, mach_msg_header_t *reply);

/* A demultiplexer's way to say that it does not know the request: a MIG_BAD_ID reply. */
void mig_reply_setup(const mach_msg_header_t *request, mach_msg_header_t *reply);

/*
 * Serves requests to a port or set, of at most max_size bytes, as the replies are, until receiving fails
 * for good; returns why: MACH_RCV_PORT_DIED, MACH_RCV_INVALID_NAME, or KERN_RESOURCE_SHORTAGE before the
 * first for want of memory. A request that is too large or cannot be received whole is thrown away.
 *
 * What a request brought belongs to the routine that answers KERN_SUCCESS or MIG_NO_REPLY; after any
 * other result it is destroyed here. An answer never waits for its client, and what it carries is
 * destroyed when the client is gone.
 */
mach_msg_return_t mach_msg_server(mach_msg_demux_t demux, mach_msg_size_t max_size,
                                  mach_port_t port);
/*
 * The same with receive options, and with a time limit (ms) for each request if MACH_RCV_TIMEOUT is among
 * them: MACH_RCV_TIMED_OUT when none came. With MACH_RCV_LARGE a request that is too large ends the
 * loop by MACH_RCV_TOO_LARGE and stays in the queue; with MACH_RCV_INTERRUPT so does thread_abort.
 */
mach_msg_return_t mach_msg_server_timeout(mach_msg_demux_t demux, mach_msg_size_t max_size,
                                          mach_port_t port, mach_msg_option_t option,
                                          mach_msg_timeout_t timeout);
/*
 * As mach_msg_server, and calls lost() with the header of each message that was thrown away unseen: a server
 * that works in the order of sequence numbers must know of every number (H-18). Its port and sequence
 * number are valid, its rights and memory are gone already.
 */
mach_msg_return_t mach_msg_server_counting(mach_msg_demux_t demux,
                                           void (*lost)(const mach_msg_header_t *header),
                                           mach_msg_size_t max_size, mach_port_t port);
/* Serves one request; also returns when it could not be received. */
mach_msg_return_t mach_msg_server_once(mach_msg_demux_t demux, mach_msg_size_t max_size,
                                       mach_port_t port, mach_msg_option_t option,
                                       mach_msg_timeout_t timeout);

/* Gives up the rights and memory in a received message; with the reply right, or without. */
void mach_msg_destroy(mach_msg_header_t *message);
void mach_msg_destroy_body(const mach_msg_header_t *message);
/* The same for a message that the kernel refused before it took anything: rights that were to move and
   memory that was to be deallocated go, the rest stays the sender's. */
void mach_msg_destroy_unsent(mach_msg_header_t *message);

#endif
