"""The tables that the compiled search reads, and the codes that both sides use.

Compiled code gets few arrays, for each costs time to compile and to pass:

cells: (size,) int32: all tables, one behind the other; -1 in an entry that is not known yet.
d: int64: the numbers that describe them, at the places named below: rules, sizes, and where in `cells`
    each table begins.
ops: flat int64: lists of any length; tables hold pointers into it.
memo: (a power of two, 2) int64: a hash map, key and value, for what has too many combinations for
    a table; key 0 is free.
needs: (most, 5) int64: what was found missing: (kind, a, b, c, d).

Letters of the axes. i, j: a process, by its place in `System.ids`. c: a channel, destination * n +
source. l: the number of a local state among those of its process. m: of a message among those of its
channel. q: of a channel's content; 0 is empty. g: of a group of messages that one step puts on a
channel. w: of a world. y: of a history. T, P, R: of a timeout, poll or request among its kind. u: 0
within limits, 1 without. k: how many drops are spent. a: how many answers there are. p: of a
permutation. f: a field of a row: n local states, world, history, contents of the n * n channels.
"""

from checker.table.kernels import kernel, part

#: Axes and meaning of each table; entries are numbers on the axis named, or pointers into `ops`.
TABLES = {
    "word": "f",  # where a field stands in a row
    "shift": "f",
    "mask": "f",
    "used": "c",  # the channels in use, in the order of delivery
    "target": "c",  # destination
    "contents": "cq",  # -> ops: count; per message that may come next: m, q without, q with one more
    "heads": "cq",  # -> which messages may come next, as bits: see `bit_of`
    "live": "ilj",  # -> which messages from j may do something to this local state, as bits
    "deliveries": "iljm",  # -> effects in ops: count, name; for each: l, sends; for each: c, g
    "pushes": "cqg",  # -> q
    "timers": "uilT",  # -> effects
    "timed": "uil",  # -> which timeouts may do something in this local state, as bits
    "guards": "uPil",  # -> whether the poll is allowed
    "replies": "Pil",  # -> number of the reply, or -2 for none
    "requests": "Ril",  # -> effects
    "reports": "uijl",  # u: 0 suspect, 1 trust; i hears of j; -> effects
    "restarts": "il",  # -> effects
    "wiped": "il",  # -> the effect of a crash
    "views": "uil",  # u: 0 up, 1 down; -> number of the view
    "known": "w",  # 1: what follows about this world has been filled in
    "opened": "wc",  # 1: messages arrive
    "stepping": "wi",
    "down": "wi",
    "dead": "wi",
    "reach": "wij",  # 1: j would answer i; 2: it would not; 0: i does not step, or is j
    "graves": "w",  # 1: somebody is dead
    "calm": "w",  # 1: nothing is blocked and nobody stands still
    "paused": "w",  # 1: somebody stands still
    "faulty": "w",  # 1: some of what follows can happen
    "crashed": "wi",  # -> w, or -1 where it cannot happen; so on to the end
    "restarted": "wi",
    "lost": "wk",
    "doubled": "w",
    "requested": "w",
    "suspected": "w",
    "moves": "w",  # -> ops: count; for each cut, healing, pause, return: effect, w
    "choices": "aa",  # answers, lost -> ops: count; bit masks of those heard
    "origin": "ip",  # the process that moves to place i
    "source": "cp",  # the channel that moves to c
    "local_images": "il",  # -> ops: for each permutation, l of the process at that place
    "firsts": "il",  # -> ops: least l at the first place; count; the permutations that bring it there
    "content_images": "cq",  # -> ops: for each permutation, q of the channel there
    "world_images": "w",  # -> ops: for each permutation, w
    "history_images": "y",  # -> ops: for each permutation, y
}
#: Tables whose entries are 0 until something else is known.
FLAGS = {
    "known",
    "opened",
    "stepping",
    "down",
    "dead",
    "reach",
    "graves",
    "calm",
    "paused",
    "faulty",
    "moves",
}

# Places in `d`: rules, then sizes (n; how many channels are used; the size of each axis).
# KEEPS: whether a message stays in its channel when it has arrived.
# DROP: where the effect of a drop stands in `ops`, and behind it that of a duplicate. VIEW_WIDTH: bits
# of a view in a key of all, or 0 where there are too many.
N, SYNCHRONOUS, DETECTOR, DROPS, FOLDS, WORDS, CHANNELS, DROP, VIEW_WIDTH, KEEPS = range(10)
RULES = 10
AXES = "iclmqgwyuTPRkapf"
SIZE = {axis: RULES + at for at, axis in enumerate(AXES)}
SIZE["j"] = SIZE["i"]
L, M, Q, G = (SIZE[axis] for axis in "lmqg")
TIMERS, POLLS, REQUESTS, DROP_LEVELS = (SIZE[axis] for axis in "TPRk")
ANSWERED, PERMUTATIONS = SIZE["a"], SIZE["p"]
#: Where the place of each table begins.
BEGIN = {name: RULES + len(AXES) + at for at, name in enumerate(TABLES)}

