/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and memory, mostly changed as programs do, so that there is something to break. */
#include "choose.h"
#include "operations.h"

#define ID_VM_DEALLOCATE 2023
#define ID_VM_PROTECT    2024
#define ID_VM_INHERIT    2025
#define ID_VM_WRITE      2027
#define ID_VM_COPY       2028
#define ID_VM_MAP        2089
#define ID_RENAME        3202
#define ID_DESTROY       3205
#define ID_MOD_REFS      3208
#define ID_SET_QLIMIT    3210
#define ID_MOVE_MEMBER   3213
#define ID_NOTIFICATION  3214
#define ID_INSERT_RIGHT  3215
#define ID_EXTRACT_RIGHT 3216

static void make_port(struct member *member, mach_port_right_t right)
{
    mach_port_name_t name = MACH_PORT_NULL;

    syscall_mach_port_allocate(mach_task_self(), right, &name);
    if (right == MACH_PORT_RIGHT_RECEIVE && !choose_seldom(member, 4))
        syscall_mach_port_insert_right(mach_task_self(), name, name, MACH_MSG_TYPE_MAKE_SEND);
    choose_remember(member, right == MACH_PORT_RIGHT_PORT_SET ? TARGET_SET : TARGET_ANY, name);
}

static void ask_for_notification(struct member *member)
{
    CALL(member, mach_task_self(), ID_NOTIFICATION, choose_name(member, TARGET_ANY),
         MACH_NOTIFY_FIRST + choose(member, 10), choose(member, 2), choose_name(member, TARGET_ANY),
         MACH_MSG_TYPE_MAKE_SEND_ONCE);
}

void port_change(struct member *member)
{
    mach_port_name_t self = mach_task_self(), name = choose_name(member, TARGET_ANY);

    switch (choose(member, 12)) {
    case 0:
    case 1:
    case 2:
        make_port(member, MACH_PORT_RIGHT_RECEIVE);
        break;
    case 3:
        make_port(member, choose_seldom(member, 4) ? choose(member, 6) : MACH_PORT_RIGHT_PORT_SET);
        break;
    case 4:
        CALL(member, self, ID_MOVE_MEMBER, name,
             choose_seldom(member, 4) ? MACH_PORT_NULL : choose_name(member, TARGET_SET));
        break;
    case 5:
        ask_for_notification(member);
        break;
    case 6:
        CALL(member, choose_name(member, TARGET_TASK), ID_EXTRACT_RIGHT, name, choose_disposition(member));
        break;
    case 7:
        CALL(member, choose_name(member, TARGET_TASK), ID_INSERT_RIGHT, choose_name(member, TARGET_ANY), name,
             choose_disposition(member));
        break;
    case 8:
        CALL(member, self, ID_RENAME, name, choose_name(member, TARGET_ANY) + choose(member, 3) * 256);
        break;
    case 9:
        CALL(member, self, ID_MOD_REFS, name, choose(member, 5), (uint64_t)choose(member, 5) - 2);
        break;
    case 10:
        CALL(member, self, ID_SET_QLIMIT, name, choose(member, 17));
        break;
    default:
        CALL(member, self, ID_DESTROY, name);
    }
}

static void map_object(struct member *member, mach_port_t task)
{
    vm_address_t address = choose_address(member);

    CALL(member, task, ID_VM_DEALLOCATE, address, PAGE_SIZE);
    CALL(member, task, ID_VM_MAP, address, choose_size(member), 0, FALSE, choose_name(member, TARGET_ANY),
         choose(member, 4) * PAGE_SIZE, choose_seldom(member, 2), 7, 7, choose(member, 3));
}

/* Of the whole family: its tasks share what they inherit and map. */
void memory_change(struct member *member)
{
    mach_port_t task = choose_seldom(member, 4) ? choose_name(member, TARGET_TASK) : mach_task_self();
    vm_address_t address = choose_address(member);
    vm_size_t size = choose_size(member);

    switch (choose(member, 8)) {
    case 0:
    case 1:
        syscall_vm_allocate(task, &address, size, FALSE);
        break;
    case 2:
        syscall_vm_deallocate(task, address, size);
        break;
    case 3:
        CALL(member, task, ID_VM_PROTECT, address, size, FALSE,
             choose_seldom(member, 4) ? choose(member, 8) : 7);
        break;
    case 4:
        CALL(member, task, ID_VM_INHERIT, address, size, choose(member, 4));
        break;
    case 5:
        CALL(member, task, ID_VM_COPY, address, size, choose_address(member));
        break;
    case 6:
        CALL(member, task, ID_VM_WRITE, address, choose_address(member), size);
        break;
    default:
        map_object(member, task);
    }
}
