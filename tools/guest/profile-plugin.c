/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A QEMU plugin that counts how often each instruction is executed, and writes the counts to a file
 * whenever an instruction at a given address is. Arguments: at=HEX (that address), out=FILE.
 *
 * The few declarations of QEMU's plugin interface (version 1) that it needs are written out here: the
 * header is not packaged everywhere.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define SLOTS (1u << 20)

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_info;

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
                                           void (*call)(plugin_id, struct qemu_plugin_tb *));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *instruction);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *instruction, int operation,
                                                void *counter, uint64_t value);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction,
                                            void (*call)(unsigned, void *), int flags, void *data);

EXPORT int qemu_plugin_version = 1;
enum { INLINE_ADD = 0 };

static struct slot {
    uint64_t address;
    uint64_t count;
} slots[SLOTS];
static uint64_t stop_address;
static FILE *out;

static struct slot *slot_of(uint64_t address)
{
    uint64_t at = address * 0x9e3779b97f4a7c15u >> 44;

    while (slots[at].address != 0 && slots[at].address != address)
        at = (at + 1) % SLOTS;
    slots[at].address = address;
    return &slots[at];
}

static void write_counts(unsigned processor, void *data)
{
    (void)processor, (void)data;
    fprintf(out, "window\n");
    for (unsigned i = 0; i < SLOTS; i++) {
        if (slots[i].count != 0)
            fprintf(out, "%lx %lu\n", slots[i].address, slots[i].count);
        slots[i].count = 0;
    }
    fflush(out);
}

static void translated(plugin_id id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        uint64_t address = qemu_plugin_insn_vaddr(instruction);

        qemu_plugin_register_vcpu_insn_exec_inline(instruction, INLINE_ADD,
                                                   &slot_of(address)->count, 1);
        if (address == stop_address)
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, write_counts, 0, NULL);
    }
}

EXPORT int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "at=", 3) == 0)
            stop_address = strtoull(argv[i] + 3, NULL, 16);
        else if (strncmp(argv[i], "out=", 4) == 0)
            out = fopen(argv[i] + 4, "w");
    }
    if (out == NULL)
        return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
