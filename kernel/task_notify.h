/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Telling of new tasks (register_new_task_notification).
 */
#pragma once

#include <stdbool.h>

struct task;

/*
 * Sends mach_notify_new_task with send rights for a task that has just been made and its parent (the
 * null port for the kernel's), if somebody has asked for it. False: the message would be lost, for
 * lack of memory or because too many have not been received yet. Does not sleep.
 */
bool task_notify_new(struct task *task, struct task *parent);