# The same for compiled code, which knows only numbers: d[AT_...] is where the table begins.
(
    AT_WORD, AT_SHIFT, AT_MASK, AT_USED, AT_TARGET, AT_CONTENTS, AT_HEADS, AT_LIVE, AT_DELIVERIES,
    AT_PUSHES, AT_TIMERS, AT_TIMED, AT_GUARDS, AT_REPLIES, AT_REQUESTS, AT_REPORTS, AT_RESTARTS,
    AT_WIPED, AT_VIEWS, AT_KNOWN, AT_OPENED, AT_STEPPING, AT_DOWN, AT_DEAD, AT_REACH, AT_GRAVES,
    AT_CALM, AT_PAUSED, AT_FAULTY, AT_CRASHED, AT_RESTARTED, AT_LOST, AT_DOUBLED, AT_REQUESTED,
    AT_SUSPECTED, AT_MOVES, AT_CHOICES, AT_ORIGIN, AT_SOURCE, AT_LOCAL_IMAGES, AT_FIRSTS,
    AT_CONTENT_IMAGES, AT_WORLD_IMAGES, AT_HISTORY_IMAGES,
) = BEGIN.values()  # fmt: skip

# What may be missing, and how many numbers say which. Most are places in the table of that name; a
# fold has history, view before and view after; answers: those so far, and reply * n + process; a
# poll: answers, handler, process, local state.
ARITY = dict(enumerate((1, 2, 3, 3, 4, 4, 3, 3, 4, 2, 2, 3, 3, 2, 4, 2, 2, 1, 1)))
(
    WORLD, CONTENT, DELIVERY, PUSH, TIMER, GUARD, REPLY, REQUEST, REPORT, RESTART, WIPED, VIEW,
    FOLD, ANSWERS, POLL, LOCAL_IMAGE, CONTENT_IMAGE, WORLD_IMAGE, HISTORY_IMAGE,
) = range(19)  # fmt: skip

# Kinds of entries in the memo.
MEMO_VIEWS, MEMO_WORD, MEMO_STEP, MEMO_FOLD, MEMO_ANSWERS, MEMO_POLL, MEMO_PACKED = range(7)

#: Numbers that share a key of the memo must stay below 2 to the power of this.
HALF = 30
#: The views of all processes share a key where these bits are enough for them.
PACKED_BITS = 60
#: In a key of a fold: the width of each view; the history has the rest.
VIEW_BITS = 18


#: The bit that stands for all numbers from this on.
LAST_BIT = 30


@part
def bit_of(number):  # type: ignore[no-untyped-def]
    """The bit that stands for a message among `heads` and `live`, or for a timeout among `timed`. In an
    entry that is not known yet all bits are set."""
    return 1 << min(number, LAST_BIT)


@part
def memo_key(kind, a, b):  # type: ignore[no-untyped-def]
    """The key of an entry; never 0, and different for different entries."""
    return ((kind + 1) << 60) | (a << HALF) | b


@part
def fold_key(history, old, new):  # type: ignore[no-untyped-def]
    """The key of the history after a view has changed."""
    return ((MEMO_FOLD + 1) << 60) | (history << (2 * VIEW_BITS)) | (old << VIEW_BITS) | new


@part
def packed_key(views):  # type: ignore[no-untyped-def]
    """The key of the views of all processes, d[VIEW_WIDTH] bits each."""
    return ((MEMO_PACKED + 1) << 60) | views


@part
def scrambled(key):  # type: ignore[no-untyped-def]
    """Spreads a key over 62 bits."""
    key = (key ^ ((key >> 31) & 0x1FFFFFFFF)) * 0x7FB5D329728EA185
    key = (key ^ ((key >> 27) & 0x1FFFFFFFFF)) * -0x7E25210B43D22BB3
    return (key ^ ((key >> 33) & 0x7FFFFFFF)) & 0x3FFFFFFFFFFFFFFF


@part
def memo_get(memo, key):  # type: ignore[no-untyped-def]
    """The value of a key, or -1."""
    last = memo.shape[0] - 1
    at = scrambled(key) & last
    while memo[at, 0] != 0:
        if memo[at, 0] == key:
            return memo[at, 1]
        at = (at + 1) & last
    return -1


@kernel
def memo_put(memo, key, value):  # type: ignore[no-untyped-def]
    """Enters a key that is not there. There must be a free place."""
    last = memo.shape[0] - 1
    at = scrambled(key) & last
    while memo[at, 0] != 0:
        at = (at + 1) & last
    memo[at, 0] = key
    memo[at, 1] = value


@kernel
def memo_move(memo, larger_memo):  # type: ignore[no-untyped-def]
    """Enters everything into a larger map."""
    for at in range(memo.shape[0]):
        if memo[at, 0] != 0:
            memo_put(larger_memo, memo[at, 0], memo[at, 1])


@part
def cell(cells, at):  # type: ignore[no-untyped-def]
    """An entry of a table, as a 64-bit number."""
    return 0 + cells[at]
