/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_MACHINE_FP_REG_H
#define MACH_MACHINE_FP_REG_H

/* Layout of the floating point state (FNSAVE, and XSAVE with its legacy area). */
struct i386_fp_save {
    unsigned short fp_control;
    unsigned short fp_unused_1;
    unsigned short fp_status;
    unsigned short fp_unused_2;
    unsigned short fp_tag;
    unsigned short fp_unused_3;
    unsigned int fp_eip;
    unsigned short fp_cs;
    unsigned short fp_opcode;
    unsigned int fp_dp;
    unsigned short fp_ds;
    unsigned short fp_unused_4;
};

struct i386_fp_regs {
    unsigned short fp_reg_word[8][5];
};

#define XSAVE_XCOMP_BV_COMPACT (((unsigned long long)1) << 63)

struct i386_xfp_xstate_header {
    unsigned long long xfp_features;
    unsigned long long xcomp_bv;
    unsigned long long reserved[6];
} __attribute__((packed));

struct i386_xfp_save {
    unsigned short fp_control;
    unsigned short fp_status;
    unsigned short fp_tag;
    unsigned short fp_opcode;
    unsigned int fp_eip;
    unsigned short fp_cs;
    unsigned short fp_eip3;
    unsigned int fp_dp;
    unsigned short fp_ds;
    unsigned short fp_dp3;
    unsigned int fp_mxcsr;
    unsigned int fp_mxcsr_mask;
    unsigned char fp_reg_word[8][16];
    unsigned char fp_xreg_word[16][16];
    unsigned int padding[24];
    struct i386_xfp_xstate_header header;
    unsigned char extended[0];
} __attribute__((packed, aligned(64)));

#endif
