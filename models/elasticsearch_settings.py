"""What the Zen model of Elasticsearch (before version 7) makes of `elasticsearch.yml`.

Names, types and defaults are those of the references 1.7, 2.4, 5.6 and 6.8 ("Zen Discovery",
"Node", "Important Elasticsearch configuration") and of their sources (`ElectMasterService`,
`ZenDiscovery`, `UnicastZenPing`, `TcpTransport`):

- `discovery.zen.minimum_master_nodes` is a whole number, -1 where it is not set; below 1 there is
  no check. It can be changed at run time, and that value overrides the file.
- `discovery.zen.ping.unicast.hosts` is a list or a text with commas, of `host`, `host:port` or
  `[IPv6]:port`, the port 9300 where none is given. The reference recommends that it names the
  master-eligible nodes. Of a port range only the first port is pinged (issue 2992), so a range is
  one node; one host with several ports is several nodes on one machine.
- `node.master` is true where it is not set. `node.client: true` (before 5) takes it away.
- `node.roles` (7.9 and later) is understood, but says that the files are of a later version.

Host names are not resolved: only their number matters.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from checker.configuration import (
    Assumed,
    Configuration,
    Document,
    Setting,
    Unmodelled,
    boolean,
    integer,
    items,
    merge,
)
from checker.errors import ConfigurationError

MINIMUM = "discovery.zen.minimum_master_nodes"
HOSTS = "discovery.zen.ping.unicast.hosts"
TYPE = "discovery.type"
CLUSTER = "cluster.name"
MASTER, CLIENT, ROLES = "node.master", "node.client", "node.roles"

DEFAULT_PORT = 9300

#: Settings of the election that came with version 7 (Zen2); a name ending in a dot is a prefix.
SINCE_7 = (
    "discovery.seed_hosts",
    "cluster.initial_master_nodes",
    "discovery.seed_providers",
    "discovery.seed_resolver.",
    "discovery.find_peers_interval",
    "discovery.request_peers_timeout",
    "discovery.probe.",
    "discovery.cluster_formation_warning_timeout",
    "cluster.auto_shrink_voting_configuration",
    "cluster.max_voting_config_exclusions",
    "cluster.no_master_block",
    "cluster.election.",
    "cluster.fault_detection.",
    "cluster.follower_lag.timeout",
    "cluster.join.timeout",
    "cluster.publish.timeout",
    "node.voting_only",
)

#: Settings that version 5 removed and refuses to start with.
BEFORE_5 = (
    CLIENT,
    "discovery.zen.ping.multicast.",
    "discovery.zen.master_election.filter_client",
    "discovery.zen.master_election.filter_data",
    "discovery.zen.rejoin_on_master_gone",
)

TIMEOUT = "a timeout may fire at any moment in the model, so its length has no effect"
FINDING = "how nodes find each other is not modelled, only how many vote"
ROLE = "only master-eligible nodes take part in the election"
DETAIL = "a detail of Zen discovery that the model leaves out"

#: Why a setting is not modelled. The first match counts; a name ending in a dot is a prefix.
UNMODELLED = (
    ("discovery.initial_state_timeout", TIMEOUT),
    ("discovery.zen.commit_timeout", TIMEOUT),
    ("discovery.zen.fd.ping_interval", TIMEOUT),
    ("discovery.zen.fd.ping_retries", TIMEOUT),
    ("discovery.zen.fd.ping_timeout", TIMEOUT),
    ("discovery.zen.fd.", DETAIL),
    ("discovery.zen.join_retry_attempts", TIMEOUT),
    ("discovery.zen.join_retry_delay", TIMEOUT),
    ("discovery.zen.join_timeout", TIMEOUT),
    ("discovery.zen.master_election.wait_for_joins_timeout", TIMEOUT),
    ("discovery.zen.ping.timeout", TIMEOUT),
    ("discovery.zen.ping_timeout", TIMEOUT),
    ("discovery.zen.ping.unicast.hosts.resolve_timeout", TIMEOUT),
    ("discovery.zen.publish_timeout", TIMEOUT),
    ("discovery.zen.hosts_provider", FINDING),
    ("discovery.zen.ping.unicast.concurrent_connects", FINDING),
    ("discovery.zen.ping.multicast.", FINDING),
    ("discovery.azure.", FINDING),
    ("discovery.ec2.", FINDING),
    ("discovery.gce.", FINDING),
    (TYPE, FINDING),
    (
        "discovery.zen.no_master_block",
        "what a node without a master still answers is not modelled",
    ),
    ("discovery.zen.master_election.filter_client", ROLE),
    ("discovery.zen.master_election.filter_data", ROLE),
    ("discovery.zen.master_election.ignore_non_master_pings", ROLE),
    ("discovery.zen.max_pings_from_another_master", DETAIL),
    ("discovery.zen.publish.max_pending_cluster_states", DETAIL),
    ("discovery.zen.rejoin_on_master_gone", DETAIL),
    ("discovery.zen.send_leave_request", DETAIL),
    ("discovery.zen.", DETAIL),
    ("node.data", ROLE),
    ("node.ingest", ROLE),
    ("node.ml", ROLE),
)
NO_PART = "no part in the election"
NO_VALUE = "it has no value, and Elasticsearch refuses to start with it from version 2 on"

#: Names that are settings of Elasticsearch, and what a misspelt one may have been meant to be.
KNOWN = tuple(
    name
    for name in (
        *(MINIMUM, HOSTS, CLUSTER, MASTER, CLIENT, ROLES, "node.name", "node.local"),
        *(name for name, _ in UNMODELLED),
        *SINCE_7,
        *("discovery.zen.ping.multicast.enabled", "node.max_local_storage_nodes"),
    )
    if not name.endswith(".")
)

HOST = re.compile(
    r"(\[[^\[\]\s]*:[^\[\]\s]*\]|[^\[\]\s:,/${}]+)"  # [IPv6], or a name or an IPv4 address
    r"(?::([0-9]{0,5})(?:-([0-9]{1,5}))?"  # :9300 or :9300-9305
    r"|:?\[([0-9]{1,5})(?:-([0-9]{1,5}))?\])?"  # as it was written before 2: [9300-9305]
)
#: The list that stands as a comment in the file as it is shipped names one machine twice.
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def configure(documents: Sequence[Document]) -> Configuration:
    """Knobs and number of nodes of the model `Elasticsearch` from the files of its nodes."""
    _refuse_repeated(documents)
    _refuse_version_7(documents)
    merged = merge(documents, {MINIMUM: integer, TYPE: _text, CLUSTER: _text})
    voters = [document for document in documents if eligible(document)]
    _refuse_unset(merged.get(MINIMUM), voters)
    knobs: dict[str, Any] = {}
    assumed = list(_assumed(documents))
    warnings = list(_warnings(documents))
    if MINIMUM in merged:
        knobs["minimum_master_nodes"] = integer(merged[MINIMUM])
    nodes, source, doubts = _nodes(documents, voters)
    warnings += doubts
    if nodes is None:
        assumed.append(
            Assumed("nodes", "the model's default", f"no file sets {HOSTS}; --nodes says otherwise")
        )
    elif knobs.get("minimum_master_nodes", -1) > nodes:
        setting = merged[MINIMUM]
        warnings.append(
            f"{MINIMUM} is {setting.text} at {setting.place}, but only {nodes} nodes are "
            f"master-eligible by {source}: no master can ever be elected"
        )
    used = {MINIMUM, HOSTS, MASTER, CLIENT, ROLES}
    if len(documents) > 1:
        used.add(CLUSTER)
    if TYPE in merged and merged[TYPE].value in ("zen", "single-node"):
        used.add(TYPE)
    return Configuration(
        knobs=knobs,
        nodes=nodes,
        read=tuple(_settings(documents, used)),
        assumed=tuple(assumed),
        unmodelled=tuple(_unmodelled(documents, used)),
        warnings=tuple(warnings),
    )


def eligible(document: Document) -> bool:
    """Whether the node of this file may become master, and so has a vote."""
    master, client, roles = (document.settings.get(name) for name in (MASTER, CLIENT, ROLES))
    if roles is None:
        return (master is None or boolean(master)) and not (client and boolean(client))
    legacy = master or client
    if legacy:
        raise ConfigurationError(
            f"{legacy.name} at {legacy.place} contradicts {ROLES} at {roles.place}: Elasticsearch "
            f"refuses both together; leave one of them"
        )
    return "master" in items(roles)


def hosts(setting: Setting) -> dict[tuple[str, int], str]:
    """The distinct nodes of a host list, by host and first port, as they are written."""
    found = {_host(setting, entry): entry for entry in items(setting)}
    if not found:
        raise ConfigurationError(
            f"{setting.place}: {setting.name} names no host; name every master-eligible node, or "
            f"leave the setting out and give --nodes"
        )
    return found


def _host(setting: Setting, entry: str) -> tuple[str, int]:
    match = HOST.fullmatch(entry)
    if match:
        low = match[2] or match[4] or DEFAULT_PORT
        high = match[3] or match[5] or low
        if not match[3] or match[2]:  # a range needs its first port
            if 0 < int(low) <= int(high) <= 65535:
                host = match[1].lower()
                return LOOPBACK[0] if host in LOOPBACK else host, int(low)
            raise _bad_host(setting, entry, "ports go from 1 to 65535, the lower one first")
    if "://" in entry:
        raise _bad_host(setting, entry, "leave out what stands before the host name")
    if "," in entry:
        raise _bad_host(setting, entry, "an element of a list is one host")
    if entry.count(":") > 1 and "[" not in entry:
        raise _bad_host(setting, entry, "an IPv6 address stands in brackets, as in [::1]:9300")
    raise _bad_host(setting, entry, "write host, host:9300 or [::1]:9300, with commas between them")


def _bad_host(setting: Setting, entry: str, right: str) -> ConfigurationError:
    return ConfigurationError(f"{setting.place}: {setting.name} has the host {entry!r}; {right}")


def _nodes(
    documents: Sequence[Document], voters: Sequence[Document]
) -> tuple[int | None, str, list[str]]:
    """The number of master-eligible nodes, what it was counted from, and doubts about it.

    The hosts tell it. With a file per node the files know better in two cases: more of them are
    master-eligible than hosts are listed (a seed list need not be complete), or every host may
    have its file, and some of these say `node.master: false`.
    """
    for single in (one for one in _settings(documents, {TYPE}) if one.value == "single-node"):
        if len(documents) > 1:
            raise ConfigurationError(
                f"{single.place}: {TYPE} is single-node, and such a node joins no other; but "
                f"{len(documents)} files of nodes were given"
            )
        return 1, f"{TYPE} ({single.place})", []
    listed: dict[tuple[str, int], str] = {}
    lists = _settings(documents, {HOSTS})
    for setting in lists:
        listed |= hosts(setting)
    source = f"the hosts ({', '.join(str(setting.place) for setting in lists)})"
    files = f"the files ({', '.join(document.file for document in voters) or 'none'})"
    doubts: list[str] = []
    if len(documents) == 1:
        if len(listed) == 1:
            doubts.append(
                f"{source} are only one, and one node never disagrees with itself; if the list is "
                f"not of every master-eligible node, give --nodes"
            )
        return len(listed) or None, source, doubts
    if listed and len(listed) != len(voters):
        nodes = max(len(voters), len(listed) if len(listed) > len(documents) else 0)
        taken = source if nodes > len(voters) else files
        doubts.append(
            f"{source} are {len(listed)}, but {len(voters)} of {len(documents)} files are of a "
            f"master-eligible node; {nodes} nodes are taken from {taken}; --nodes says otherwise"
        )
    else:
        nodes, taken = len(voters), files
    if documents and not nodes:
        raise ConfigurationError(
            f"no node is master-eligible: {', '.join(document.file for document in documents)} "
            f"all say so; set node.master: true in those that may become master"
        )
    return nodes or None, taken, doubts


def _refuse_repeated(documents: Sequence[Document]) -> None:
    for number, document in enumerate(documents):
        if any(document.file == other.file for other in documents[:number]):
            raise ConfigurationError(f"{document.file} is given twice; give one file per node")


def _refuse_version_7(documents: Sequence[Document]) -> None:
    later = [
        setting
        for document in documents
        for setting in document.settings.values()
        if _under(setting.name, SINCE_7)
    ]
    if later:
        raise ConfigurationError(
            f"{', '.join(f'{setting.name} ({setting.place})' for setting in later)}: this is "
            f"Elasticsearch 7 or later, whose election (Zen2) is not modelled; from 7 on "
            f"{MINIMUM} is ignored, so a verdict about it would say nothing of this cluster. "
            f"Before 7 the hosts stand in {HOSTS}"
        )


def _refuse_unset(minimum: Setting | None, voters: Sequence[Document]) -> None:
    """Refuse files of which some make the check and others do not."""
    unset = [document.file for document in voters if MINIMUM not in document.settings]
    if minimum and unset and integer(minimum) >= 1:
        raise ConfigurationError(
            f"{MINIMUM} is {minimum.text} at {minimum.place} but is not set in "
            f"{', '.join(unset)}, where it is -1 (no check); it must be the same in every file"
        )


def _assumed(documents: Sequence[Document]) -> Iterator[Assumed]:
    if not any(MINIMUM in document.settings for document in documents):
        why = "no file sets it; by default there is no check"
        yield Assumed(MINIMUM, -1, f"{why} (a value set at run time does not stand in the files)")
    silent = [d.file for d in documents if not {MASTER, CLIENT, ROLES} & d.settings.keys()]
    if silent and len(documents) > 1:
        yield Assumed(MASTER, True, f"the default; not set in {', '.join(silent)}")
    yield Assumed(
        "version", "6.x", "the files do not tell their version; for another give --set version=..."
    )


def _warnings(documents: Sequence[Document]) -> Iterator[str]:
    for setting in (setting for document in documents for setting in document.settings.values()):
        if setting.name == MASTER and setting.value not in ("true", "false"):
            yield (
                f"{setting.place}: {setting.name} is {setting.text!r}; version 6 accepts only "
                f"true and false"
            )
        if setting.name == ROLES:
            yield (
                f"{setting.place}: {ROLES} exists from Elasticsearch 7.9 on, whose election (Zen2) "
                f"is not modelled and where {MINIMUM} is ignored; the verdict is about Zen"
            )
        if setting.name == HOSTS:
            for entry in hosts(setting).values():
                match = HOST.fullmatch(entry)
                if match and (match[3] or match[5]):
                    yield (
                        f"{setting.place}: {entry} is counted as one node, since Elasticsearch "
                        f"pings only the first port of a range; list each node with its own port"
                    )
        if _under(setting.name, BEFORE_5):
            yield (
                f"{setting.place}: {setting.name} exists only before version 5; check with "
                f"--set version=2.x or 1.7"
            )
        if meant := _meant(setting.name):
            yield f"{setting.place}: {setting.name} is not known; did you mean {meant}?"


def _meant(name: str) -> str | None:
    """The setting of which `name` looks like a misspelling."""
    low = name.lower()
    if name in KNOWN or _under(name, BEFORE_5):
        return None
    for real in (MINIMUM, HOSTS, MASTER):
        if real.endswith(f".{low}") or low.endswith(f".{real}"):
            return real
    return next(iter(get_close_matches(low, KNOWN, n=1, cutoff=0.85)), None)


def _why(setting: Setting) -> str:
    if setting.value is None:
        return NO_VALUE
    return next((why for name, why in UNMODELLED if _under(setting.name, (name,))), NO_PART)


def _under(name: str, names: tuple[str, ...]) -> bool:
    return any(name.startswith(one) if one.endswith(".") else name == one for one in names)


def _text(setting: Setting) -> str:
    return setting.text


def _settings(documents: Sequence[Document], names: set[str]) -> list[Setting]:
    """The settings of these names in the order of the files."""
    return [
        setting
        for document in documents
        for setting in document.settings.values()
        if setting.name in names
    ]


def _unmodelled(documents: Sequence[Document], used: set[str]) -> Iterator[Unmodelled]:
    """Every other setting; one that is the same in several files only once."""
    seen = set()
    for document in documents:
        for setting in document.settings.values():
            if setting.name not in used and (setting.name, setting.value) not in seen:
                seen.add((setting.name, setting.value))
                yield Unmodelled(setting, _why(setting))
