/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <mach.h>

/*
 * Messages made by hand, descriptor by descriptor, as layout B lays them out. Unused bytes hold a
 * pattern that no receiver may rely on.
 *
 *     struct wire wire;
 *     wire_begin(&wire, destination, MACH_MSG_TYPE_COPY_SEND, 100);
 *     wire_add_port(&wire, port, MACH_MSG_TYPE_MAKE_SEND);
 *     CHECK_OK(wire_send(&wire, 0));
 *     ...
 *     CHECK_OK(wire_receive(&wire, port, 1000));
 *     name = wire_port(&wire, 0);
 */
#define WIRE_BODY_MAX 8192

struct wire {
    mach_msg_header_t header;
    uint8_t body[WIRE_BODY_MAX];
    uint32_t size; /* built so far */
};

/* A message without reply port and body. */
void wire_begin(struct wire *wire, mach_port_t destination, mach_msg_type_name_t disposition,
                mach_msg_id_t id);
/* Names the reply port. */
void wire_reply_port(struct wire *wire, mach_port_t port, mach_msg_type_name_t disposition);
/* Adds a descriptor; where its data is to go. The message becomes complex if asked for. */
void *wire_add(struct wire *wire, mach_msg_type_t type, uint32_t bytes, boolean_t complex);
/* Adds one right inline, with garbage in the upper half of its slot. */
void wire_add_port(struct wire *wire, mach_port_name_t port, mach_msg_type_name_t disposition);
/* Adds an array of rights out of line. */
void wire_add_ports(struct wire *wire, mach_port_name_t *ports, uint32_t number,
                    mach_msg_type_name_t disposition, boolean_t deallocate);
/* Adds memory out of line. */
void wire_add_memory(struct wire *wire, const void *memory, uint32_t bytes, boolean_t deallocate);
/* Adds a 32-bit number inline. */
void wire_add_number(struct wire *wire, uint32_t number);

/* Sends with options besides MACH_SEND_MSG; the code of the trap. */
mach_msg_return_t wire_send(struct wire *wire, mach_msg_option_t option);
/* The same, waiting at most that long for room. */
mach_msg_return_t wire_send_timed(struct wire *wire, unsigned milliseconds);
/* Receives, waiting at most that long. */
mach_msg_return_t wire_receive(struct wire *wire, mach_port_name_t port, unsigned milliseconds);

/* Of a received message: the index-th descriptor, its data, and the name it carries. */
mach_msg_type_t *wire_type(struct wire *wire, unsigned index);
void *wire_data(struct wire *wire, unsigned index);
mach_port_name_t wire_port(struct wire *wire, unsigned index);
