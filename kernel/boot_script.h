/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boot script: which programs of the archive start, with what arguments (GNU Mach's words).
 *
 *     # a comment
 *     FILE ARGUMENT... $(task-create) $(task-resume)
 *
 *   ${host-port}, ${device-port}     decimal names of send rights in the new task
 *   ${kernel-command-line}           the whole text, as (part of) one argument
 *   ${NAME}                          a task made by $(NAME=task-create) on any line, as a port name;
 *                                    or the value of NAME=value on the kernel's command line
 *   $(task-create)                   makes the task; every line needs it
 *   $(task-resume)                   lets it run, once all lines have been read
 *   $(prompt-task-resume)            the same, after the return key
 */
#pragma once

/* Runs the script of the archive; boot=FILE on the command line names another than boot.cfg. An
   error ends the system's run with file, line and reason. */
void boot_script_run(void);
