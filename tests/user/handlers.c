/* SPDX-License-Identifier: BSD-2-Clause */
/* Exception handlers: those that help, those that fail, those that answer nonsense. */
#include "exception.h"
#include "registers.h"
#include "test.h"
#include "wire.h"

/* Raises EXC_BREAKPOINT, over and over; counts the times that it was let go on. */
static void raise_for_ever(void *counter)
{
    for (;;) {
        __asm__ volatile("int3");
        ++*(volatile uint64_t *)counter;
    }
}

/* A task whose thread raises exceptions, and its two handlers. */
struct raiser {
    struct helper helper;
    mach_port_t of_thread, of_task;
    volatile uint64_t *count;
};

static void raiser_start(struct raiser *raiser)
{
    raiser->count = (volatile uint64_t *)shared_memory(PAGE_SIZE);
    raiser->of_thread = port_make(TRUE);
    raiser->of_task = port_make(TRUE);
    helper_create(&raiser->helper, raise_for_ever, (void *)raiser->count);
    CHECK_OK(thread_set_special_port(raiser->helper.thread, THREAD_EXCEPTION_PORT,
                                     raiser->of_thread));
    CHECK_OK(task_set_special_port(raiser->helper.task, TASK_EXCEPTION_PORT, raiser->of_task));
    helper_run(&raiser->helper);
}

static boolean_t is_dead(void *name)
{
    return port_type(*(mach_port_t *)name) == MACH_PORT_TYPE_DEAD_NAME;
}

static boolean_t has_counted(void *raiser)
{
    return *((struct raiser *)raiser)->count > 0;
}

TEST(0, a_handler_that_gives_its_answer_right_up_counts_as_none)
{
    struct raiser raiser;
    struct exception exception;

    raiser_start(&raiser);
    exception_expect(raiser.of_thread, &exception);
    CHECK_OK(mach_port_deallocate(mach_task_self(), exception.reply));
    exception_expect(raiser.of_task, &exception);
    CHECK_EQ(exception.exception, EXC_BREAKPOINT);
    CHECK_EQ(*raiser.count, 0);
    exception_answer(&exception, KERN_SUCCESS);
    exception_expect(raiser.of_thread, &exception); /* the next one begins at the thread again */
    CHECK_EQ(*raiser.count, 1);
    exception_answer(&exception, KERN_FAILURE);
    exception_expect(raiser.of_task, &exception);
    CHECK_OK(mach_port_deallocate(mach_task_self(), exception.reply));
    CHECK(wait_until(is_dead, &raiser.helper.task, CLIENT_WAIT));
}

TEST(0, an_answer_of_no_reply_lets_the_program_go_on)
{
    struct raiser raiser;
    struct exception exception;

    raiser_start(&raiser);
    exception_expect(raiser.of_thread, &exception);
    exception_answer(&exception, MIG_NO_REPLY);
    CHECK(wait_until(has_counted, &raiser, CLIENT_WAIT));
    helper_end(&raiser.helper);
}

/* ---- nonsense */

static mach_port_t carried;

static void short_answer(struct wire *wire)
{
    wire->header.msgh_id = ID_EXCEPTION + 100;
}

static void wrong_id(struct wire *wire)
{
    wire_add_number(wire, KERN_SUCCESS);
    wire->header.msgh_id = ID_EXCEPTION + 101;
}

static void long_answer(struct wire *wire)
{
    short_answer(wire);
    for (unsigned i = 0; i < 100; i++)
        wire_add_number(wire, KERN_SUCCESS);
}

static void two_numbers(struct wire *wire)
{
    short_answer(wire);
    wire_add_number(wire, KERN_SUCCESS);
    wire_add_number(wire, KERN_SUCCESS);
}

static void wrong_type(struct wire *wire)
{
    static const mach_msg_type_t reals = { .msgt_name = MACH_MSG_TYPE_REAL,
                                           .msgt_size = 32,
                                           .msgt_number = 1,
                                           .msgt_inline = TRUE };

    short_answer(wire);
    *(int *)wire_add(wire, reals, 4, FALSE) = KERN_SUCCESS;
}

static void a_right(struct wire *wire)
{
    short_answer(wire);
    carried = port_make(FALSE);
    wire_add_port(wire, carried, MACH_MSG_TYPE_MOVE_RECEIVE);
}

static void a_right_and_memory(struct wire *wire)
{
    wire_add_number(wire, KERN_SUCCESS);
    a_right(wire);
    wire_add_memory(wire, wire, 64, FALSE);
}

static void a_reply_port(struct wire *wire)
{
    short_answer(wire);
    wire_add_number(wire, KERN_SUCCESS);
    wire_reply_port(wire, port_make(TRUE), MACH_MSG_TYPE_COPY_SEND);
}

