/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shell's commands. Each gets its words as a program gets argv, and prints.
 */
#pragma once

#include <mach.h>

/* Rights that the commands work with; set by main. */
struct shell_rights {
    mach_port_t host;           /* privileged host port */
    mach_port_t device_master;
    boolean_t colour;           /* the console is a terminal */
};
extern struct shell_rights shell;

/* Prints what was done and why it failed, if it did; TRUE if it worked. */
boolean_t worked(const char *what, kern_return_t result);
/* A send right to the first task of that name, or MACH_PORT_NULL with words. */
mach_port_t task_by_name(const char *name);
/* The kernel's identity of the first task of that name, 0 with words if there is none. */
uint64_t task_identity(const char *name);
/* Does what a line of words asks for. */
void command_execute(int argc, char **argv);
/* Waits for a key at the console and takes it; -1: there will be none. */
int console_get(void);
/* Frees out-of-line data that a call gave. */
void release(const void *data, vm_size_t bytes);

/* Does a command again and again (commands_watch.c). */
void command_watch(int argc, char **argv);
/* Tasks and what they have (commands_tasks.c). */
void command_tasks(int argc, char **argv);
void command_threads(int argc, char **argv);
void command_processors(int argc, char **argv);
void command_ports(int argc, char **argv);
void command_map(int argc, char **argv);
void command_kill(int argc, char **argv);
void command_suspend(int argc, char **argv);
void command_resume(int argc, char **argv);
/* Memory (commands_memory.c). */
void command_memory(int argc, char **argv);
void command_objects(int argc, char **argv);
void command_pager(int argc, char **argv);
void command_caches(int argc, char **argv);
/* Who pages what (commands_paging.c). */
void command_managers(int argc, char **argv);
void command_stores(int argc, char **argv);
void command_pages(int argc, char **argv);
/* Programs and the machine (commands_programs.c). */
void command_files(int argc, char **argv);
void command_run(int argc, char **argv);
void command_services(int argc, char **argv);
void command_poweroff(int argc, char **argv);
void command_reboot(int argc, char **argv);
