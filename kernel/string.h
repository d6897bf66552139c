/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory and strings: the library's functions (lib/string.c, lib/string_copy.c), with which the kernel is built too. */
#pragma once

#include "lib/include/string.h"
