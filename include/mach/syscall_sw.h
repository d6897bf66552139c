/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_SYSCALL_SW_H
#define MACH_SYSCALL_SW_H

/* Trap numbers. The number goes to rax; arguments in rdi rsi rdx r10 r8 r9, then the stack. */
#define TRAP_MACH_MSG                       (-25)
#define TRAP_MACH_REPLY_PORT                (-26)
#define TRAP_MACH_THREAD_SELF               (-27)
#define TRAP_MACH_TASK_SELF                 (-28)
#define TRAP_MACH_HOST_SELF                 (-29)
#define TRAP_MACH_PRINT                     (-30)
#define TRAP_SWTCH_PRI                      (-59)
#define TRAP_SWTCH                          (-60)
#define TRAP_THREAD_SWITCH                  (-61)
#define TRAP_VM_MAP                         (-64)
#define TRAP_VM_ALLOCATE                    (-65)
#define TRAP_VM_DEALLOCATE                  (-66)
#define TRAP_TASK_CREATE                    (-68)
#define TRAP_TASK_TERMINATE                 (-69)
#define TRAP_TASK_SUSPEND                   (-70)
#define TRAP_TASK_SET_SPECIAL_PORT          (-71)
#define TRAP_MACH_PORT_ALLOCATE             (-72)
#define TRAP_MACH_PORT_DEALLOCATE           (-73)
#define TRAP_MACH_PORT_INSERT_RIGHT         (-74)
#define TRAP_MACH_PORT_ALLOCATE_NAME        (-75)
#define TRAP_THREAD_DEPRESS_ABORT           (-76)
#define TRAP_THREAD_SET_SELF_STATE          (-77)

#endif
