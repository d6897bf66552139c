/* SPDX-License-Identifier: BSD-2-Clause */
#include "wire.h"

#include "test.h"

#define GARBAGE 0xdb

void wire_begin(struct wire *wire, mach_port_t destination, mach_msg_type_name_t disposition,
                mach_msg_id_t id)
{
    memset(wire, GARBAGE, sizeof *wire);
    wire->header.msgh_bits = MACH_MSGH_BITS(disposition, 0);
    wire->header.msgh_remote_port = destination;
    wire->header.msgh_local_port = MACH_PORT_NULL;
    wire->header.msgh_id = id;
    wire->size = sizeof wire->header;
}

void wire_reply_port(struct wire *wire, mach_port_t port, mach_msg_type_name_t disposition)
{
    wire->header.msgh_bits |= MACH_MSGH_BITS(0, disposition);
    wire->header.msgh_local_port = port;
}

void *wire_add(struct wire *wire, mach_msg_type_t type, uint32_t bytes, boolean_t complex)
{
    uint8_t *at = (uint8_t *)wire + wire->size;

    CHECK(wire->size + sizeof type + bytes <= sizeof wire->header + WIRE_BODY_MAX);
    memcpy(at, &type, sizeof type);
    wire->size += (uint32_t)((sizeof type + bytes + 7) & ~7UL);
    if (complex) {
        wire->header.msgh_bits |= MACH_MSGH_BITS_COMPLEX;
    }
    return at + sizeof type;
}

void wire_add_port(struct wire *wire, mach_port_name_t port, mach_msg_type_name_t disposition)
{
    mach_msg_type_t type = { .msgt_name = disposition, .msgt_size = 64, .msgt_inline = TRUE,
                             .msgt_number = 1 };
    uint32_t *slot = wire_add(wire, type, 8, TRUE);

    slot[0] = port;
    slot[1] = 0xdeadbeef;
}

void wire_add_ports(struct wire *wire, mach_port_name_t *ports, uint32_t number,
                    mach_msg_type_name_t disposition, boolean_t deallocate)
{
    mach_msg_type_t type = { .msgt_name = disposition, .msgt_size = 32, .msgt_longform = TRUE,
                             .msgt_deallocate = deallocate, .msgt_number = number };

    *(mach_port_name_t **)wire_add(wire, type, 8, TRUE) = ports;
}

void wire_add_memory(struct wire *wire, const void *memory, uint32_t bytes, boolean_t deallocate)
{
    mach_msg_type_t type = { .msgt_name = MACH_MSG_TYPE_BYTE, .msgt_size = 8, .msgt_longform = TRUE,
                             .msgt_deallocate = deallocate, .msgt_number = bytes };

    *(const void **)wire_add(wire, type, 8, TRUE) = memory;
}

void wire_add_number(struct wire *wire, uint32_t number)
{
    mach_msg_type_t type = { .msgt_name = MACH_MSG_TYPE_INTEGER_32, .msgt_size = 32,
                             .msgt_inline = TRUE, .msgt_number = 1 };

    *(uint32_t *)wire_add(wire, type, 4, FALSE) = number;
}

mach_msg_return_t wire_send(struct wire *wire, mach_msg_option_t option)
{
    return mach_msg_trap(&wire->header, MACH_SEND_MSG | option, wire->size, 0, MACH_PORT_NULL, 0,
                         MACH_PORT_NULL);
}

mach_msg_return_t wire_send_timed(struct wire *wire, unsigned milliseconds)
{
    return mach_msg_trap(&wire->header, MACH_SEND_MSG | MACH_SEND_TIMEOUT, wire->size, 0,
                         MACH_PORT_NULL, milliseconds, MACH_PORT_NULL);
}

mach_msg_return_t wire_receive(struct wire *wire, mach_port_name_t port, unsigned milliseconds)
{
    mach_msg_return_t result;

    memset(wire, GARBAGE, sizeof *wire);
    result = mach_msg_trap(&wire->header, MACH_RCV_MSG | MACH_RCV_TIMEOUT, 0,
                           sizeof wire->header + WIRE_BODY_MAX, port, milliseconds, MACH_PORT_NULL);
    wire->size = wire->header.msgh_size;
    return result;
}

mach_msg_type_t *wire_type(struct wire *wire, unsigned index)
{
    uint32_t offset = sizeof wire->header;

    for (;;) {
        mach_msg_type_t *type = (mach_msg_type_t *)((uint8_t *)wire + offset);
        uint64_t bytes = type->msgt_inline ? (uint64_t)type->msgt_number * type->msgt_size / 8 : 8;

        CHECK(offset + sizeof *type + bytes <= wire->header.msgh_size);
        if (index-- == 0) {
            return type;
        }
        offset += (uint32_t)((sizeof *type + bytes + 7) & ~7UL);
    }
}

void *wire_data(struct wire *wire, unsigned index)
{
    return wire_type(wire, index) + 1;
}

/* All 8 bytes of the slot must be the name (H-63). */
mach_port_name_t wire_port(struct wire *wire, unsigned index)
{
    uint64_t slot = *(uint64_t *)wire_data(wire, index);

    CHECK_EQ(slot >> 32, 0);
    return (mach_port_name_t)slot;
}
