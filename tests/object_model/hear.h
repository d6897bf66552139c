/* SPDX-License-Identifier: BSD-2-Clause */
/* What comes to the memory object port, held against the model. */
#pragma once

#include <mach.h>

#include "model.h"

/* Receives until nothing more is due, and then whatever came besides: there must be nothing. After an
   exception a client tries again, or not. */
void hear_all(boolean_t tries_again);
/* Until that is over, the model may also be this one: what comes tells which of the two it is. */
void hear_either(const struct model *other);

/* Pages that came back so far. */
unsigned long heard_pages(void);
/* A line of the report for each kind of message. */
void hear_report(void);
