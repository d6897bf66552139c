# SPDX-License-Identifier: BSD-2-Clause
#
# A module made of GNU Mach's headers and stubs alone, and the archive that boots it: the proof that
# what was built for GNU Mach runs here. The headers come with ./setup.

REFERENCE := $(firstword $(wildcard $(B)/host/usr/include/x86_64-linux-gnu/mach/mach.defs \
    /usr/include/x86_64-linux-gnu/mach/mach.defs /usr/include/mach/mach.defs))
REFERENCE := $(REFERENCE:/mach/mach.defs=)
AB := $(B)/tests/abi
ABI_INTERFACES := mach mach_port mach_host
ABI_CFLAGS := -std=gnu11 -O1 -g -ffreestanding -nostdinc -isystem $(GCC_INCLUDE) -isystem $(AB)/include \
    -isystem $(REFERENCE) -I$(AB) -fno-stack-protector -fno-pic -fno-pie -fcf-protection=none -w

# <mach/mig_support.h> comes with a C library in the reference's world, not with its kernel headers.
$(AB)/include/mach/mig_support.h:
	@mkdir -p $(@D)
	@printf '%s\n' '#include <mach/message.h>' 'mach_port_t mig_get_reply_port(void);' \
	    'void mig_dealloc_reply_port(mach_port_t);' 'void mig_put_reply_port(mach_port_t);' \
	    'extern __SIZE_TYPE__ mig_strncpy(char *, const char *, int);' \
	    'void *memcpy(void *, const void *, __SIZE_TYPE__);' > $@

$(ABI_INTERFACES:%=$(AB)/%.c): $(AB)/%.c: $(REFERENCE)/mach/%.defs
	$(call say,MIG,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -E -x c -undef -D__x86_64__ -D__LP64__ -nostdinc -I$(REFERENCE) $< \
	    | $(MIGCOM) -server /dev/null -user $@ -header $(@:.c=.h)

$(AB)/module: tests/abi/module.c $(ABI_INTERFACES:%=$(AB)/%.c) $(AB)/include/mach/mig_support.h
	$(call say,CC,$@)
	$(Q)$(CC) $(ABI_CFLAGS) -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,noexecstack \
	    $(filter %.c,$^) -o $@

$(AB)/initrd.cpio: tests/abi/boot.cfg $(AB)/module tools/mkinitrd
	$(call say,INITRD,$@)
	$(Q)tools/mkinitrd $@ tests/abi/boot.cfg $(AB)/module

.PHONY: abi-module
abi-module: $(AB)/initrd.cpio
