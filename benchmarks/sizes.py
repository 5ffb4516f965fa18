"""What is measured: two protocols in several sizes, and how many states each is known to have.

The counts are those on which TLC, SPIN and the reference explorer agree; the tests compare the last
of these. Orbits (states that differ in names counted once) of Raft come from TLC with `SYMMETRY`.
Those of two-phase commit with n resource managers are counted by hand: a resource manager is in one
of 4, 2 or 6 situations while nothing is decided, after a commit, and after an abort, which makes
4^n + 2^n + 6^n states, and C(n+3, 3) + (n+1) + C(n+5, 5) orbits.
"""

from math import comb

from attrs import frozen


@frozen
class Size:
    """One protocol in one size, as each tool is told of it."""

    name: str
    title: str
    #: For splitbrain: file and class below benchmarks/models, options, the property.
    model: str
    options: tuple[str, ...]
    property: str
    #: For SPIN: the file below benchmarks/peers and its definitions.
    promela: str
    defines: tuple[str, ...]
    #: For TLC: the module below benchmarks/peers, its constants, its invariant.
    module: str
    constants: tuple[str, ...]
    invariant: str
    distinct: int
    transitions: int
    #: None where nobody has counted them.
    orbits: int | None


#: (servers, terms): distinct states, transitions, orbits.
RAFT = {
    (3, 1): (123, 294, None),
    (3, 2): (2_855, 10_137, 505),
    (3, 3): (47_005, 186_633, 7_924),
    (3, 4): (705_171, 2_906_394, 117_781),
    (3, 5): (10_311_203, 43_023_585, None),  # SPIN alone
    (4, 2): (82_093, 387_172, 3_810),
    (5, 2): (4_144_275, 25_028_915, 39_352),
}

#: Resource managers: transitions.
TWO_PHASE = {3: 761, 7: 1_735_809, 8: 11_657_217}


def raft(servers: int, terms: int) -> Size:
    """Raft's leader election without a log."""
    distinct, transitions, orbits = RAFT[servers, terms]
    names = ", ".join(f"s{number}" for number in range(1, servers + 1))
    return Size(
        name=f"raft-{servers}-{terms}",
        title=f"Raft election, {servers} servers, {terms} term{'s' * (terms > 1)}",
        model="raft_election.py:RaftElection",
        options=("--nodes", str(servers), "--set", f"max_term={terms}"),
        property="election_safety",
        promela="raft.pml",
        defines=(f"-DN={servers}", f"-DT={terms}"),
        module="RaftElection",
        constants=(
            f"Server = {{{names}}}",
            f"MaxTerm = {terms}",
            "Nobody = nobody",
            "Broken = FALSE",
        ),
        invariant="ElectionSafety",
        distinct=distinct,
        transitions=transitions,
        orbits=orbits,
    )


def two_phase(managers: int) -> Size:
    """Two-phase commit."""
    names = ", ".join(f"r{number}" for number in range(1, managers + 1))
    return Size(
        name=f"two-phase-{managers}",
        title=f"two-phase commit, {managers} resource managers",
        model="two_phase.py:TwoPhase",
        options=("--nodes", str(managers)),
        property="consistent",
        promela="twopc.pml",
        defines=(f"-DN={managers}",),
        module="TwoPC",
        constants=(f"Manager = {{{names}}}", "Broken = FALSE"),
        invariant="Consistent",
        distinct=4**managers + 2**managers + 6**managers,
        transitions=TWO_PHASE[managers],
        orbits=comb(managers + 3, 3) + managers + 1 + comb(managers + 5, 5),
    )


LARGE = (raft(5, 2), raft(3, 4), two_phase(8))
QUICK = (raft(4, 2), two_phase(7))
#: More and more terms, then more and more servers.
GROWTH = (raft(3, 1), raft(3, 2), raft(3, 3), raft(3, 4), raft(3, 5), raft(4, 2), raft(5, 2))
