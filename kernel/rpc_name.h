/* SPDX-License-Identifier: BSD-2-Clause */
/* Names that users give to tasks and threads. */
#pragma once

#include <stddef.h>

/* Copies a name out of a request, which need not be ended, up to bytes with the end; unprintable
   characters become '?'. */
void rpc_name_copy(char *to, size_t bytes, const char *name);
