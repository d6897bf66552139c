/* SPDX-License-Identifier: BSD-2-Clause */
#include "operation.h"

#include <mach/error.h>
#include <mach/vm_sync.h>
#include <stdio.h>

#define GOLDEN 0x9e3779b97f4a7c15u
#define DAMAGED_OF 64u  /* one operation in so many has bad arguments */

const char *const kind_names[KINDS] = {"touch", "answer", "supply", "unavailable", "error", "lock",
                                       "sync", "change", "abandon", "race", "wire", "unmap", "destroy", "fence"};

/* Of 256. */
static const unsigned char weights[KINDS] = {
    [KIND_TOUCH] = 77, [KIND_ANSWER] = 80, [KIND_SUPPLY] = 14, [KIND_UNAVAILABLE] = 4, [KIND_ERROR] = 3,
    [KIND_LOCK] = 38, [KIND_SYNC] = 5, [KIND_CHANGE] = 3, [KIND_ABANDON] = 4, [KIND_RACE] = 15, [KIND_WIRE] = 3,
    [KIND_UNMAP] = 5, [KIND_DESTROY] = 1, [KIND_FENCE] = 4};

static uint64_t mix(uint64_t bits)
{
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111ebu;
    return bits ^ bits >> 31;
}

static uint64_t state;

static unsigned choose(unsigned count)
{
    state += GOLDEN;
    return (unsigned)(mix(state) >> 32) % count;
}

static enum kind choose_kind(void)
{
    unsigned ticket = choose(256);

    for (unsigned kind = 0; kind < KINDS; kind++) {
        if (ticket < weights[kind])
            return kind;
        ticket -= weights[kind];
    }
    return KIND_TOUCH;
}

/* Half of them: none. */
static vm_prot_t choose_lock(void)
{
    return choose(2) ? VM_PROT_NONE : (vm_prot_t)choose(8);
}

static kern_return_t choose_reason(void)
{
    static const kern_return_t reasons[] = {KERN_FAILURE, KERN_MEMORY_ERROR, 0, err_local | 77,
                                            err_server | 3};

    return reasons[choose(sizeof reasons / sizeof reasons[0])];
}

static enum kind choose_second(void)
{
    static const enum kind seconds[] = {KIND_LOCK, KIND_LOCK, KIND_LOCK, KIND_SUPPLY, KIND_SUPPLY,
                                        KIND_UNAVAILABLE, KIND_ERROR, KIND_CHANGE};

    return seconds[choose(sizeof seconds / sizeof seconds[0])];
}

static int choose_sync_flags(void)
{
    static const int flags[] = {VM_SYNC_SYNCHRONOUS, VM_SYNC_ASYNCHRONOUS, VM_SYNC_INVALIDATE,
                                VM_SYNC_SYNCHRONOUS | VM_SYNC_INVALIDATE,
                                VM_SYNC_ASYNCHRONOUS | VM_SYNC_INVALIDATE};

    return flags[choose(sizeof flags / sizeof flags[0])];
}

void operation_draw(struct operation *operation, uint64_t seed, uint64_t number)
{
    state = mix(mix(seed * GOLDEN) + number * GOLDEN);
    *operation = (struct operation){
        .number = number,
        .kind = choose_kind(),
        .client = choose(MODEL_CLIENTS),
        .page = choose(MODEL_PAGES),
        .pages = choose(4) ? 1 + choose(2) : 1 + choose(4),
        .word = choose(MODEL_WORDS),
        .write = choose(2),
        .direct = choose(4),
        .in_kernel = choose(4) == 0,
        .other_mapping = choose(4) == 0,
        .value = (number + 1) << 8,
        .lock = choose_lock(),
        .what = (memory_object_return_t)choose(4),
        .precious = choose(2),
        .flush = choose(2),
        .deallocate = choose(2),
        .odd_source = choose(16) == 0,
        .odd_size = choose(16) == 0,
        .reply = (enum model_reply)choose(3),
        .copied_right = choose(2),
        .old_form = choose(2),
        .may_cache = choose(2),
        .right_numbers = choose(4),
        .tries_again = choose(2),
        .cluster = 1u << choose(3),
        .flavor = choose(3) ? MEMORY_OBJECT_PERFORMANCE_INFO : 0,
        .sync_flags = choose_sync_flags(),
        .reason = choose_reason(),
        .way = choose(16),
        .damage = choose(DAMAGED_OF) ? DAMAGE_NONE : (enum damage)(1 + choose(3)),
        .second = choose_second(),
    };
    if ((operation->kind == KIND_LOCK || operation->kind == KIND_RACE) && choose(2))
        operation->lock = VM_PROT_NO_CHANGE;
    if (operation->kind == KIND_SUPPLY)
        operation->pages = choose(32) ? 1 + choose(4) : 0;
}

