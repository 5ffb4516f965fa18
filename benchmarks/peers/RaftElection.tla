---- MODULE RaftElection ----
(***************************************************************************)
(* Raft's leader election without a log: the protocol of                   *)
(* benchmarks/models/raft_election.py.  Messages stay where they are put:  *)
(* asked holds <<term, candidate>> of each RequestVote, given holds        *)
(* <<term, voter, candidate>> of each vote.  Every action is one handler,  *)
(* and is enabled only where it changes the state.                         *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets, TLC

CONSTANTS Server, MaxTerm, Nobody,
          Broken  \* a server may vote for two candidates in one term

VARIABLES term, choice, role, backers, asked, given

Init ==
  /\ term = [s \in Server |-> 0]
  /\ choice = [s \in Server |-> Nobody]
  /\ role = [s \in Server |-> "follower"]
  /\ backers = [s \in Server |-> {}]
  /\ asked = {}
  /\ given = {}

ElectionTimeout(s) ==
  /\ role[s] # "leader"
  /\ term[s] < MaxTerm
  /\ term' = [term EXCEPT ![s] = @ + 1]
  /\ choice' = [choice EXCEPT ![s] = s]
  /\ role' = [role EXCEPT ![s] = "candidate"]
  /\ backers' = [backers EXCEPT ![s] = {s}]
  /\ asked' = asked \union {<<term[s] + 1, s>>}
  /\ UNCHANGED given

MayVote(s, candidate) == Broken \/ choice[s] \in {Nobody, candidate}

\* A vote that was sent is not given again: the step would change nothing.
RequestVote(s, t, candidate) ==
  /\ candidate # s
  /\ IF t > term[s]
       THEN /\ term' = [term EXCEPT ![s] = t]
            /\ role' = [role EXCEPT ![s] = "follower"]
            /\ backers' = [backers EXCEPT ![s] = {}]
       ELSE /\ t = term[s]
            /\ <<t, s, candidate>> \notin given
            /\ MayVote(s, candidate) = TRUE
            /\ UNCHANGED <<term, role, backers>>
  /\ choice' = [choice EXCEPT ![s] = candidate]
  /\ given' = given \union {<<t, s, candidate>>}
  /\ UNCHANGED asked

Vote(s, t, voter) ==
  /\ role[s] = "candidate"
  /\ t = term[s]
  /\ voter \notin backers[s]
  /\ backers' = [backers EXCEPT ![s] = @ \union {voter}]
  /\ UNCHANGED <<term, choice, role, asked, given>>

BecomeLeader(s) ==
  /\ role[s] = "candidate"
  /\ 2 * Cardinality(backers[s]) > Cardinality(Server)
  /\ role' = [role EXCEPT ![s] = "leader"]
  /\ UNCHANGED <<term, choice, backers, asked, given>>

Restart(s) ==
  /\ role[s] # "follower"
  /\ role' = [role EXCEPT ![s] = "follower"]
  /\ backers' = [backers EXCEPT ![s] = {}]
  /\ UNCHANGED <<term, choice, asked, given>>

Next ==
  \/ \E s \in Server : ElectionTimeout(s) \/ BecomeLeader(s) \/ Restart(s)
  \/ \E m \in asked : \E s \in Server : RequestVote(s, m[1], m[2])
  \/ \E m \in given : Vote(m[3], m[1], m[2])

ElectionSafety ==
  \A s, other \in Server :
    (role[s] = "leader" /\ role[other] = "leader" /\ term[s] = term[other]) => s = other

Symmetry == Permutations(Server)
====
