---- MODULE TwoPC ----
(***************************************************************************)
(* Two-phase commit: the protocol of benchmarks/models/two_phase.py, after *)
(* Gray and Lamport, "Consensus on Transaction Commit" (2006), section 3.  *)
(* Messages stay where they are put: told holds who has sent Prepared, and *)
(* the message that tells of the decision is there as soon as the decision *)
(* is.  Every action is one handler, and is enabled only where it changes  *)
(* the state.                                                              *)
(***************************************************************************)
EXTENDS TLC

CONSTANTS Manager,
          Broken  \* the transaction manager may commit before all have prepared

VARIABLES phase, decision, told, heard

Init ==
  /\ phase = [r \in Manager |-> "working"]
  /\ decision = "none"
  /\ told = {}
  /\ heard = {}

Prepare(r) ==
  /\ phase[r] = "working"
  /\ phase' = [phase EXCEPT ![r] = "prepared"]
  /\ told' = told \union {r}
  /\ UNCHANGED <<decision, heard>>

ChooseToAbort(r) ==
  /\ phase[r] = "working"
  /\ phase' = [phase EXCEPT ![r] = "aborted"]
  /\ UNCHANGED <<decision, told, heard>>

Prepared(r) ==
  /\ decision = "none"
  /\ r \in told
  /\ r \notin heard
  /\ heard' = heard \union {r}
  /\ UNCHANGED <<phase, decision, told>>

Decide ==
  /\ decision = "none"
  /\ \/ decision' = "aborted"
     \/ (Broken \/ heard = Manager) = TRUE /\ decision' = "committed"
  /\ UNCHANGED <<phase, told, heard>>

Obey(r) ==
  /\ decision # "none"
  /\ phase[r] # decision
  /\ phase' = [phase EXCEPT ![r] = decision]
  /\ UNCHANGED <<decision, told, heard>>

Next ==
  \/ Decide
  \/ \E r \in Manager : Prepare(r) \/ ChooseToAbort(r) \/ Prepared(r) \/ Obey(r)

Consistent ==
  \A r, other \in Manager : ~(phase[r] = "aborted" /\ phase[other] = "committed")

Symmetry == Permutations(Manager)
====