/* --- words --- */

static const char *reply_words(const struct operation *operation)
{
    return operation->reply == REPLY_NONE        ? "no reply"
           : operation->reply == REPLY_SEND_ONCE ? "a send-once reply"
                                                 : "a reply";
}

static const char *damage_words(const struct operation *operation)
{
    static const char *const words[] = {"", ", odd offset", ", bad lock", ", far out"};

    return words[operation->damage];
}

static void describe_call(const struct operation *o, enum kind kind, char *text, size_t size)
{
    const char *odd = o->odd_size ? ", odd size" : "";

    switch (kind) {
    case KIND_SUPPLY:
        snprintf(text, size, "supply pages %u + %u, %sprecious, lock %d, %s%s%s%s%s", o->page, o->pages,
                 o->precious ? "" : "not ", o->lock, reply_words(o),
                 o->deallocate ? ", deallocated" : "", o->odd_source ? ", odd source" : "", odd,
                 damage_words(o));
        break;
    case KIND_UNAVAILABLE:
        snprintf(text, size, "unavailable pages %u + %u%s%s", o->page, o->pages, odd, damage_words(o));
        break;
    case KIND_ERROR:
        snprintf(text, size, "error pages %u + %u, reason %#x%s%s%s", o->page, o->pages,
                 (unsigned)o->reason, odd, damage_words(o), o->tries_again ? ", tries again" : "");
        break;
    case KIND_LOCK:
        snprintf(text, size, "lock pages %u + %u, return %d, %s, lock %d, %s%s%s", o->page, o->pages,
                 o->what, o->flush ? "flush" : "no flush", o->lock, reply_words(o), odd,
                 damage_words(o));
        break;
    default:
        snprintf(text, size, "%s attributes: %s, flavor %d, cluster %u, %s",
                 o->old_form && o->way < 8 ? "set" : "change", o->may_cache ? "may cache" : "may not cache", o->flavor, o->cluster, reply_words(o));
        break;
    }
}

void operation_describe(const struct operation *o, char *text, size_t size)
{
    const char *other = o->other_mapping ? ", other mapping" : "";
    int used = snprintf(text, size, "%lu: ", (unsigned long)o->number);

    text += used;
    size -= (size_t)used;
    switch (o->kind) {
    case KIND_TOUCH:
        if (o->maps) {
            snprintf(text, size, "map, %s, %s", o->way == 0   ? "not ready yet"
                                                : o->way < 4 ? "ready by set_attributes"
                                                              : "ready",
                     o->may_cache ? "may cache" : "may not cache");
            break;
        }
        snprintf(text, size, "client %u %s page %u word %u%s%s%s", o->client,
                 o->write ? "writes" : "reads", o->page, o->write ? o->client : o->word,
                 o->write ? "" : other, o->in_kernel ? ", by the kernel" : "",
                 o->direct ? "" : ", in its thread");
        break;
    case KIND_ANSWER:
        snprintf(text, size, "answer client %u, way %u", o->client, o->way);
        break;
    case KIND_SYNC:
        snprintf(text, size, "client %u: vm_msync pages %u + %u, flags %d%s", o->client, o->page,
                 o->pages, o->sync_flags, other);
        break;
    case KIND_ABANDON:
        snprintf(text, size, "client %u, which waits, is aborted", o->client);
        break;
    case KIND_RACE:
        used = snprintf(text, size, "client %u %s page %u word %u%s%s, and at once: ", o->client,
                        o->write ? "writes" : "reads", o->page, o->write ? o->client : o->word,
                        o->write ? "" : other, o->in_kernel ? ", by the kernel" : "");
        describe_call(o, o->second, text + used, size - (size_t)used);
        break;
    case KIND_WIRE:
        snprintf(text, size, "wire page %u, or unwire", o->page);
        break;
    case KIND_UNMAP:
    case KIND_DESTROY:
    case KIND_FENCE:
        snprintf(text, size, "%s", kind_names[o->kind]);
        break;
    default:
        describe_call(o, o->kind, text, size);
        break;
    }
}
