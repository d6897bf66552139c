/* SPDX-License-Identifier: BSD-2-Clause */
/* No guard: as in standard C, each inclusion looks at NDEBUG anew. */
#include <stdlib.h>

#undef assert
#ifdef NDEBUG
#define assert(condition) ((void)0)
#else
/* Prints what does not hold and where, and ends the task by abort. */
#define assert(condition)                                                                          \
    ((condition) ? (void)0 : assert_failed(#condition, __FILE__, __LINE__, __func__))
#endif
