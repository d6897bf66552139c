/* SPDX-License-Identifier: BSD-2-Clause */
/* Random numbers, names and addresses for a member's operations. */
#pragma once

#include "fuzz.h"

#define ARENA_PAGES 32u

/* Sets the generator to where operation k begins. */
void choose_begin(struct member *member, uint64_t operation);
uint64_t choose_bits(struct member *member);
/* 0 to count - 1. */
unsigned choose(struct member *member, unsigned count);
/* True once in `count` times. */
boolean_t choose_seldom(struct member *member, unsigned count);
/* A number of the sort that breaks things. */
uint64_t choose_odd_number(struct member *member);
/* Mostly a page of the arena that all threads of a task play in. */
vm_address_t choose_address(struct member *member);
/* Mostly few pages. */
vm_size_t choose_size(struct member *member);
/* Mostly a name of a right of that kind, else of any. */
mach_port_name_t choose_name(struct member *member, enum target target);
/* Remembers a name that a message or a reply has brought. */
void choose_remember(struct member *member, enum target target, mach_port_name_t name);
/* One of the six kinds in which messages move rights. */
mach_msg_type_name_t choose_disposition(struct member *member);

/* Makes a task's memory of names and its arena new; the first thing in a task. */
void choose_init(void);
