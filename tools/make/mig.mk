# SPDX-License-Identifier: BSD-2-Clause
#
# Stubs by MIG. A definition file NAME.defs gives
#   kernel   build/mig/kernel/mig/NAME_server.{c,h}      the kernel answers these requests
#            build/mig/kernel/mig/NAME.{c,h}             the kernel sends these messages
#   user     build/mig/user/mig/NAME.{c,h}               programs send these requests
#            build/mig/user/mig/nowait_mach.{c,h}        the same, and never wait for room in a port
#            build/mig/user/mig/NAME_server.{c,h}        programs answer them
#            build/mig/user/mig/seqnos_NAME_server.{c,h} the same, told each message's sequence number
# so that code says #include <mig/NAME.h> or <mig/NAME_server.h>, in the kernel as in a program.
# A definition file that does not exist is left out.

MIGCOM := $(firstword $(wildcard $(B)/host/usr/lib/mig/x86_64-gnu-migcom \
    /usr/lib/mig/x86_64-gnu-migcom /usr/libexec/x86_64-gnu-migcom) x86_64-gnu-migcom)
MIG_CPP = $(CC) -E -x c -undef -nostdinc -D__x86_64__ -D__LP64__ -Iinclude

# Where the named interfaces are defined.
defs_of = $(wildcard $(foreach d,mach mach/machine mach_debug device servers,$(1:%=include/$(d)/%.defs)))
ALL_DEFS := $(filter-out %types.defs,\
    $(wildcard include/mach/*.defs include/mach/machine/*.defs include/mach_debug/*.defs \
        include/device/*.defs include/servers/*.defs))

KERNEL_SERVER_DEFS := $(call defs_of,\
    mach mach_port mach_host mach4 gnumach mach_debug mach_i386 vm_osf device \
    porthole_debug porthole_memory)
KERNEL_USER_DEFS := $(call defs_of,\
    memory_object memory_object_default exc notify device_reply task_notify)
USER_SERVER_DEFS := $(sort $(wildcard include/servers/*.defs) $(call defs_of,\
    memory_object memory_object_default default_pager exc notify device device_reply bootstrap))
SEQNOS_DEFS := $(if $(USER_SERVER_DEFS),$(shell grep -l SEQNOS $(USER_SERVER_DEFS)))

# MIG computes the size of an array in 32 bits, in which the size of 2^30 integers is that of none: so many
# would pass its check. The sum is made in 64 bits instead.
# mig_rule: base name of the output, definition file, preprocessor flags, unwanted and wanted output
define mig_rule
$(1).c $(1).h $(1).ids &: $(2) tools/make/mig.mk
	$$(call say,MIG,$(1).c)
	@mkdir -p $$(@D)
	@command -v $$(MIGCOM) > /dev/null || \
	    { echo 'MIG is missing: run ./setup, which installs all that is needed (make doctor names it)'; exit 1; }
	$$(Q)$$(MIG_CPP) $(3) -MD -MF $(1).mig.d -MT $(1).c -MP $(2) | $$(MIGCOM) $(4) -list $(1).ids
	$$(Q)sed -i -e '/msgh_size/s/\(In[0-9]*P\|OutP\)->\w*Type\.\(msgtl_header\.\)\?msgtl\?_number/(unsigned long)&/' \
	    -e 's/unsigned int msgh_size_delta/unsigned long msgh_size_delta/' $(1).c
endef
mig_server = $(call mig_rule,$(1),$(2),$(3),-user /dev/null -header /dev/null -server $(1).c -sheader $(1).h)
mig_user = $(call mig_rule,$(1),$(2),$(3),-server /dev/null -user $(1).c -header $(1).h)

name_of = $(basename $(notdir $(1)))
KM := $(B)/mig/kernel/mig
UM := $(B)/mig/user/mig
$(foreach d,$(KERNEL_SERVER_DEFS),$(eval $(call mig_server,$(KM)/$(call name_of,$(d))_server,$(d),-DKERNEL=1 -DKERNEL_SERVER=1)))
$(foreach d,$(KERNEL_USER_DEFS),$(eval $(call mig_user,$(KM)/$(call name_of,$(d)),$(d),-DKERNEL=1 -DKERNEL_USER=1)))
$(foreach d,$(ALL_DEFS),$(eval $(call mig_user,$(UM)/$(call name_of,$(d)),$(d),)))
$(eval $(call mig_user,$(UM)/nowait_mach,include/mach/mach.defs,-DNO_WAIT=1))
$(foreach d,$(USER_SERVER_DEFS),$(eval $(call mig_server,$(UM)/$(call name_of,$(d))_server,$(d),)))
$(foreach d,$(SEQNOS_DEFS),$(eval $(call mig_server,$(UM)/seqnos_$(call name_of,$(d))_server,$(d),-DSEQNOS=1)))

MIG_KERNEL_BASES := $(foreach d,$(KERNEL_SERVER_DEFS),$(KM)/$(call name_of,$(d))_server) \
    $(foreach d,$(KERNEL_USER_DEFS),$(KM)/$(call name_of,$(d)))
MIG_USER_BASES := $(foreach d,$(ALL_DEFS),$(UM)/$(call name_of,$(d))) $(UM)/nowait_mach \
    $(foreach d,$(USER_SERVER_DEFS),$(UM)/$(call name_of,$(d))_server) \
    $(foreach d,$(SEQNOS_DEFS),$(UM)/seqnos_$(call name_of,$(d))_server)
MIG_KERNEL_HEADERS := $(MIG_KERNEL_BASES:%=%.h)
MIG_USER_HEADERS := $(MIG_USER_BASES:%=%.h)
MIG_KERNEL_OBJECTS := $(MIG_KERNEL_BASES:%=%.c.o)
MIG_USER_OBJECTS := $(MIG_USER_BASES:%=%.c.o)
