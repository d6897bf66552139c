/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef MACH_MACH_PARAM_H
#define MACH_MACH_PARAM_H

#define TASK_PORT_REGISTER_MAX 4 /* mach_ports_register */

#endif
