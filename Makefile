# SPDX-License-Identifier: BSD-2-Clause
#
# Builds all of Porthole. `make help` lists what can be asked for, `make V=1` shows the commands.
#
# Everything is found by wildcard: a new source file is built without a change here.
#   kernel      boot/ kernel/ mm/ ipc/ tests/kernel/           -> build/kernel.elf
#   runtime     lib/ and the stubs that MIG makes              -> build/sdk/
#   programs    servers/NAME/, tests/user/NAME.c, tests/bench/ -> build/servers/, build/tests/
#               (with the files of a folder tests/user/NAME/, where there is one)
#   loader      boot/uefi/                                     -> build/BOOTX64.EFI

SHELL := /bin/bash
.SHELLFLAGS := -eo pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-builtin-variables

B := build
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)')
CC := gcc
LD := ld
AR := ar
NM := nm
OBJCOPY := objcopy
NASM := nasm
PYTHON := python3

.PHONY: all
all: $(B)/kernel.elf $(B)/sdk/.stamp programs compile_commands.json

# MIG: the rules for every generated stub; sets the MIG_* variables used below.
include tools/make/mig.mk

# ---------------------------------------------------------------- flags

WARNINGS := -Wall -Wextra -Werror
GCC_INCLUDE := $(shell $(CC) -print-file-name=include)
COMMON := -std=gnu11 -O2 -g -ffreestanding -fno-stack-protector -fno-omit-frame-pointer \
    -fcf-protection=none -fno-asynchronous-unwind-tables -fno-common \
    -ffile-prefix-map=$(CURDIR)=. -nostdinc -isystem $(GCC_INCLUDE)
KERNEL_CFLAGS := $(COMMON) -fno-pic -mno-red-zone -mcmodel=kernel -mgeneral-regs-only -DKERNEL=1 \
    -Ikernel/mig -Iinclude -I. -I$(B)/mig/kernel
USER_CFLAGS := $(COMMON) -fno-pic -fno-pie -ffunction-sections -fdata-sections \
    -Ilib/include -Iinclude -I$(B)/mig/user -Itests/user/support -I$(B)/tests/include
EFI_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fpic -fshort-wchar -fno-stack-protector \
    -fno-stack-check -fcf-protection=none -mno-red-zone -maccumulate-outgoing-args \
    -DGNU_EFI_USE_MS_ABI -DKERNEL=1 \
    -isystem /usr/include/efi -isystem /usr/include/efi/x86_64 -I. -Iinclude
# What MIG writes is not ours to tidy; what would be a wrong type in it is ours.
GENERATED := -Wall -Wno-unused -Wno-address-of-packed-member -Werror=incompatible-pointer-types \
    -Werror=implicit-function-declaration -Werror=int-conversion
NASMFLAGS := -f elf64 -g -F dwarf -I./ -w+all -w-unknown-warning

# ---------------------------------------------------------------- sources

