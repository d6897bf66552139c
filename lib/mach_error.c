/* SPDX-License-Identifier: BSD-2-Clause */
/* Words for codes. */
#include <device/device_types.h>
#include <mach.h>
#include <mach/mig_errors.h>
#include <stdio.h>

struct code {
    int value;
    const char *words;
};

#define CODE(name, words) { name, #name ": " words }

static const struct code codes[] = {
    CODE(KERN_SUCCESS, "success"),
    CODE(KERN_INVALID_ADDRESS, "invalid address"),
    CODE(KERN_PROTECTION_FAILURE, "the protection forbids it"),
    CODE(KERN_NO_SPACE, "no free address range or name"),
    CODE(KERN_INVALID_ARGUMENT, "invalid argument"),
    CODE(KERN_FAILURE, "it did not work"),
    CODE(KERN_RESOURCE_SHORTAGE, "the kernel is short of memory"),
    CODE(KERN_NOT_RECEIVER, "no receive right"),
    CODE(KERN_NO_ACCESS, "no access"),
    CODE(KERN_MEMORY_FAILURE, "the memory's manager is gone"),
    CODE(KERN_MEMORY_ERROR, "the memory's manager has no data"),
    CODE(KERN_NOT_IN_SET, "in no port set"),
    CODE(KERN_NAME_EXISTS, "the name is in use"),
    CODE(KERN_ABORTED, "aborted"),
    CODE(KERN_INVALID_NAME, "no such name"),
    CODE(KERN_INVALID_TASK, "no live task"),
    CODE(KERN_INVALID_RIGHT, "the name holds another kind of right"),
    CODE(KERN_INVALID_VALUE, "value out of range"),
    CODE(KERN_UREFS_OVERFLOW, "too many references"),
    CODE(KERN_INVALID_CAPABILITY, "no live right"),
    CODE(KERN_RIGHT_EXISTS, "the right is known under another name"),
    CODE(KERN_INVALID_HOST, "no host port"),
    CODE(KERN_MEMORY_PRESENT, "the page was not waiting for data"),
    CODE(KERN_WRITE_PROTECTION_FAILURE, "write protected"),
    CODE(KERN_TERMINATED, "terminated"),
    CODE(KERN_TIMEDOUT, "timed out"),
    CODE(KERN_INTERRUPTED, "interrupted"),
    CODE(KERN_INVALID_OBJECT, "the memory object died"),

    CODE(MACH_SEND_IN_PROGRESS, "sending"),
    CODE(MACH_SEND_INVALID_DATA, "cannot read the message"),
    CODE(MACH_SEND_INVALID_DEST, "no live destination"),
    CODE(MACH_SEND_TIMED_OUT, "the destination stayed full"),
    CODE(MACH_SEND_WILL_NOTIFY, "queued beyond the limit"),
    CODE(MACH_SEND_NOTIFY_IN_PROGRESS, "one message is beyond the limit already"),
    CODE(MACH_SEND_INTERRUPTED, "send interrupted"),
    CODE(MACH_SEND_MSG_TOO_SMALL, "message too small"),
    CODE(MACH_SEND_INVALID_REPLY, "no such reply right"),
    CODE(MACH_SEND_INVALID_RIGHT, "no such right in the body"),
    CODE(MACH_SEND_INVALID_NOTIFY, "no such notify right"),
    CODE(MACH_SEND_INVALID_MEMORY, "cannot read the memory out of line"),
    CODE(MACH_SEND_NO_BUFFER, "no message buffer"),
    CODE(MACH_SEND_TOO_LARGE, "message too large"),
    CODE(MACH_SEND_INVALID_TYPE, "invalid type descriptor"),
    CODE(MACH_SEND_INVALID_HEADER, "invalid header"),
    CODE(MACH_RCV_IN_PROGRESS, "receiving"),
    CODE(MACH_RCV_INVALID_NAME, "no such receive right or set"),
    CODE(MACH_RCV_TIMED_OUT, "no message came in time"),
    CODE(MACH_RCV_TOO_LARGE, "message larger than the buffer"),
    CODE(MACH_RCV_INTERRUPTED, "receive interrupted"),
    CODE(MACH_RCV_PORT_CHANGED, "the port moved into a set"),
    CODE(MACH_RCV_INVALID_NOTIFY, "invalid notify right"),
    CODE(MACH_RCV_INVALID_DATA, "cannot write the message"),
    CODE(MACH_RCV_PORT_DIED, "the port died"),
    CODE(MACH_RCV_IN_SET, "the port is in a set"),
    CODE(MACH_RCV_HEADER_ERROR, "no room for the rights of the header"),
    CODE(MACH_RCV_BODY_ERROR, "no room for all of the body"),

    CODE(MIG_TYPE_ERROR, "reply of wrong types"),
    CODE(MIG_REPLY_MISMATCH, "reply of wrong id"),
    CODE(MIG_REMOTE_ERROR, "server error"),
    CODE(MIG_BAD_ID, "the server does not know this request"),
    CODE(MIG_BAD_ARGUMENTS, "request of wrong types"),
    CODE(MIG_NO_REPLY, "no reply now"),
    CODE(MIG_EXCEPTION, "exception in the server"),
    CODE(MIG_ARRAY_TOO_LARGE, "array too large"),
    CODE(MIG_SERVER_DIED, "the server died"),
    CODE(MIG_DESTROY_REQUEST, "request destroyed"),

    CODE(D_IO_QUEUED, "queued"),
    CODE(D_IO_ERROR, "device error"),
    CODE(D_WOULD_BLOCK, "it would block"),
    CODE(D_NO_SUCH_DEVICE, "no such device"),
    CODE(D_ALREADY_OPEN, "the device is in use"),
    CODE(D_DEVICE_DOWN, "the device is down"),
    CODE(D_INVALID_OPERATION, "not with this device"),
    CODE(D_INVALID_RECNUM, "no such record"),
    CODE(D_INVALID_SIZE, "invalid size"),
    CODE(D_NO_MEMORY, "no memory"),
    CODE(D_READ_ONLY, "read only"),
};

