# SPDX-License-Identifier: BSD-2-Clause
#
# Modules made of GNU Mach's headers and stubs alone, one for each subsystem: the proof that what was
# built for GNU Mach runs here. The headers come with ./setup. A file tests/abi/NAME.c is a module; what
# they share is in tests/abi/support/.

REFERENCE := $(firstword $(wildcard $(B)/host/usr/include/x86_64-linux-gnu/mach/mach.defs \
    /usr/include/x86_64-linux-gnu/mach/mach.defs /usr/include/mach/mach.defs))
REFERENCE := $(REFERENCE:/mach/mach.defs=)
AB := $(B)/tests/abi
# Requests that modules make, and those that they answer.
ABI_USER := mach mach_port mach_host mach4 gnumach mach_debug mach_i386 device device_request
ABI_SERVER := memory_object exc notify task_notify device_reply
ABI_CFLAGS := -std=gnu11 -O1 -g -ffreestanding -nostdinc -isystem $(GCC_INCLUDE) -isystem $(REFERENCE) \
    -I$(AB)/mig -Itests/abi/support -fno-stack-protector -fno-pic -fno-pie -fcf-protection=none \
    -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections -mno-red-zone
ABI_MODULES := $(sort $(patsubst tests/abi/%.c,$(AB)/%,$(wildcard tests/abi/*.c)))
ABI_SHARED := $(ABI_USER:%=$(AB)/mig/%.o) $(ABI_SERVER:%=$(AB)/mig/%_server.o) \
    $(patsubst tests/abi/support/%,$(AB)/support/%.o,$(wildcard tests/abi/support/*.[cS]))
ABI_HEADERS := $(ABI_USER:%=$(AB)/mig/%.h) $(ABI_SERVER:%=$(AB)/mig/%_server.h)

abi_defs = $(firstword $(wildcard $(foreach d,mach mach/x86_64 mach_debug device,$(REFERENCE)/$(d)/$(1).defs)))
ABI_MIG = mkdir -p $(@D); $(CC) -E -x c -undef -D__x86_64__ -D__LP64__ -DMACH_PCSAMPLE -nostdinc \
    -I$(REFERENCE) $< | $(MIGCOM)

define abi_user_rule
$(AB)/mig/$(1).c $(AB)/mig/$(1).h &: $(call abi_defs,$(1)) tools/make/abi.mk
	$$(call say,MIG,$(AB)/mig/$(1).c)
	$$(Q)$$(ABI_MIG) -server /dev/null -user $(AB)/mig/$(1).c -header $(AB)/mig/$(1).h
endef
define abi_server_rule
$(AB)/mig/$(1)_server.c $(AB)/mig/$(1)_server.h &: $(call abi_defs,$(1)) tools/make/abi.mk
	$$(call say,MIG,$(AB)/mig/$(1)_server.c)
	$$(Q)$$(ABI_MIG) -user /dev/null -header /dev/null -server $(AB)/mig/$(1)_server.c \
	    -sheader $(AB)/mig/$(1)_server.h
endef
$(if $(REFERENCE),$(foreach d,$(ABI_USER),$(eval $(call abi_user_rule,$(d)))) \
    $(foreach d,$(ABI_SERVER),$(eval $(call abi_server_rule,$(d)))))

$(AB)/mig/%.o: $(AB)/mig/%.c
	$(Q)$(CC) $(ABI_CFLAGS) -w -c $< -o $@

$(AB)/support/%.o: tests/abi/support/% tools/make/abi.mk | $(ABI_HEADERS)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ABI_CFLAGS) $(WARNINGS) -D__ELF__ -MMD -MP -MF $@.d -c $< -o $@

$(AB)/libabi.a: $(ABI_SHARED)
	@rm -f $@
	$(Q)$(AR) crsD $@ $^

$(ABI_MODULES): $(AB)/%: tests/abi/%.c $(AB)/libabi.a tools/make/abi.mk
	$(call say,CC,$@)
	$(Q)$(CC) $(ABI_CFLAGS) $(WARNINGS) -MMD -MP -MF $@.d -nostdlib -static -no-pie -Wl,--gc-sections \
	    -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-z,max-page-size=4096 -Wl,-u,_start \
	    $< $(AB)/libabi.a -o $@

.PHONY: abi-modules
abi-modules: $(ABI_MODULES)
-include $(wildcard $(AB)/*.d $(AB)/support/*.d)
