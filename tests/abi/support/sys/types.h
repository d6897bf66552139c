/* SPDX-License-Identifier: BSD-2-Clause */
/* The C library's header, as far as the reference's headers need it. */
#pragma once

#include <stddef.h>
#include <stdint.h>
