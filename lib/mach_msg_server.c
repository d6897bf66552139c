/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Server loops around MIG demultiplexers.
 *
 * The rule they keep: a handler owns the rights and memory of its request exactly when it returned
 * KERN_SUCCESS or MIG_NO_REPLY. On any other code they are destroyed here (not the reply right,
 * which the error answer uses).
 */
#include <mach.h>
#include <mach/mig_errors.h>
#include <porthole/message.h>
#include <stdlib.h>

/* Runs one request. True: reply holds an answer that is to be sent. */
static boolean_t serve(mach_msg_demux_t demux, mach_msg_header_t *request, mach_msg_header_t *reply)
{
    mig_reply_header_t *answer = (mig_reply_header_t *)reply;

    if (!demux(request, reply)) {
        mig_reply_setup(request, reply);
    }
    if (!(answer->Head.msgh_bits & MACH_MSGH_BITS_COMPLEX)) {
        if (answer->RetCode == MIG_NO_REPLY) {
            return FALSE;
        }
        if (answer->RetCode != KERN_SUCCESS) {
            mach_msg_destroy_body(request);
            if (answer->RetCode == MIG_DESTROY_REQUEST) {
                mach_msg_destroy(reply);
                return FALSE;
            }
        }
    }
    return reply->msgh_remote_port != MACH_PORT_NULL;
}

/* What a server loop was asked for. */
struct loop {
    mach_msg_demux_t demux;
    mach_msg_size_t max_size;
    mach_port_t port;
    mach_msg_option_t option; /* for receiving, besides MACH_RCV_MSG */
    mach_msg_timeout_t timeout;
    void (*lost)(const mach_msg_header_t *header); /* or NULL */
};

/*
 * True: the message was not sent. Only in two of these cases is anything left in it: all, if the
 * destination is dead; what the kernel gave back, if it is full.
 */
static boolean_t send_failed(mach_msg_return_t result, mach_msg_header_t *message)
{
    mach_msg_return_t code = result & ~MACH_MSG_MASK;

    if (code == MACH_SEND_INVALID_DEST) {
        mach_msg_destroy_unsent(message);
    } else if (code == MACH_SEND_TIMED_OUT) {
        mach_msg_destroy(message);
    }
    return code >= MACH_SEND_IN_PROGRESS && code < MACH_RCV_IN_PROGRESS;
}

/*
 * Never waits for a client: a send-once right always has room, and a client that gave a send right
 * to a full port loses the answer.
 */
static void reply_send(mach_msg_header_t *reply)
{
    mach_msg_return_t result = mach_msg(reply, MACH_SEND_MSG | MACH_SEND_TIMEOUT, reply->msgh_size,
                                        0, MACH_PORT_NULL, 0, MACH_PORT_NULL);

    send_failed(result, reply);
}

static mach_msg_return_t request_receive(const struct loop *loop, mach_msg_header_t *request)
{
    return mach_msg(request, MACH_RCV_MSG | loop->option, 0, loop->max_size, loop->port,
                    loop->timeout, MACH_PORT_NULL);
}

/* Sends an answer and waits for the next request in the same buffer: in one trap, unless receiving has
   a time limit, which must not be one for sending. */
static mach_msg_return_t reply_and_receive(const struct loop *loop, mach_msg_header_t *buffer)
{
    if (loop->option & MACH_RCV_TIMEOUT) {
        reply_send(buffer);
        return request_receive(loop, buffer);
    }
    mach_msg_return_t result =
        mach_msg(buffer, MACH_SEND_MSG | MACH_SEND_TIMEOUT | MACH_RCV_MSG | loop->option,
                 buffer->msgh_size, loop->max_size, loop->port, 0, MACH_PORT_NULL);

    return send_failed(result, buffer) ? request_receive(loop, buffer) : result;
}

/* One message could not be received whole, but the port is well. What came of it is destroyed. */
static boolean_t one_message_lost(const struct loop *loop, mach_msg_return_t result,
                                  mach_msg_header_t *request)
{
    switch (result & ~MACH_MSG_MASK) {
    case MACH_RCV_BODY_ERROR:
        mach_msg_destroy(request);
        return TRUE;
    case MACH_RCV_HEADER_ERROR:
        return TRUE;
    case MACH_RCV_TOO_LARGE: /* with MACH_RCV_LARGE it is still there, for the caller to fetch */
        return !(loop->option & MACH_RCV_LARGE);
    default:
        return FALSE;
    }
}

static mach_msg_return_t run(const struct loop *loop)
{
    mach_msg_header_t *request = malloc(loop->max_size), *reply = malloc(loop->max_size);
    mach_msg_return_t result = KERN_RESOURCE_SHORTAGE;
    boolean_t answer = FALSE;

    while (request != NULL && reply != NULL) {
        if (answer) {
            mach_msg_header_t *next = reply;
            reply = request;
            request = next;
            result = reply_and_receive(loop, request);
        } else {
            result = request_receive(loop, request);
        }
        answer = FALSE;
        if (result == MACH_MSG_SUCCESS) {
            answer = serve(loop->demux, request, reply);
        } else if (!one_message_lost(loop, result, request)) {
            break;
        } else if (loop->lost != NULL) {
            loop->lost(request);
        }
    }
    free(request);
    free(reply);
    return result;
}

mach_msg_return_t mach_msg_server_timeout(mach_msg_demux_t demux, mach_msg_size_t max_size,
                                          mach_port_t port, mach_msg_option_t option,
                                          mach_msg_timeout_t timeout)
{
    struct loop loop = { demux, max_size, port, option, timeout, NULL };

    return run(&loop);
}

mach_msg_return_t mach_msg_server_counting(mach_msg_demux_t demux,
                                           void (*lost)(const mach_msg_header_t *header),
                                           mach_msg_size_t max_size, mach_port_t port)
{
    struct loop loop = { demux, max_size, port, MACH_MSG_OPTION_NONE, 0, lost };

    return run(&loop);
}

mach_msg_return_t mach_msg_server(mach_msg_demux_t demux, mach_msg_size_t max_size,
                                  mach_port_t port)
{
    return mach_msg_server_timeout(demux, max_size, port, MACH_MSG_OPTION_NONE, 0);
}

mach_msg_return_t mach_msg_server_once(mach_msg_demux_t demux, mach_msg_size_t max_size,
                                       mach_port_t port, mach_msg_option_t option,
                                       mach_msg_timeout_t timeout)
{
    struct loop loop = { demux, max_size, port, option, timeout, NULL };
    mach_msg_header_t *request = malloc(max_size), *reply = malloc(max_size);
    mach_msg_return_t result = KERN_RESOURCE_SHORTAGE;

    if (request != NULL && reply != NULL) {
        result = request_receive(&loop, request);
        if (result == MACH_MSG_SUCCESS && serve(demux, request, reply)) {
            reply_send(reply);
        } else if (result != MACH_MSG_SUCCESS) {
            one_message_lost(&loop, result, request);
        }
    }
    free(request);
    free(reply);
    return result;
}
