/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_MIG_ERRORS_H
#define MACH_MIG_ERRORS_H

#include <mach/kern_return.h>
#include <mach/message.h>

#define MIG_TYPE_ERROR      -300 /* client: the reply has the wrong types */
#define MIG_REPLY_MISMATCH  -301 /* client: the reply has the wrong id */
#define MIG_REMOTE_ERROR    -302
#define MIG_BAD_ID          -303 /* server: no such routine */
#define MIG_BAD_ARGUMENTS   -304 /* server: the request has the wrong types */
#define MIG_NO_REPLY        -305 /* handler: answered later, or never; it owns the request */
#define MIG_EXCEPTION       -306
#define MIG_ARRAY_TOO_LARGE -307
#define MIG_SERVER_DIED     -308 /* client: the reply right was destroyed */
#define MIG_DESTROY_REQUEST -309 /* handler: destroy the request, send no reply */

/*
 * What a generated server answers for a routine without a handler: as for an unknown id. It makes
 * MIG add weak default handlers.
 */
#define MIG_EOPNOTSUPP MIG_BAD_ID

typedef struct {
    mach_msg_header_t Head;
    mach_msg_type_t RetCodeType;
    kern_return_t RetCode;
} mig_reply_header_t;

typedef struct mig_symtab {
    char *ms_routine_name;
    int ms_routine_number;
    void (*ms_routine)(void);
} mig_symtab_t;

typedef void (*mig_routine_t)(mach_msg_header_t *, mach_msg_header_t *);

#endif
