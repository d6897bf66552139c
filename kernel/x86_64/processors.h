/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting the processors that ACPI tells of, besides the one that booted. */
#pragma once

/* Puts a page below 1 MiB aside, in which they begin; before page_bootstrap. */
void processors_init(void);
/* Starts them, as many as `cpus=N` of the command line allows. One that does not come is reported
   and left out. Conditions: threads, clock and traps are ready; the lock is still never let go. */
void processors_start(void);