static const char *code_words(int value)
{
    for (unsigned i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i].value == value) {
            return codes[i].words;
        }
    }
    return NULL;
}

static boolean_t of_messages(mach_error_t error)
{
    return err_get_system(error) == err_get_system(err_mach_ipc);
}

/* The result is constant, except for unknown codes: then it holds until the next such call. */
const char *mach_error_string(mach_error_t error)
{
    static char unknown[32];
    const char *words = code_words(error);

    if (words == NULL && of_messages(error)) {
        words = code_words(error & ~MACH_MSG_MASK); /* without the shortage bits */
    }
    if (words == NULL) {
        snprintf(unknown, sizeof unknown, "unknown code %#x", (unsigned)error);
        words = unknown;
    }
    return words;
}

const char *mach_error_type(mach_error_t error)
{
    if (of_messages(error)) {
        return (error & ~MACH_MSG_MASK) < MACH_RCV_IN_PROGRESS ? "(ipc/send)" : "(ipc/rcv)";
    }
    if (error <= MIG_TYPE_ERROR && error >= MIG_DESTROY_REQUEST) {
        return "(ipc/mig)";
    }
    if (error == D_IO_QUEUED || (error >= D_IO_ERROR && error <= D_READ_ONLY)) {
        return "(device)";
    }
    return code_words(error) != NULL ? "(os/kern)" : "(unknown)";
}

const char *mach_exception_string(int exception)
{
    static const char *const words[] = {
        [EXC_BAD_ACCESS] = "EXC_BAD_ACCESS: memory that cannot be accessed",
        [EXC_BAD_INSTRUCTION] = "EXC_BAD_INSTRUCTION: an instruction that cannot be executed",
        [EXC_ARITHMETIC] = "EXC_ARITHMETIC: an arithmetic error",
        [EXC_EMULATION] = "EXC_EMULATION: an instruction to emulate",
        [EXC_SOFTWARE] = "EXC_SOFTWARE: raised by software",
        [EXC_BREAKPOINT] = "EXC_BREAKPOINT: a breakpoint or a single step",
    };

    return exception >= EXC_BAD_ACCESS && exception <= EXC_BREAKPOINT ? words[exception]
                                                                     : "unknown exception";
}

void mach_error(const char *where, mach_error_t error)
{
    printf("%s: %s\n", where, mach_error_string(error));
}