KERNEL_SOURCES := $(sort $(wildcard boot/*.c boot/*.asm kernel/*.c kernel/x86_64/*.c \
    kernel/x86_64/*.asm mm/*.c ipc/*.c ipc/*.asm tests/kernel/*.c))
# The library's plain C that the kernel is built with too.
KERNEL_LIB_SOURCES := lib/archive.c lib/format.c lib/string.c lib/string_copy.c
LIB_SOURCES := $(sort $(filter-out lib/crt0.%,$(wildcard lib/*.c lib/*.asm lib/*/*.c lib/*/*.asm)))
CRT0_SOURCE := $(firstword $(wildcard lib/crt0.asm lib/crt0.c))
EFI_SOURCES := $(sort $(wildcard boot/uefi/*.c))
SERVERS := $(sort $(patsubst servers/%/,%,$(dir $(wildcard servers/*/*.c))))
USER_TESTS := $(sort $(patsubst tests/user/%.c,%,$(wildcard tests/user/*.c)))
TEST_SUPPORT := $(sort $(wildcard tests/user/support/*.c))
TEST_PARTS := $(filter-out $(TEST_SUPPORT),$(sort $(wildcard tests/user/*/*.c)))
BENCH_SOURCES := $(sort $(wildcard tests/bench/*.c))
FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/*.c))
MODEL_SOURCES := $(sort $(wildcard tests/object_model/*.c))

objects = $(patsubst %,$(B)/obj/%.o,$(1))
KERNEL_LIB_OBJECTS := $(KERNEL_LIB_SOURCES:%=$(B)/obj/kernel/%.o)
KERNEL_OBJECTS := $(call objects,$(KERNEL_SOURCES)) $(KERNEL_LIB_OBJECTS) $(MIG_KERNEL_OBJECTS)
LIB_OBJECTS := $(call objects,$(LIB_SOURCES)) $(MIG_USER_OBJECTS)
EFI_OBJECTS := $(call objects,$(EFI_SOURCES))
USER_SOURCES := $(foreach s,$(SERVERS),$(wildcard servers/$(s)/*.c)) \
    $(USER_TESTS:%=tests/user/%.c) $(TEST_PARTS) $(TEST_SUPPORT) $(BENCH_SOURCES) $(FUZZ_SOURCES) \
    $(MODEL_SOURCES)

c_objects = $(call objects,$(filter %.c,$(1)))
asm_objects = $(call objects,$(filter %.asm,$(1)))

# A list of files that is rewritten only when it changed: a target that depends on it is made again
# when a file is added or removed, which time stamps alone do not tell.
define list_rule
$(B)/obj/$(1).list: FORCE
	@mkdir -p $$(@D); printf '%s\n' $(2) | cmp -s - $$@ || printf '%s\n' $(2) > $$@
endef
.PHONY: FORCE

# ---------------------------------------------------------------- compiling

$(call c_objects,$(KERNEL_SOURCES)): $(B)/obj/%.c.o: %.c Makefile | $(MIG_KERNEL_HEADERS)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) $(WARNINGS) -MMD -MP -c $< -o $@

$(KERNEL_LIB_OBJECTS): KERNEL_CFLAGS += -Ilib/include
$(KERNEL_LIB_OBJECTS): $(B)/obj/kernel/%.c.o: %.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) $(WARNINGS) -MMD -MP -c $< -o $@

# A backtrace then leaves out who called the generated function: mach_msg_trap or kobject_serve.
$(MIG_KERNEL_OBJECTS): KERNEL_CFLAGS += -fomit-frame-pointer
$(MIG_KERNEL_OBJECTS): %.c.o: %.c Makefile | $(MIG_KERNEL_HEADERS)
	$(call say,CC,$<)
	$(Q)$(CC) $(KERNEL_CFLAGS) $(GENERATED) -MMD -MP -c $< -o $@

$(call c_objects,$(LIB_SOURCES) $(CRT0_SOURCE) $(USER_SOURCES)): \
    $(B)/obj/%.c.o: %.c Makefile | $(MIG_USER_HEADERS)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CFLAGS) $(WARNINGS) -MMD -MP -c $< -o $@

$(MIG_USER_OBJECTS): USER_CFLAGS += -fomit-frame-pointer # each RPC goes through a stub
$(MIG_USER_OBJECTS): %.c.o: %.c Makefile | $(MIG_USER_HEADERS)
	$(call say,CC,$<)
	$(Q)$(CC) $(USER_CFLAGS) $(GENERATED) -MMD -MP -c $< -o $@

$(EFI_OBJECTS): $(B)/obj/%.c.o: %.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(EFI_CFLAGS) $(WARNINGS) -MMD -MP -c $< -o $@

$(call asm_objects,$(KERNEL_SOURCES) $(LIB_SOURCES) $(CRT0_SOURCE)): $(B)/obj/%.asm.o: %.asm Makefile
	$(call say,NASM,$<)
	@mkdir -p $(@D)
	$(Q)$(NASM) $(NASMFLAGS) -MD $(@:.o=.d) -MP $< -o $@

# ---------------------------------------------------------------- kernel

# Linked twice: the first link, with an empty symbol table, tells the addresses that the second
# carries. The table stands behind all code, so that filling it moves no function.
KERNEL_LINK = $(LD) -nostdlib -static -z noexecstack -z max-page-size=4096 -T linker.ld \
    --no-warn-rwx-segments
KSYM := $(B)/obj/symbols

$(B)/kernel.elf: $(KERNEL_OBJECTS) $(B)/obj/kernel.list linker.ld tools/kernel-symbols
	$(call say,LD,$@)
	@mkdir -p $(KSYM)
	$(Q)tools/kernel-symbols < /dev/null > $(KSYM)/empty.asm
	$(Q)$(NASM) -f elf64 $(KSYM)/empty.asm -o $(KSYM)/empty.o
	$(Q)$(KERNEL_LINK) -o $(KSYM)/first.elf $(KERNEL_OBJECTS) $(KSYM)/empty.o
	$(Q)$(NM) -n -S --defined-only $(KSYM)/first.elf | tools/kernel-symbols > $(KSYM)/table.asm
	$(Q)$(NASM) -f elf64 $(KSYM)/table.asm -o $(KSYM)/table.o
	$(Q)$(KERNEL_LINK) -Map $(B)/kernel.map -o $@ $(KERNEL_OBJECTS) $(KSYM)/table.o
	$(Q)$(NM) -n -S --defined-only $@ | tools/kernel-symbols | cmp - $(KSYM)/table.asm
$(eval $(call list_rule,kernel,$(KERNEL_OBJECTS)))

# ---------------------------------------------------------------- user runtime

SDK := $(B)/sdk
SDK_LIBS := $(if $(LIB_SOURCES),$(SDK)/lib/libporthole.a) $(if $(CRT0_SOURCE),$(SDK)/lib/crt0.o) \
    $(if $(wildcard lib/program.ld),$(SDK)/lib/program.ld)
PUBLIC_HEADERS := $(sort $(shell find include lib/include \
    -name '*.h' -o -name '*.defs' 2> /dev/null))

$(SDK)/lib/libporthole.a: $(LIB_OBJECTS) $(B)/obj/lib.list
	$(call say,AR,$@)
	@mkdir -p $(@D); rm -f $@
	$(Q)$(AR) crsD $@ $(LIB_OBJECTS)
$(eval $(call list_rule,lib,$(LIB_OBJECTS)))

$(SDK)/lib/crt0.o: $(call objects,$(CRT0_SOURCE))
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(SDK)/lib/program.ld: lib/program.ld
	@mkdir -p $(@D)
	$(Q)cp $< $@

$(SDK)/.stamp: $(PUBLIC_HEADERS) $(MIG_USER_HEADERS) $(B)/obj/headers.list $(SDK_LIBS)
	$(call say,SDK,$(SDK)/include)
	@rm -rf $(SDK)/include; mkdir -p $(SDK)/include
	$(Q)for d in include lib/include $(B)/mig/user; do \
	    if [ -d $$d ]; then (cd $$d && find . '(' -name '*.h' -o -name '*.defs' ')' \
	        -exec cp --parents -t $(CURDIR)/$(SDK)/include {} +); fi; done
	@touch $@
$(eval $(call list_rule,headers,$(PUBLIC_HEADERS) $(MIG_USER_HEADERS)))

# ---------------------------------------------------------------- programs

PROGRAM_LINK = $(LD) -nostdlib -static -z noexecstack -z max-page-size=4096 --gc-sections \
    --no-warn-rwx-segments -T $(SDK)/lib/program.ld $(SDK)/lib/crt0.o

# program_rule: output, object files. Programs travel without their debug information, which stays in
# build/debug/ for GDB and addr2line.
define program_rule
PROGRAMS += $(1)
$(1): $(2) $(SDK_LIBS) Makefile
	$$(call say,LD,$$@)
	@mkdir -p $$(@D) $$(dir $(1:$(B)/%=$(B)/debug/%))
	$$(Q)$$(PROGRAM_LINK) $(2) $(SDK)/lib/libporthole.a -o $(1:$(B)/%=$(B)/debug/%)
	$$(Q)$$(OBJCOPY) --strip-all $(1:$(B)/%=$(B)/debug/%) $$@
endef

SERVER_PROGRAMS := $(SERVERS:%=$(B)/servers/%)
TEST_PROGRAMS := $(USER_TESTS:%=$(B)/tests/%) $(B)/tests/fuzzer $(B)/tests/object_model \
    $(if $(BENCH_SOURCES),$(B)/tests/bench)
$(foreach s,$(SERVERS),$(eval $(call program_rule,$(B)/servers/$(s),\
    $(call objects,$(sort $(wildcard servers/$(s)/*.c))))))
$(foreach t,$(USER_TESTS),$(eval $(call program_rule,$(B)/tests/$(t),\
    $(call objects,tests/user/$(t).c $(filter tests/user/$(t)/%,$(TEST_PARTS)) $(TEST_SUPPORT)))))
$(if $(BENCH_SOURCES),$(eval $(call program_rule,$(B)/tests/bench,$(call objects,$(BENCH_SOURCES)))))

# The kernel's routines and their requests, as MIG understood them, for the test of all of them.
$(B)/tests/include/routine_table.inc: tools/routines tools/interface/routines.py $(B)/kernel.elf $(MIG_USER_HEADERS)
	$(call say,TABLE,$@)
	@mkdir -p $(@D)
	$(Q)tools/routines table > $@
$(B)/obj/tests/user/support/routine_table.c.o: | $(B)/tests/include/routine_table.inc
$(eval $(call program_rule,$(B)/tests/object_model,$(call objects,$(MODEL_SOURCES) $(TEST_SUPPORT))))
$(eval $(call program_rule,$(B)/tests/fuzzer,$(call objects,$(FUZZ_SOURCES) $(TEST_SUPPORT))))
# The fuzzer's table of requests follows the definition files by itself.
$(B)/obj/tests/fuzz/requests.inc: tools/make/requests tools/interface/routines.py $(MIG_USER_HEADERS) \
    $(MIG_KERNEL_HEADERS)
	$(call say,TABLE,$@)
	@mkdir -p $(@D)
	$(Q)$(PYTHON) tools/make/requests > $@
$(call objects,tests/fuzz/request.c): $(B)/obj/tests/fuzz/requests.inc
$(call objects,$(FUZZ_SOURCES)): USER_CFLAGS += -I$(B)/obj/tests/fuzz

# ---------------------------------------------------------------- boot files

GNU_EFI := $(firstword $(dir $(wildcard /usr/lib/crt0-efi-x86_64.o /usr/lib64/gnuefi/crt0-efi-x86_64.o)))

$(B)/BOOTX64.EFI: $(EFI_OBJECTS)
	$(call say,EFI,$@)
	$(Q)$(LD) -shared -Bsymbolic -nostdlib -znocombreloc -z noexecstack --no-warn-rwx-segments \
	    -T $(GNU_EFI)elf_x86_64_efi.lds -L$(GNU_EFI) $(GNU_EFI)crt0-efi-x86_64.o \
	    $(EFI_OBJECTS) -lefi -lgnuefi -o $(B)/obj/loader.so
	$(Q)$(OBJCOPY) -j .text -j .sdata -j .data -j .rodata -j .dynamic -j .dynsym -j '.rel*' \
	    -j '.rela*' -j .reloc --target efi-app-x86_64 --subsystem=10 $(B)/obj/loader.so $@

# The archive of the demonstration: every server, and every other start script and data file.
INITRD_FILES := $(SERVER_PROGRAMS) $(sort $(filter-out servers/boot.cfg,$(wildcard servers/*.cfg))) \
    $(sort $(wildcard servers/files/*))
$(B)/initrd.cpio: servers/boot.cfg $(INITRD_FILES) $(B)/obj/initrd.list tools/mkinitrd
	$(call say,INITRD,$@)
	$(Q)tools/mkinitrd $@ servers/boot.cfg $(INITRD_FILES)
$(eval $(call list_rule,initrd,$(INITRD_FILES)))

BOOT_FILES := $(if $(EFI_SOURCES),$(B)/BOOTX64.EFI) $(if $(wildcard servers/boot.cfg),$(B)/initrd.cpio)
.PHONY: programs
programs: $(PROGRAMS) $(BOOT_FILES)

# ---------------------------------------------------------------- what to do with it

include tools/make/abi.mk
include tools/make/actions.mk

-include $(shell find $(B)/obj $(B)/mig $(B)/tests/host -name '*.d' 2> /dev/null)
