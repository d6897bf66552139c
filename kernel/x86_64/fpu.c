/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/x86_64/fpu.h"

#include "kernel/string.h"
#include "kernel/x86_64/registers.h"

/* Bits of XCR0. */
enum { STATE_X87 = 1, STATE_SSE = 2, STATE_AVX = 4, STATE_AVX512 = 0xe0 };

enum {
    LEGACY_BYTES = 512,         /* what FXSAVE writes */
    HEADER_AT = 512,            /* XSAVE header: state bits, compaction, 6 reserved words */
    HEADER_BYTES = 64,
    CONTROL_WORD_AT = 0,
    MXCSR_AT = 24,
    MXCSR_START = 0x1f80,
    AREA_BYTES_MAX = 4096,
};

static uint32_t state_bits;
static uint32_t state_bytes = LEGACY_BYTES;
static uint32_t mxcsr_mask = 0xffbf;

static void xcr0_write(uint32_t value)
{
    __asm__ volatile("xsetbv" : : "c"(0), "a"(value), "d"(0));
}

static uint32_t xcr0_size(uint32_t bits)
{
    xcr0_write(bits);
    return cpuid(0xd, 0).ebx;
}

/*
 * Purpose: choose the register sets: all that the processor has and an area can hold.
 * Conditions: CR4.OSFXSR, and OSXSAVE where there is XSAVE, are set.
 */
void fpu_init(void)
{
    uint8_t area[LEGACY_BYTES] __attribute__((aligned(16))) = { 0 };
    uint32_t supported, found;

    __asm__ volatile("fninit");
    __asm__ volatile("fxsave %0" : "=m"(area));
    memcpy(&found, area + 28, sizeof(found));
    if (found != 0)
        mxcsr_mask = found;
    if (!cpu_features.xsave)
        return;
    supported = cpuid(0xd, 0).eax;
    state_bits = supported & (STATE_X87 | STATE_SSE | STATE_AVX);
    if ((state_bits & STATE_AVX) && (supported & STATE_AVX512) == STATE_AVX512 &&
        xcr0_size(state_bits | STATE_AVX512) <= AREA_BYTES_MAX)
        state_bits |= STATE_AVX512;
    state_bytes = xcr0_size(state_bits);
}

void fpu_init_other(void)
{
    __asm__ volatile("fninit");
    if (cpu_features.xsave)
        xcr0_write(state_bits);
}

uint32_t fpu_state_bytes(void)
{
    return state_bytes;
}

uint32_t fpu_area_bytes(void)
{
    return (state_bytes + 63) & ~63u;
}

void fpu_area_init(void *area)
{
    uint16_t control = FPU_CONTROL_START;
    uint32_t mxcsr = MXCSR_START;

    memset(area, 0, fpu_area_bytes());
    memcpy((char *)area + CONTROL_WORD_AT, &control, sizeof(control));
    memcpy((char *)area + MXCSR_AT, &mxcsr, sizeof(mxcsr));
}

uint16_t fpu_status(void)
{
    uint16_t status;

    __asm__ volatile("fnstsw %0" : "=a"(status));
    return status;
}

uint32_t fpu_vector_status(void)
{
    uint32_t status;

    __asm__ volatile("stmxcsr %0" : "=m"(status));
    return status;
}

/*
 * Purpose: check an area that came from a user before the kernel loads it (xrstor faults on reserved
 * bits, and it would fault in the kernel).
 */
bool fpu_area_valid(const void *area)
{
    const uint64_t *header = (const uint64_t *)((const char *)area + HEADER_AT);
    uint32_t mxcsr;

    memcpy(&mxcsr, (const char *)area + MXCSR_AT, sizeof(mxcsr));
    if (mxcsr & ~mxcsr_mask)
        return false;
    if (!cpu_features.xsave)
        return true;
    if (header[0] & ~(uint64_t)state_bits)
        return false;
    for (unsigned i = 1; i < HEADER_BYTES / 8; i++)
        if (header[i] != 0)
            return false;
    return true;
}
