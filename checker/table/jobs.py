"""Compiled: lists of what is missing, and of what may happen.

needs: (most, 5) int64, see checker.table.arrays. jobs: (most, 5) int64: pointer to effects in `ops`,
process, world afterwards, channel that loses a message (or -1), its content afterwards. status: (3,)
int64 or more, at the places named below.
"""

from checker.table.kernels import kernel, part
from checker.table.sharing import take

#: Places in `status`: how many needs are noted; whether a buffer is too small; how many jobs.
NOTED, FULL, JOBS = 0, 1, 2


@part
def need(needs, status, kind, a, b, c, d):  # type: ignore[no-untyped-def]
    """Notes a missing entry, as long as there is room."""
    at = status[NOTED]
    if at < needs.shape[0]:
        needs[at, 0] = kind
        needs[at, 1] = a
        needs[at, 2] = b
        needs[at, 3] = c
        needs[at, 4] = d
        # Another worker may be reading the list: this is counted when it stands there. What `take`
        # changes is the first place, NOTED.
        take(status, 1)


@kernel
def noted(status):  # type: ignore[no-untyped-def]
    """How many needs are noted, while another worker may be noting more."""
    return take(status, 0)


@part
def job(jobs, status, p, i, w, c, q):  # type: ignore[no-untyped-def]
    """Lists the effects at ops[p], if there are any, as what may happen."""
    at = status[JOBS]
    if p <= 0:
        return
    if at >= jobs.shape[0]:
        status[FULL] = 1
        return
    jobs[at, 0] = p
    jobs[at, 1] = i
    jobs[at, 2] = w
    jobs[at, 3] = c
    jobs[at, 4] = q
    status[JOBS] = at + 1
