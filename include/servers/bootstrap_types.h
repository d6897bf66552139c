/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SERVERS_BOOTSTRAP_TYPES_H
#define SERVERS_BOOTSTRAP_TYPES_H

typedef char bootstrap_name_t[64];
typedef const char *const_bootstrap_name_t;
typedef char bootstrap_arguments_t[512];
typedef const char *const_bootstrap_arguments_t;
#define BOOTSTRAP_LIST_MAX 2000
typedef char bootstrap_list_t[BOOTSTRAP_LIST_MAX];
typedef const char *const_bootstrap_list_t;

#endif
