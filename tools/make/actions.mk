# SPDX-License-Identifier: BSD-2-Clause
#
# The targets that do something with what was built; a line that begins with #: is shown by make help.

MEMORY ?= 64
DOOR ?= uefi
DISK ?= new:512
RUN = tools/run --memory $(MEMORY) --disk $(DISK) --initrd $(B)/initrd.cpio

.PHONY: help doctor run demo gdb image test bench abi-check clean
help:
	@sed -n 's/^#: //p' tools/make/actions.mk

#: make              build the kernel, the loader, the runtime and all programs into build/
#: make doctor       say which tools are missing or too old, and how to install them
doctor:
	@tools/doctor

#: make run          boot the demonstration by UEFI on a fresh paging disk; Ctrl-A X leaves
#:                   (MEMORY=MiB, DOOR=uefi|pvh, DISK=FILE|new:MiB, CMDLINE="words")
#:                   TRACE=FILE.json writes what the kernel recorded, for Perfetto or chrome://tracing
# Leaving is no error: status 8.
run: all
	@$(RUN) --door $(DOOR) --cmdline "$(CMDLINE)$(if $(TRACE), trace)" \
	    $(if $(TRACE),--report $(B)/trace.events) || [ $$? = 8 ]
	$(if $(TRACE),@tools/trace $(B)/trace.events --json $(TRACE))

#: make demo         the demonstration with 64 MiB, through each door, without the shell
demo: all
	@tests/run --demo

#: make gdb          GDB on a stopped guest with kernel and server symbols (PROGRAM="NAME..." for some)
gdb: all
	@PROGRAM="$(PROGRAM)" tools/debug --memory $(MEMORY) --disk $(DISK) --cmdline "$(CMDLINE)"

#: make image        build/porthole.img, a GPT disk image that boots by UEFI, also from a USB stick
image: $(B)/porthole.img
$(B)/porthole.img: $(BOOT_FILES) $(B)/kernel.elf tools/mkimage
	$(call say,IMAGE,$@)
	$(Q)tools/mkimage $@ $(B)/BOOTX64.EFI $(B)/kernel.elf $(B)/initrd.cpio "$(CMDLINE)"

#: make test         all tests as TAP, then the line `N passed, N failed` (T=PATTERN for some)
test: all test-guests host-tests $(if $(REFERENCE),abi-modules)
	@tests/run $(if $(T),--only '$(T)')

#: make bench        what operations cost, in executed guest instructions, beside other systems
bench: all
	@tools/bench

#: make abi-check    compare our headers with GNU Mach's: sizes, offsets, constants, message ids
abi-check: $(SDK)/.stamp
	@tools/abi-check

# Guests of a few instructions that end in every possible way, for the tests of the runner.
TEST_GUESTS := SUCCEED FAIL PANIC TRIPLE_FAULT HANG SILENT POWER_OFF REPORT
TEST_GUEST_FILES := $(TEST_GUESTS:%=$(B)/tests/runner/%.elf)
.PHONY: test-guests
test-guests: $(TEST_GUEST_FILES)
$(TEST_GUEST_FILES): $(B)/tests/runner/%.elf: tests/runner/guest.asm
	$(call say,NASM,$@)
	@mkdir -p $(@D)
	$(Q)$(NASM) -f elf32 -w-zext-reloc -D$* $< -o $(@:.elf=.o)
	$(Q)$(LD) -m elf_i386 -Ttext 0x200000 -e start --no-warn-rwx-segments $(@:.elf=.o) -o $@

# Parts of the kernel as programs of this machine. A comment `host-test: FILE...` in tests/host/NAME.c
# names the sources under test; `host-flags: FLAG...` adds to how they are compiled.
HOST_TESTS := $(patsubst tests/host/%.c,$(B)/tests/host/%,$(wildcard tests/host/*.c))
host_comment = $(shell sed -n 's,.*$(1): *\(.*[^ ]\) *\*/.*,\1,p' tests/host/$(2).c)
.PHONY: host-tests
host-tests: $(HOST_TESTS)
.SECONDEXPANSION:
$(HOST_TESTS): $(B)/tests/host/%: tests/host/%.c $$(call host_comment,host-test,$$*) Makefile \
    | $(MIG_USER_HEADERS)
	$(call say,HOSTCC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -DKERNEL=1 \
	    -Wall -Wextra -Werror -I. -Iinclude $(call host_comment,host-flags,$*) \
	    -MMD -MP -MF $@.d $< $(call host_comment,host-test,$*) -o $@

# For editors: how each file is compiled; made again when a file comes or goes.
compile_commands.json: $(B)/obj/sources.list Makefile tools/compile-commands
	$(call say,JSON,$@)
	$(Q)$(MAKE) --no-print-directory -Bn V=1 $(B)/kernel.elf $(SDK)/.stamp programs \
	    | tools/compile-commands > $@
$(eval $(call list_rule,sources,$(KERNEL_SOURCES) $(LIB_SOURCES) $(EFI_SOURCES) $(USER_SOURCES)))

#: make clean        remove what was built; what ./setup fetched stays in build/host
clean:
	$(call say,CLEAN,$(B))
	$(Q)if [ -d $(B) ]; then find $(B) -mindepth 1 -maxdepth 1 ! -name host -exec rm -rf {} +; fi
	$(Q)rm -f compile_commands.json