TEST(0, a_handler_that_answers_nonsense_counts_as_none)
{
    void (*const nonsense[])(struct wire *) = {
        short_answer, wrong_id, long_answer, two_numbers, wrong_type, a_right, a_right_and_memory,
        a_reply_port,
    };
    static struct wire wire;
    struct exception exception;
    struct raiser raiser;

    raiser_start(&raiser);
    for (unsigned i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
        exception_expect(raiser.of_thread, &exception);
        wire_begin(&wire, exception.reply, MACH_MSG_TYPE_MOVE_SEND_ONCE, 0);
        nonsense[i](&wire);
        CHECK_OK(wire_send(&wire, 0));
        exception_expect(raiser.of_task, &exception);
        CHECK_EQ(*raiser.count, i);
        exception_answer(&exception, KERN_SUCCESS);
    }
    exception_expect(raiser.of_thread, &exception);
    CHECK_EQ(port_type(carried), MACH_PORT_TYPE_NONE);
    helper_end(&raiser.helper);
}

/* ---- handlers in trouble */

struct handler {
    mach_port_t port;
    struct exception exception;
};

/* Handles one exception, and stumbles over one of its own on the way. */
static uint64_t stumbling_handler(void *argument)
{
    struct handler *handler = argument;

    exception_expect(handler->port, &handler->exception);
    __asm__ volatile("int3");
    exception_answer(&handler->exception, KERN_SUCCESS);
    return 1;
}

TEST(0, an_exception_of_a_handler_goes_to_the_handlers_handler)
{
    struct raiser raiser;
    struct handler handler;
    struct client client;

    raiser_start(&raiser);
    handler.port = raiser.of_thread;
    client_call(&client, stumbling_handler, &handler);
    client_expect_exception(&client, EXC_BREAKPOINT, EXC_I386_BPT);
    CHECK_EQ(*raiser.count, 0);
    client_retry(&client);
    CHECK_EQ(client_finish(&client), 1);
    CHECK(wait_until(has_counted, &raiser, CLIENT_WAIT));
    helper_end(&raiser.helper);
}

static void take_and_hold(void *port)
{
    struct exception exception;

    exception_expect((mach_port_t)(uintptr_t)port, &exception);
    for (;;)
        thread_sleep(1000);
}

TEST(0, a_handler_that_dies_over_an_exception_counts_as_none)
{
    struct raiser raiser;
    struct exception exception;
    struct helper handler;
    mach_port_t port = port_make(TRUE);

    raiser_start(&raiser);
    exception_expect(raiser.of_thread, &exception);
    CHECK_OK(thread_set_special_port(raiser.helper.thread, THREAD_EXCEPTION_PORT, port));
    helper_create(&handler, take_and_hold, (void *)(uintptr_t)port);
    helper_give(&handler, port, MACH_MSG_TYPE_MOVE_RECEIVE);
    helper_run(&handler);
    exception_answer(&exception, KERN_SUCCESS);
    CHECK(!exception_receive(raiser.of_task, &exception, 200)); /* the other task has it */
    helper_end(&handler);
    exception_expect(raiser.of_task, &exception);
    exception_answer(&exception, KERN_FAILURE);
    CHECK(wait_until(is_dead, &raiser.helper.task, CLIENT_WAIT));
}

/* ---- the one who waits */

static void elsewhere(void)
{
    __asm__ volatile("ud2");
}

TEST(0, an_abort_ends_the_wait_for_a_handler_and_a_late_answer_means_nothing)
{
    struct raiser raiser;
    struct exception old, new;
    struct i386_thread_state state;

    raiser_start(&raiser);
    exception_expect(raiser.of_thread, &old);
    CHECK_OK(thread_suspend(raiser.helper.thread));
    CHECK_OK(thread_abort(raiser.helper.thread));
    registers_get(raiser.helper.thread, &state);
    state.rip = (uintptr_t)elsewhere;
    registers_set(raiser.helper.thread, &state);
    CHECK_OK(thread_resume(raiser.helper.thread));
    exception_expect(raiser.of_thread, &new);
    CHECK_EQ(new.exception, EXC_BAD_INSTRUCTION);
    CHECK_EQ(port_type(old.reply), MACH_PORT_TYPE_DEAD_NAME);
    CHECK(!exception_receive(raiser.of_thread, &old, 100)); /* it waits for the new answer */
    registers_get(raiser.helper.thread, &state);
    state.rip += 2;
    state.rip = (uintptr_t)raise_for_ever;
    state.rdi = (uintptr_t)raiser.count;
    registers_set(raiser.helper.thread, &state);
    exception_answer(&new, KERN_SUCCESS);
    exception_expect(raiser.of_thread, &new);
    CHECK_EQ(new.exception, EXC_BREAKPOINT);
    helper_end(&raiser.helper);
}

TEST(0, an_exception_tells_the_kernel_ports_that_an_interposer_has_set)
{
    mach_port_t thread = port_make(TRUE), task = port_make(TRUE);
    struct exception exception;
    struct raiser raiser;

    raiser_start(&raiser);
    exception_expect(raiser.of_thread, &exception);
    CHECK_EQ(exception.thread, raiser.helper.thread);
    CHECK_EQ(exception.task, raiser.helper.task);
    CHECK_OK(thread_set_special_port(raiser.helper.thread, THREAD_KERNEL_PORT, thread));
    CHECK_OK(task_set_special_port(raiser.helper.task, TASK_KERNEL_PORT, task));
    exception_answer(&exception, KERN_SUCCESS);
    exception_expect(raiser.of_thread, &exception);
    CHECK_EQ(exception.thread, thread);
    CHECK_EQ(exception.task, task);
    helper_end(&raiser.helper);
}
