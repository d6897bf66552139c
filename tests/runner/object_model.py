# SPDX-License-Identifier: BSD-2-Clause
"""The reference model of one memory object, run beside the kernel (tests/object_model/): a million operations."""
import dataclasses

from guest import object_model
from runner.case import single

OPERATIONS = 270000     # of each run; some find nothing to do
SEEDS = (1, 2, 3, 4)    # of the runs on one processor
DONE_MIN = 250000
OPERATIONS_SEVERAL = 30000
SHRINK_SECONDS = 200    # a failure need not be as small as can be
SECONDS = 400           # for a run on a loaded machine


def agrees(seed, operations, done_min, machine):
    """Kernel and model agree; all kinds of operations and of messages occurred. A failure is made small."""
    run = dataclasses.replace(object_model.ALL, seed=seed, operations=operations)
    outcome = object_model.run_once(run, machine)
    if outcome.problem:
        small = object_model.make_small(run, machine, seconds=SHRINK_SECONDS) or [
            "it did not fail again with instructions counted", object_model.command_line(run, machine)]
        return [outcome.problem] + outcome.details + small
    problems = [f"no {what}: {name}" for what, counted in (("operation", outcome.kinds),
                                                           ("message", outcome.messages))
                for name, count in counted.items() if count == 0]
    if outcome.done < done_min:
        problems.append(f"only {outcome.done} operations were there to do")
    return problems if outcome.messages else problems + ["no messages are told"]


def words_say_all_of_a_run():
    run = dataclasses.replace(object_model.ALL, seed=9, operations=10, kinds=(0, 2), members=(3,),
                              skips=((0, 3), (7, 7)))
    words = object_model.words(run, object_model.Machine(tell=True))
    wanted = ["seed=9", "operations=10", "kinds=0x5", "clients=0x8", "skip=0-3,7-7", "tell"]
    command = object_model.command_line(run, object_model.Machine(icount=True))
    asked = ("tools/model --seed 9 --operations 10 --kinds touch,supply --clients 3 --skip 0-3,7-7 "
             "--icount")
    return [f"{got}, not {want}" for got, want in ((words, wanted), (command, asked)) if got != want]


def cases():
    alone = object_model.Machine(timeout=SECONDS)
    return [single(f"model: kernel and model agree in {DONE_MIN:,} operations, seed {seed}", agrees, seed,
                   OPERATIONS, DONE_MIN, alone, long=True) for seed in SEEDS] + [
        single("model: kernel and model agree on four processors", agrees, 5, OPERATIONS_SEVERAL,
               OPERATIONS_SEVERAL // 2, dataclasses.replace(alone, cpus=4), long=True),
        single("tool: model says all of a run on the command line", words_say_all_of_a_run)]
