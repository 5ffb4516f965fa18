/* Two-phase commit: the protocol of benchmarks/models/two_phase.py.
 *
 * spin -a -DN=8 twopc.pml: N resource managers (3 to 8). With -DBROKEN the transaction manager may
 * commit before all have prepared.
 *
 * One process with one control location, so that what SPIN stores is the state of the system and
 * nothing else. A set of resource managers is the bits of a byte, so their phases are three bytes; who
 * is in none of them is prepared. The message that tells of the decision is there as soon as the
 * decision is, and stays: it needs no variable of its own. The order of the steps is free, and this
 * one was measured to be faster than others. */

#define UNDECIDED 0
#define COMMITTED 1
#define ABORTED   2

#define ONLY(r)    (1 << (r))
#define EVERYONE   (ONLY(N) - 1)
#define IN(r, set) ((set) & ONLY(r))

byte decision;
byte working = EVERYONE;
byte committed, aborted;             /* with the above: the phase of each resource manager */
byte told;                           /* who has sent Prepared */
byte heard;                          /* whose Prepared the transaction manager has received */

#ifdef BROKEN
#define MAY_COMMIT true
#else
#define MAY_COMMIT (heard == EVERYONE)
#endif

#define CONSISTENT assert(!committed || !aborted)

#define PREPARE(r) \
    :: d_step { IN(r, working) -> working = working & ~ONLY(r); told = told | ONLY(r) }
#define CHOOSE_TO_ABORT(r) \
    :: d_step { IN(r, working) -> working = working & ~ONLY(r); aborted = aborted | ONLY(r); CONSISTENT }
#define PREPARED(r) \
    :: d_step { decision == UNDECIDED && IN(r, told) && !IN(r, heard) -> heard = heard | ONLY(r) }
#define COMMIT(r) \
    :: d_step { decision == COMMITTED && !IN(r, committed) -> \
           working = working & ~ONLY(r); aborted = aborted & ~ONLY(r); \
           committed = committed | ONLY(r); CONSISTENT }
#define ABORT(r) \
    :: d_step { decision == ABORTED && !IN(r, aborted) -> \
           working = working & ~ONLY(r); committed = committed & ~ONLY(r); \
           aborted = aborted | ONLY(r); CONSISTENT }

#if N > 3
#define MANAGER_4(do) do(3)
#else
#define MANAGER_4(do)
#endif
#if N > 4
#define MANAGER_5(do) do(4)
#else
#define MANAGER_5(do)
#endif
#if N > 5
#define MANAGER_6(do) do(5)
#else
#define MANAGER_6(do)
#endif
#if N > 6
#define MANAGER_7(do) do(6)
#else
#define MANAGER_7(do)
#endif
#if N > 7
#define MANAGER_8(do) do(7)
#else
#define MANAGER_8(do)
#endif
#define MANAGERS(do) do(0) do(1) do(2) MANAGER_4(do) MANAGER_5(do) MANAGER_6(do) MANAGER_7(do) MANAGER_8(do)

active proctype transaction() {
end:
    do
    :: d_step { decision == UNDECIDED && MAY_COMMIT -> decision = COMMITTED }
    :: d_step { decision == UNDECIDED -> decision = ABORTED }
    MANAGERS(PREPARED)
    MANAGERS(PREPARE)
    MANAGERS(CHOOSE_TO_ABORT)
    MANAGERS(COMMIT)
    MANAGERS(ABORT)
    od
}
