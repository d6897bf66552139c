/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens in faults, counted for the machine and for the faulting task, and sampled.
 */
#pragma once

#include "kernel/pc_sample.h"
#include "kernel/task.h"
#include "mm/page.h"

static inline void fault_count_fault(void)
{
    page_counts.faults++;
    task_current()->fault_count++;
    pc_sample(SAMPLED_PC_VM_FAULTS_ANY);
}

static inline void fault_count_zero_fill(void)
{
    page_counts.zero_fills++;
    task_current()->zero_fill_count++;
    pc_sample(SAMPLED_PC_VM_ZFILL_FAULTS);
}

static inline void fault_count_reactivation(void)
{
    page_counts.reactivations++;
    task_current()->reactivation_count++;
    pc_sample(SAMPLED_PC_VM_REACTIVATION_FAULTS);
}

static inline void fault_count_copy(void)
{
    page_counts.cow_faults++;
    task_current()->cow_fault_count++;
    pc_sample(SAMPLED_PC_VM_COW_FAULTS);
}

/* A manager has been asked for data; page_counts.pageins counts what comes. */
static inline void fault_count_pagein(void)
{
    task_current()->pagein_count++;
    pc_sample(SAMPLED_PC_VM_PAGEIN_FAULTS);
}
