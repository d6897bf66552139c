/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The floating-point registers as user programs see them: i386_FLOAT_STATE in the old layout of FNSAVE,
 * i386_XFLOAT_STATE as the processor stores them.
 */
#include "kernel/x86_64/float_state.h"

#include <mach/machine/thread_status.h>
#include <mig/mach_i386_server.h>

#include "kernel/string.h"
#include "kernel/x86_64/cpu.h"
#include "kernel/x86_64/fpu.h"

/* Kinds of floating-point support, as fpkind and fp_save_kind tell them. */
enum { FP_387 = 3, FP_387FX = 4, FP_387X = 5 };

#define REGISTERS       8
#define REGISTER_BYTES  10
#define TAG_EMPTY       3u

static int fp_kind(void)
{
    return cpu_features.xsave ? FP_387X : FP_387FX;
}

/* The two tag bits of a register: 0 valid, 1 zero, 2 special (infinity, denormal), 3 empty. */
static unsigned full_tag(const unsigned char *value)
{
    unsigned exponent = (value[8] | (unsigned)value[9] << 8) & 0x7fff;
    uint64_t fraction;

    memcpy(&fraction, value, sizeof(fraction));
    if (exponent == 0x7fff)
        return 2;
    if (exponent == 0)
        return fraction == 0 ? 1 : 2;
    return fraction >> 63 ? 0 : 2;
}

/* FXSAVE keeps one bit a register (in use or not), FNSAVE two; both number physical registers, while
   the values are in the order of the register stack. */
static unsigned short tags_expand(const struct i386_xfp_save *from)
{
    unsigned top = from->fp_status >> 11 & 7;
    unsigned tags = 0;

    for (unsigned i = 0; i < REGISTERS; i++) {
        unsigned tag = TAG_EMPTY;

        if (from->fp_tag >> i & 1)
            tag = full_tag(from->fp_reg_word[(i - top) & 7]);
        tags |= tag << (2 * i);
    }
    return (unsigned short)tags;
}

static unsigned short tags_compress(unsigned short tags)
{
    unsigned used = 0;

    for (unsigned i = 0; i < REGISTERS; i++)
        if ((tags >> (2 * i) & 3) != TAG_EMPTY)
            used |= 1u << i;
    return (unsigned short)used;
}

/* XSAVE leaves out registers that are as at the start: what the area has of them is old. */
static bool is_at_start(const struct i386_xfp_save *area)
{
    return cpu_features.xsave && !(area->header.xfp_features & 1);
}

/*
 * Purpose: translate an area to i386_FLOAT_STATE, for which there is room.
 */
void float_state_get(const void *area, uint32_t *state)
{
    const struct i386_xfp_save *from = area;
    struct i386_float_state result = { .fpkind = FP_387, .initialized = 1 };
    struct i386_fp_save save = {
        .fp_control = from->fp_control,
        .fp_status = from->fp_status,
        .fp_tag = tags_expand(from),
        .fp_eip = from->fp_eip,
        .fp_cs = from->fp_cs,
        .fp_opcode = from->fp_opcode,
        .fp_dp = from->fp_dp,
        .fp_ds = from->fp_ds,
    };
    bool at_start = is_at_start(from);

    if (at_start)
        save = (struct i386_fp_save){ .fp_control = FPU_CONTROL_START, .fp_tag = 0xffff };
    memcpy(result.hw_state, &save, sizeof(save));
    for (unsigned i = 0; i < REGISTERS && !at_start; i++)
        memcpy(result.hw_state + sizeof(save) + i * REGISTER_BYTES, from->fp_reg_word[i],
               REGISTER_BYTES);
    memcpy(state, &result, sizeof(result));
}

/*
 * Purpose: the reverse; the vector registers stay. initialized == 0 resets everything.
 */
void float_state_set(void *area, const uint32_t *state)
{
    struct i386_xfp_save *to = area;
    struct i386_float_state from;
    struct i386_fp_save save;

    memcpy(&from, state, sizeof(from));
    if (!from.initialized) {
        fpu_area_init(area);
        return;
    }
    memcpy(&save, from.hw_state, sizeof(save));
    to->fp_control = save.fp_control;
    to->fp_status = save.fp_status;
    to->fp_tag = tags_compress(save.fp_tag);
    to->fp_opcode = save.fp_opcode;
    to->fp_eip = save.fp_eip;
    to->fp_cs = 0;
    to->fp_eip3 = 0;
    to->fp_dp = save.fp_dp;
    to->fp_ds = 0;
    to->fp_dp3 = 0;
    for (unsigned i = 0; i < REGISTERS; i++)
        memcpy(to->fp_reg_word[i], from.hw_state + sizeof(save) + i * REGISTER_BYTES,
               REGISTER_BYTES);
    if (cpu_features.xsave)
        to->header.xfp_features |= 1;
}

uint32_t xfloat_state_bytes(void)
{
    return sizeof(struct i386_xfloat_state) + fpu_state_bytes();
}

void xfloat_state_get(const void *area, uint32_t *state)
{
    struct i386_xfloat_state header = { fp_kind(), 1, 0, fp_kind() };

    memcpy(state, &header, sizeof(header));
    memcpy((char *)state + sizeof(header), area, fpu_state_bytes());
}

/*
 * Purpose: load an area that a user made. It is checked in the thread's own area, which is put back as it
 * was if the processor would not take it.
 */
kern_return_t xfloat_state_set(void *area, const uint32_t *state)
{
    static uint8_t before[4096];
    struct i386_xfloat_state header;

    memcpy(&header, state, sizeof(header));
    if (!header.initialized) {
        fpu_area_init(area);
        return KERN_SUCCESS;
    }
    if (header.fp_save_kind != fp_kind())
        return KERN_INVALID_ARGUMENT;
    memcpy(before, area, fpu_state_bytes());
    memcpy(area, (const char *)state + sizeof(header), fpu_state_bytes());
    if (fpu_area_valid(area))
        return KERN_SUCCESS;
    memcpy(area, before, fpu_state_bytes());
    return KERN_INVALID_ARGUMENT;
}

/* Bytes of a whole i386_XFLOAT_STATE on this processor. KERN_INVALID_HOST: not a host port. */
kern_return_t i386_get_xstate_size(host_t host_port, vm_size_t *size)
{
    if (!host_port)
        return KERN_INVALID_HOST;
    *size = xfloat_state_bytes();
    return KERN_SUCCESS;
}
