/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <stdint.h>

/* The part of the ELF format that static x86-64 programs use; read by the kernel and by its UEFI loader too. */
#define ELF_MAGIC   0x464c457fu
#define ELF_CLASS64 2
#define ELF_LITTLE  1
#define ELF_EXEC    2
#define ELF_X86_64  62

struct elf_header {
    uint32_t magic;
    uint8_t class, encoding, version, abi, padding[8];
    uint16_t type, machine;
    uint32_t format_version;
    uint64_t entry, segments, sections;
    uint32_t flags;
    uint16_t header_bytes, segment_bytes, segment_count;
    uint16_t section_bytes, section_count, section_names;
};

#define ELF_LOAD        1
#define ELF_INTERPRETER 3
#define ELF_EXECUTE     1u
#define ELF_WRITE       2u
#define ELF_READ        4u

struct elf_segment {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_bytes, memory_bytes, align;
};
