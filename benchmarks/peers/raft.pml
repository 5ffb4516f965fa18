/* Raft's leader election without a log: the protocol of benchmarks/models/raft_election.py.
 *
 * spin -a -DN=5 -DT=2 raft.pml: N servers (3 to 5) that stand in terms up to T (1 to 6). With
 * -DBROKEN a server may vote for two candidates in one term.
 *
 * One process with one control location, so that what SPIN stores is the state of the cluster and
 * nothing else. Each handler is one d_step, written out for every server, peer and term by the macros
 * below, since a loop in Promela costs transitions. Sets of servers are bits of a byte. Messages stay
 * where they are put: who asked for votes in a term, and for whom each server voted in a term. */

#define FOLLOWER  0
#define CANDIDATE 1
#define LEADER    2

#define ONLY(s)      (1 << (s))
#define IN(s, set)   (((set) >> (s)) & 1)
#define SIZE(set)    (IN(0, set) + IN(1, set) + IN(2, set) + IN(3, set) + IN(4, set))
#define SLOT(t, s)   (((t) - 1) * N + (s))

byte term[N];
byte choice[N];      /* whom the server voted for in its term, plus one; 0: nobody */
byte role[N];
byte backers[N];     /* votes that a candidate or leader has counted */
byte asking[T];      /* by term: who has asked for votes */
byte given[T * N];   /* by SLOT(term, voter): who has been sent that voter's vote */

/* Every server, and every ordered pair of two servers in every term. */
#if N > 3
#define FOURTH(do)       do(3)
#define PAIRS_4(do, t)   BOTH(do, 0, 3, t) BOTH(do, 1, 3, t) BOTH(do, 2, 3, t)
#else
#define FOURTH(do)
#define PAIRS_4(do, t)
#endif
#if N > 4
#define FIFTH(do)        do(4)
#define PAIRS_5(do, t)   BOTH(do, 0, 4, t) BOTH(do, 1, 4, t) BOTH(do, 2, 4, t) BOTH(do, 3, 4, t)
#else
#define FIFTH(do)
#define PAIRS_5(do, t)
#endif
#define SERVERS(do)      do(0) do(1) do(2) FOURTH(do) FIFTH(do)
#define BOTH(do, a, b, t) do(a, b, t) do(b, a, t)
#define PAIRS(do, t)     BOTH(do, 0, 1, t) BOTH(do, 0, 2, t) BOTH(do, 1, 2, t) PAIRS_4(do, t) PAIRS_5(do, t)

#define TERMS_1(do)      PAIRS(do, 1)
#if T > 1
#define TERMS_2(do)      PAIRS(do, 2)
#else
#define TERMS_2(do)
#endif
#if T > 2
#define TERMS_3(do)      PAIRS(do, 3)
#else
#define TERMS_3(do)
#endif
#if T > 3
#define TERMS_4(do)      PAIRS(do, 4)
#else
#define TERMS_4(do)
#endif
#if T > 4
#define TERMS_5(do)      PAIRS(do, 5)
#else
#define TERMS_5(do)
#endif
#if T > 5
#define TERMS_6(do)      PAIRS(do, 6)
#else
#define TERMS_6(do)
#endif
#define MESSAGES(do)     TERMS_1(do) TERMS_2(do) TERMS_3(do) TERMS_4(do) TERMS_5(do) TERMS_6(do)

/* The handlers. */
#define ELECTION_TIMEOUT(s) \
    :: d_step { role[s] != LEADER && term[s] < T -> \
           term[s] = term[s] + 1; choice[s] = s + 1; role[s] = CANDIDATE; backers[s] = ONLY(s); \
           asking[term[s] - 1] = asking[term[s] - 1] | ONLY(s) }

#ifdef BROKEN
#define MAY_VOTE(s, c) true
#else
#define MAY_VOTE(s, c) (choice[s] == 0 || choice[s] == c + 1)
#endif

/* A vote that was sent is not given again: the step would change nothing. */
#define REQUEST_VOTE(s, c, t) \
    :: d_step { IN(c, asking[t - 1]) && term[s] <= t && \
                (term[s] < t || (!IN(c, given[SLOT(t, s)]) && MAY_VOTE(s, c))) -> \
           if \
           :: term[s] < t -> term[s] = t; role[s] = FOLLOWER; backers[s] = 0 \
           :: else \
           fi; \
           choice[s] = c + 1; given[SLOT(t, s)] = given[SLOT(t, s)] | ONLY(c) }

#define VOTE(s, v, t) \
    :: d_step { role[s] == CANDIDATE && term[s] == t && IN(s, given[SLOT(t, v)]) && !IN(v, backers[s]) -> \
           backers[s] = backers[s] | ONLY(v) }

#define LEADS_IN(j, t)   + (role[j] == LEADER && term[j] == t)
#define LEADS_IN_TERM_OF(s) (0 LEADS_IN(0, term[s]) LEADS_IN(1, term[s]) LEADS_IN(2, term[s]) MORE_LEAD(s))
#if N == 3
#define MORE_LEAD(s)
#endif
#if N == 4
#define MORE_LEAD(s) LEADS_IN(3, term[s])
#endif
#if N == 5
#define MORE_LEAD(s) LEADS_IN(3, term[s]) LEADS_IN(4, term[s])
#endif

#define BECOME_LEADER(s) \
    :: d_step { role[s] == CANDIDATE && 2 * SIZE(backers[s]) > N -> \
           role[s] = LEADER; assert(LEADS_IN_TERM_OF(s) == 1) }

#define RESTART(s) \
    :: d_step { role[s] != FOLLOWER -> role[s] = FOLLOWER; backers[s] = 0 }

active proctype cluster() {
end:
    do
    SERVERS(ELECTION_TIMEOUT)
    MESSAGES(REQUEST_VOTE)
    MESSAGES(VOTE)
    SERVERS(BECOME_LEADER)
    SERVERS(RESTART)
    od
}
