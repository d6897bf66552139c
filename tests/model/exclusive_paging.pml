/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exclusive paging, for a model checker (Spin): two pages, two clients, one pager with two workers.
 *
 * What the kernel does with an object's pages (mm/fault_request.c, mm/supply.c, mm/pageout_page.c) and
 * what a pager does that hands over its only copy (servers/default_pager/), cut into the steps between
 * which others may run. Calls of the pager run in the kernel at once; messages of the kernel queue on
 * the memory object's port. Spin searches all interleavings.
 *
 * What must hold: no page is lost and none is held twice (`kept`, looked at after every step); a read
 * gives what was last written; each supply has one completion, which frees only what was accepted and
 * comes after the pages that were refused (the assertions); nobody is stuck (no state without a
 * successor); each request is answered (`answered`).
 *
 * Each BREAK_ name leaves out one rule; tests/runner/model.py runs them all, and each must be found. Only
 * PENDING and CANCEL are each other's second line: without one of them nothing is lost yet.
 */
#define PAGES 2
#ifndef VALUES
#define VALUES 3            /* contents are told apart modulo this */
#endif
#define QUEUE 8
#ifndef AHEAD
#define AHEAD 1             /* supplies that nobody asked for: so many each worker may make */
#endif

mtype = { ABSENT, REQUESTED, RESIDENT };                        /* a slot of the object */
mtype = { DATA_REQUEST, DATA_RETURN, SUPPLY_COMPLETED };

/* The memory object's port. (page, contents, dirty) of a return; (first page, pages accepted, the second
   of two pages was supplied, too) of a completion. */
chan object_port = [QUEUE] of { mtype, byte, byte, bool };

/* The kernel. */
mtype slot[PAGES] = ABSENT;
byte contents[PAGES];       /* of a resident page */
bool dirty[PAGES], precious[PAGES];
bool supply_pending[PAGES]; /* accepted; the completion is not queued yet */

/* The pager. */
bool has_block[PAGES];
byte block[PAGES];
bool wanted[PAGES];         /* asked for, not answered */
bool asked_again[PAGES];    /* its supply answers a request: if it is refused, it is to be made again */
bool handed_over[PAGES];    /* supplied, completion not seen */
bool cancelled[PAGES];      /* came back before the completion: the block stays */

/* What is true. */
byte truth[PAGES];          /* what was last written */
bool written[PAGES];        /* it ever was */
byte supplied[PAGES];       /* the bytes in the message of a supply, */
bool in_supply[PAGES];      /* while the kernel has not decided about the page */
byte returns[PAGES];        /* returns of it in the queue; the contents of the last one: */
byte last_return[PAGES];

#define in_kernel(p) (slot[p] == RESIDENT && contents[p] == truth[p])
#define in_queue(p)  (returns[p] > 0 && last_return[p] == truth[p])
#define in_message(p) (in_supply[p] && supplied[p] == truth[p])
#define on_disk(p)   (has_block[p] && block[p] == truth[p])
#define safe(p)      (!written[p] || in_kernel(p) || in_queue(p) || in_message(p) || on_disk(p))
/* Handed over and completed, and yet there is a block. */
#define twice(p)     (slot[p] == RESIDENT && precious[p] && !supply_pending[p] && \
                      !handed_over[p] && has_block[p])
ltl kept { [] (safe(0) && safe(1) && !twice(0) && !twice(1)) }
ltl answered { [] ((slot[0] == REQUESTED -> <> (slot[0] != REQUESTED)) &&
                   (slot[1] == REQUESTED -> <> (slot[1] != REQUESTED))) }

inline queue(kind, page, value, flag)
{
    assert(nfull(object_port));
    object_port!kind(page, value, flag)
}

inline return_page(page, value, is_dirty)
{
    returns[page]++;
    last_return[page] = value;
    queue(DATA_RETURN, page, value, is_dirty)
}

/* Touches a page, waits for it, and reads or writes it. */
proctype client()
{
    byte p;

    do
    :: atomic {
        select(p : 0 .. 1);
        if
        :: slot[p] == ABSENT -> slot[p] = REQUESTED; queue(DATA_REQUEST, p, 0, false)
        :: else
        fi }
       atomic { slot[p] == RESIDENT ->
        assert(contents[p] == truth[p]);
        if
        :: truth[p] = (truth[p] + 1) % VALUES; contents[p] = truth[p];
           written[p] = true; dirty[p] = true
        :: skip
        fi;
        p = 0 }
    od
}

