/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>

void assert_failed(const char *condition, const char *file, int line, const char *function)
{
    printf("%s:%d: %s: `%s` does not hold\n", file, line, function, condition);
    abort();
}
