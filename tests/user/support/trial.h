/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "routine.h"

/*
 * Trying one routine after another with requests that are wrong. For each the objects are made anew; after
 * each request all that the kernel holds is counted (audit.h), and again when the objects are gone,
 * which shows a reference that was kept. What is wrong is told, and fails the test at the end.
 */
extern const struct routine *routine; /* under trial */
extern struct objects objects;
extern struct request request;

/* Tries all routines of a subsystem. */
void trial_subsystem(const char *subsystem, void (*try)(void));

/* A well formed request for the routine, to an object that suits. */
void begin(void);
/* Sends the request; its answer must be that code, and all be as before. */
void expect(const char *what, kern_return_t code);
/* The same for a refusal by the message system or by MIG's checks, whichever comes first. */
void expect_malformed(const char *what);
/* Any answer will do; one that refuses must leave all as it was. */
void expect_any(const char *what);