/* Evicts: a page whose only copy is in memory leaves by a message. */
proctype pageout()
{
    byte p;

end:
    do
    :: atomic {
        select(p : 0 .. 1);
        if
#ifdef BREAK_PENDING
        :: slot[p] == RESIDENT ->
#else
        :: slot[p] == RESIDENT && !supply_pending[p] ->
#endif
            slot[p] = ABSENT;
            if
#ifdef BREAK_PRECIOUS
            :: dirty[p] -> return_page(p, contents[p], true)
#else
            :: dirty[p] || precious[p] -> return_page(p, contents[p], dirty[p])
#endif
            :: else
            fi;
            dirty[p] = false; precious[p] = false; contents[p] = 0
        :: else
        fi;
        p = 0 }
    od
}

/* memory_object_data_supply(precious, reply to the object's port) of one page or two, in the kernel: page by
   page, as others may run in between; from the first that was not waited for all are refused. */
inline data_supply(first, end_page)
{
    at = first;
    do
    :: atomic { at < end_page && slot[at] == REQUESTED ->
        slot[at] = RESIDENT; contents[at] = supplied[at]; precious[at] = true;
        supply_pending[at] = true; in_supply[at] = false; at++ }
    :: atomic { at == end_page || slot[at] != REQUESTED -> accepted = at - first; break }
    od;
#ifdef BREAK_ORDER
    atomic { queue(SUPPLY_COMPLETED, first, accepted, end_page - first == 2) };
#endif
    do
    :: atomic { at < end_page ->
#ifndef BREAK_REFUSED
        return_page(at, supplied[at], false);
#endif
        in_supply[at] = false; at++ }
    :: at == end_page -> break
    od;
    atomic {
#ifndef BREAK_ORDER
        queue(SUPPLY_COMPLETED, first, accepted, end_page - first == 2);
#endif
        at = first;
        do
        :: at < first + accepted -> supply_pending[at] = false; at++
        :: else -> break
        od;
        at = 0; accepted = 0
    }
}

inline hand_over(page)
{
    asked_again[page] = wanted[page];
    wanted[page] = false;
    handed_over[page] = true;
    supplied[page] = block[page];
    in_supply[page] = true;
#ifdef BREAK_EARLY
    has_block[page] = false
#endif
}

#define can_hand_over(p) (has_block[p] && !handed_over[p])

/* Answers requests for one page; with the neighbour's data at hand, for both. */
proctype worker(byte me)
{
    byte at, accepted, ahead;

end:
    do
    :: atomic { can_hand_over(me) && wanted[me] -> hand_over(me) };
        data_supply(me, me + 1)
    :: atomic { me == 0 && can_hand_over(0) && can_hand_over(1) && wanted[0] ->
            hand_over(0); hand_over(1) };
        data_supply(0, 2)
    :: atomic { can_hand_over(me) && !wanted[me] && ahead < AHEAD -> ahead++; hand_over(me) };
        data_supply(me, me + 1)
    /* Nothing was ever written there. What no longer waits for data does not listen. */
    :: atomic { wanted[me] && !has_block[me] && !handed_over[me] ->
        wanted[me] = false;
        if
        :: slot[me] == REQUESTED -> slot[me] = RESIDENT
        :: else
        fi }
    od
}

inline returned(page, value, is_dirty)
{
    returns[page]--;
    if
    :: handed_over[page] ->
        cancelled[page] = true;
        if
        :: is_dirty -> block[page] = value
        :: else
        fi
    :: else ->
        has_block[page] = true; block[page] = value
    fi
}

/* A page of a completed supply: accepted, its block is free; refused, it has come back before. */
inline completed(page, was_accepted)
{
    assert(handed_over[page]);
    if
    :: !(was_accepted) ->
        assert(cancelled[page]);
        wanted[page] = wanted[page] || asked_again[page]
    :: else ->
#ifndef BREAK_STALE
        wanted[page] = false;       /* a request that came in the meantime is answered, too */
#endif
        if
#ifdef BREAK_CANCEL
        :: has_block[page] = false; block[page] = 0
#else
        :: !cancelled[page] -> has_block[page] = false; block[page] = 0
        :: else
#endif
        fi
    fi;
    handed_over[page] = false; cancelled[page] = false; asked_again[page] = false
}

proctype receiver()
{
    byte p, value;
    bool flag;

end:
    do
    :: atomic { object_port?DATA_REQUEST(p, value, flag) ->
#ifdef BREAK_FORGET
        wanted[p] = !handed_over[p];
#else
        wanted[p] = true;
#endif
        p = 0 }
    :: atomic { object_port?DATA_RETURN(p, value, flag) -> returned(p, value, flag);
        p = 0; value = 0; flag = false }
    :: atomic { object_port?SUPPLY_COMPLETED(p, value, flag) ->
        completed(p, value >= 1);
        if
        :: flag -> completed(p + 1, value == 2)
        :: else
        fi;
        p = 0; value = 0; flag = false }
    od
}

init
{
    atomic { run client(); run client(); run pageout(); run receiver(); run worker(0); run worker(1) }
}
