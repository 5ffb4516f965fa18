"""The three networks against naive models: a Counter, a set, a list for each channel."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toys import N1, N2, N3

from checker.network import Envelope, Flight, Network, NetworkKind
from checker.values import Id, order_key

Ops = list[tuple[Any, ...]]
NOTHING: Flight = ()

ENVELOPES = st.builds(
    Envelope, st.sampled_from([N1, N2]), st.sampled_from([N1, N2, N3]), st.integers(0, 2)
)
OPS = st.lists(
    st.tuples(st.just("put"), st.lists(ENVELOPES, max_size=3))
    | st.tuples(st.sampled_from(["deliver", "lose", "duplicate"]), st.integers(0, 20))
    | st.tuples(st.just("without"), st.frozensets(st.sampled_from([N1, N2, N3]), max_size=2)),
    max_size=12,
)


def network(kind: NetworkKind) -> Network:
    return Network(kind, lambda e: (e.dst, e.src, order_key(e.message)))


def chosen(net: Network, flight: Flight, at: int) -> Envelope | None:
    ready = list(net.deliverable(flight))
    return ready[at % len(ready)] if ready else None


@given(OPS)
def test_a_bag_is_a_counter(ops: Ops) -> None:
    net, flight, naive = network("bag"), NOTHING, Counter[Envelope]()
    for op, what in ops:
        if op == "put":
            flight = net.put(flight, what)
            naive.update(what)
        elif op == "without":
            flight = net.without(flight, what)
            naive = Counter({e: n for e, n in naive.items() if e.dst not in what})
        elif (envelope := chosen(net, flight, what)) is not None:
            change = {"deliver": net.delivered, "lose": net.lost, "duplicate": net.duplicated}[op]
            flight = change(flight, envelope)
            naive[envelope] += 1 if op == "duplicate" else -1
        naive = +naive
        assert Counter(flight) == naive
        ready = list(net.deliverable(flight))
        assert len(ready) == len(set(ready)) and set(ready) == set(naive)
        assert list(flight) == sorted(flight, key=net.key)


@given(OPS)
def test_a_set_keeps_what_was_sent(ops: Ops) -> None:
    net, flight, naive = network("set"), NOTHING, set[Envelope]()
    for op, what in ops:
        if op == "put":
            flight = net.put(flight, what)
            naive.update(what)
        elif op == "without":
            flight = net.without(flight, what)
            naive = {e for e in naive if e.dst not in what}
        elif op == "deliver" and (envelope := chosen(net, flight, what)) is not None:
            flight = net.delivered(flight, envelope)
        assert len(flight) == len(naive) and set(flight) == naive
        assert list(net.deliverable(flight)) == list(flight) == sorted(flight, key=net.key)


@given(OPS)
def test_a_fifo_network_is_a_queue_for_each_channel(ops: Ops) -> None:
    net, flight = network("fifo"), NOTHING
    naive: dict[tuple[Id, Id], list[Envelope]] = {}
    for op, what in ops:
        if op == "put":
            flight = net.put(flight, what)
            for envelope in what:
                naive.setdefault((envelope.dst, envelope.src), []).append(envelope)
        elif op == "without":
            flight = net.without(flight, what)
            naive = {channel: q for channel, q in naive.items() if channel[0] not in what}
        elif (envelope := chosen(net, flight, what)) is not None:
            channel = naive[envelope.dst, envelope.src]
            if op == "duplicate":
                flight = net.duplicated(flight, envelope)
                channel.insert(0, envelope)
            else:
                flight = (net.delivered if op == "deliver" else net.lost)(flight, envelope)
                channel.pop(0)
        queues = [queue for _, queue in sorted(naive.items()) if queue]
        assert list(flight) == [envelope for queue in queues for envelope in queue]
        assert list(net.deliverable(flight)) == [queue[0] for queue in queues]


@pytest.mark.parametrize("kind", ["bag", "set"])
@given(st.permutations([Envelope(N1, N2, 1), Envelope(N1, N2, 2), Envelope(N2, N3, 1)]))
def test_unordered_networks_forget_the_order_of_sending(
    kind: NetworkKind, sent: list[Envelope]
) -> None:
    net = network(kind)
    assert net.put((), sent) == net.put(net.put((), sent[:1]), sent[1:]) == net.put((), sent[::-1])


def test_equal_envelopes_sent_at_once_are_one_in_a_set_and_two_in_a_bag() -> None:
    twice = [Envelope(N1, N2, 1)] * 2
    assert len(network("set").put((), twice)) == 1
    assert len(network("bag").put((), twice)) == 2
    assert len(network("fifo").put((), twice)) == 2
