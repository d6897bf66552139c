# SPDX-License-Identifier: BSD-2-Clause
#
# The targets that do something with what was built.

.PHONY: help clean
help:
	@sed -n 's/^#: //p' tools/make/actions.mk

#: make              build the kernel, the loader, the runtime and all programs into build/
#: make clean        remove what was built; tools fetched by ./setup stay in build/host
clean:
	$(call say,CLEAN,$(B))
	$(Q)if [ -d $(B) ]; then find $(B) -mindepth 1 -maxdepth 1 ! -name host -exec rm -rf {} +; fi
	$(Q)rm -f compile_commands.json
