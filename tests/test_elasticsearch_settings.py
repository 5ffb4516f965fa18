"""What is made of `elasticsearch.yml`: knobs, number of nodes, and what is said about them."""

from pathlib import Path

import pytest

from checker.configuration import Configuration, Document, _document, read_yaml
from checker.errors import ConfigurationError
from models.elasticsearch_settings import configure, eligible, hosts

EXAMPLES = Path(__file__).parent.parent / "examples"
MINIMUM = "discovery.zen.minimum_master_nodes"
HOSTS = "discovery.zen.ping.unicast.hosts"


def documents(*texts: str) -> list[Document]:
    return [_document(f"n{number}.yml", text, {}) for number, text in enumerate(texts, 1)]


def configured(*texts: str) -> Configuration:
    return configure(documents(*texts))


def refusal(*texts: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        configured(*texts)
    return str(refused.value)


def host_list(entries: str) -> dict[tuple[str, int], str]:
    return hosts(documents(f"{HOSTS}: {entries}")[0].settings[HOSTS])


def why(configuration: Configuration) -> dict[str, str]:
    return {entry.setting.name: entry.why for entry in configuration.unmodelled}


# --- the examples


def test_the_unsafe_example_makes_no_check():
    made = configure([read_yaml(EXAMPLES / "elasticsearch-unsafe.yml", {})])
    assert (made.knobs, made.nodes, made.warnings) == ({}, 3, ())
    assert [(entry.name, entry.value) for entry in made.assumed] == [
        (MINIMUM, -1),
        ("version", "6.x"),
    ]
    assert [setting.name for setting in made.read] == ["node.master", HOSTS]


def test_the_safe_example_asks_for_the_majority():
    made = configure([read_yaml(EXAMPLES / "elasticsearch-safe.yml", {"ES_HOST": "10.0.0.1"})])
    assert (made.knobs, made.nodes, made.warnings) == ({"minimum_master_nodes": 2}, 3, ())
    assert [entry.name for entry in made.assumed] == ["version"]
    unmodelled = why(made)
    assert unmodelled["discovery.zen.ping_timeout"].startswith("a timeout may fire at any moment")
    assert unmodelled["http.port"] == "no part in the election"
    assert "network.host" in unmodelled and MINIMUM not in unmodelled


# --- hosts


@pytest.mark.parametrize(
    ("entries", "nodes"),
    [
        ("[a, b, c]", 3),
        ("a, b:9300,c", 3),
        ("['a', 'A:9300', 'a:']", 1),
        ("[a:9300, a:9301, a:9302]", 3),
        ("['[::1]:9300', '[fe80::1]', 10.0.0.1]", 3),
        ("[localhost, 127.0.0.1, '[::1]']", 1),
        ("['a:9300-9305', 'b:[9300-9400]', 'c[9300-9400]', 'd[9300]']", 4),
        ("['a[9300-9305]', 'a[9301-9305]']", 2),
        ("[ip-10-0-0-1, ip-10-0-0-2]", 2),
        ("es-1.no-such-domain.invalid,", 1),
    ],
)
def test_the_number_of_hosts(entries, nodes):
    assert len(host_list(entries)) == nodes
    assert configured(f"{HOSTS}: {entries}").nodes == nodes


@pytest.mark.parametrize("entries", ["[]", "''", "' , '"])
def test_no_hosts(entries):
    assert refusal(f"\n{HOSTS}: {entries}").startswith(f"n1.yml:2: {HOSTS} names no host; name ")


@pytest.mark.parametrize(
    ("entry", "right"),
    [
        ("http://a:9200", "leave out what stands before the host name"),
        ("::1", "an IPv6 address stands in brackets, as in [::1]:9300"),
        ("a,b", "an element of a list is one host"),
        ("a b", "write host, host:9300 or [::1]:9300, with commas between them"),
        ("a:x", "write host, host:9300 or [::1]:9300, with commas between them"),
        ("a:-9300", "write host, host:9300 or [::1]:9300, with commas between them"),
        ("${A", "write host, host:9300 or [::1]:9300, with commas between them"),
        ("a:" + "9" * 5000, "write host, host:9300 or [::1]:9300, with commas between them"),
        ("a:70000", "ports go from 1 to 65535, the lower one first"),
        ("a:0", "ports go from 1 to 65535, the lower one first"),
        ("a:9305-9300", "ports go from 1 to 65535, the lower one first"),
    ],
)
def test_a_bad_host(entry, right):
    said = refusal(f"{HOSTS}: [b, '{entry}']")
    assert said == f"n1.yml:1: {HOSTS} has the host {entry!r}; {right}"


def test_a_range_of_ports_is_one_node_and_said_so():
    (said,) = configured(f"{HOSTS}: [ip-10-0-0-1, 'a:9300-9305', 'b:9300']").warnings
    assert said.startswith("n1.yml:1: a:9300-9305 is counted as one node, since")
    assert configured(f"{HOSTS}: ['a[9300-9400]', b]").warnings[0].startswith("n1.yml:1: a[9300-")


def test_a_single_host_is_doubted():
    made = configured(f"{HOSTS}: a")
    assert made.nodes == 1
    assert made.warnings[0].startswith("the hosts (n1.yml:1) are only one")


# --- types


def test_wrong_types():
    assert refusal(f"\n\n{MINIMUM}: two") == (
        f"n1.yml:3: {MINIMUM} is 'two'; it should be a whole number, such as 2"
    )
    assert refusal(f"{MINIMUM}: [2]").startswith(f"n1.yml:1: {MINIMUM} is the list [2]; it should")
    assert refusal("node:\n  master: perhaps").startswith("n1.yml:2: node.master is 'perhaps'; it")
    assert refusal(f"{HOSTS}:").startswith(f"n1.yml:1: {HOSTS} has no value; it should be a list")


# --- the minimum


@pytest.mark.parametrize("value", [-1, 0, 1, 2, 3])
def test_the_minimum_is_the_knob(value):
    made = configured(f"{HOSTS}: a, b, c\n{MINIMUM}: {value}")
    assert made.knobs == {"minimum_master_nodes": value}
    assert made.warnings == ()


def test_a_minimum_above_the_number_of_nodes_is_warned_of():
    made = configured(f"{HOSTS}: a, b, c\n{MINIMUM}: 4")
    assert made.warnings == (
        f"{MINIMUM} is 4 at n1.yml:2, but only 3 nodes are master-eligible by the hosts "
        "(n1.yml:1): no master can ever be elected",
    )


def test_no_hosts_setting_leaves_the_number_open():
    made = configured(f"{MINIMUM}: 2\n")
    assert made.nodes is None and made.warnings == ()
    assert [entry.name for entry in made.assumed] == ["version", "nodes"]
    assert made.assumed[1].why == f"no file sets {HOSTS}; --nodes says otherwise"


def test_an_empty_file_assumes_everything():
    made = configured("")
    assert (made.knobs, made.nodes, made.read, made.unmodelled) == ({}, None, (), ())
    assert [entry.name for entry in made.assumed] == [MINIMUM, "version", "nodes"]


# --- roles


@pytest.mark.parametrize(
    ("text", "votes"),
    [
        ("", True),
        ("node.master: true", True),
        ("node.master: false", False),
        ("node: {master: no, data: yes}", False),
        ("node.data: false", True),
        ("node.client: true", False),
        ("node.client: false", True),
        ("node.master: true\nnode.client: true", False),
        ("node.roles: [master, data]", True),
        ("node.roles: data, ingest", False),
        ("node.roles: []", False),
    ],
)
def test_who_may_become_master(text, votes):
    assert eligible(documents(text)[0]) is votes


def test_both_kinds_of_role_are_refused():
    said = refusal("node.roles: [master]\nnode.master: true")
    assert said.startswith("node.master at n1.yml:2 contradicts node.roles at n1.yml:1: ")


def test_roles_tell_the_version():
    made = configured("node.roles: [master]")
    assert made.warnings[0].startswith("n1.yml:1: node.roles exists from Elasticsearch 7.9 on")


def test_a_spelling_that_version_6_refuses():
    (said,) = configured(f"{HOSTS}: a, b\nnode.master: yes").warnings
    assert said == "n1.yml:2: node.master is 'yes'; version 6 accepts only true and false"


def test_a_single_file_of_a_node_that_does_not_vote_still_counts_its_hosts():
    assert configured(f"node.master: false\n{HOSTS}: a, b, c").nodes == 3


def test_single_node_discovery():
    made = configured(f"discovery.type: single-node\n{HOSTS}: a, b, c")
    assert made.nodes == 1 and "discovery.type" not in why(made)
    said = refusal("discovery.type: single-node", "")
    assert said.startswith(
        "n1.yml:1: discovery.type is single-node, and such a node joins no other"
    )
    assert "discovery.type" in why(configured("discovery.type: ec2"))


# --- one file per node


def test_files_are_counted_where_they_know_better():
    vote, other = f"{HOSTS}: a, b, c", f"node.master: false\n{HOSTS}: a, b, c"
    assert configured(vote, vote, vote).nodes == 3
    assert configured(vote, vote, vote).warnings == ()
    assert configured(vote, vote, vote, other).nodes == 3
    fewer = configured(vote, vote, other)
    assert fewer.nodes == 2
    assert fewer.warnings == (
        "the hosts (n1.yml:1, n2.yml:1, n3.yml:2) are 3, but 2 of 3 files are of a "
        "master-eligible node; 2 nodes are taken from the files (n1.yml, n2.yml); --nodes says "
        "otherwise",
    )
    partial = configured(vote, other)
    assert partial.nodes == 3 and "3 nodes are taken from the hosts" in partial.warnings[0]
    seeds = configured(*[f"{HOSTS}: a"] * 3)
    assert seeds.nodes == 3 and "3 nodes are taken from the files" in seeds.warnings[0]
    assert configured("", "", "node.master: false").nodes == 2


def test_host_lists_without_the_node_itself_are_joined():
    made = configured(f"{HOSTS}: b, c", f"{HOSTS}: a, c", f"{HOSTS}: a, b")
    assert made.nodes == 3 and made.warnings == ()


def test_defaults_of_files_are_said():
    made = configured("node.master: true", "", "path.data: /x")
    assert ("node.master", "the default; not set in n2.yml, n3.yml") in [
        (entry.name, entry.why) for entry in made.assumed
    ]


def test_no_node_that_votes():
    said = refusal("node.master: false", "node.master: false")
    assert said.startswith("no node is master-eligible: n1.yml, n2.yml all say so; set node.master")


@pytest.mark.parametrize("name", [MINIMUM, "cluster.name", "discovery.type"])
def test_contradictory_files(name):
    assert refusal(f"{name}: 2", f"node.data: true\n{name}: 1") == (
        f"{name} is 2 at n1.yml:1 but 1 at n2.yml:2; it must be the same in every file"
    )


def test_a_file_without_the_check_contradicts_one_with_it():
    assert refusal(f"{MINIMUM}: 2", "") == (
        f"{MINIMUM} is 2 at n1.yml:1 but is not set in n2.yml, where it is -1 (no check); it must "
        "be the same in every file"
    )
    assert configured(f"{MINIMUM}: 2", f"{MINIMUM}: 2", "node.master: false").nodes == 2
    assert configured(f"{MINIMUM}: 2", f"{MINIMUM}: +2").nodes == 2
    assert configured(f"{MINIMUM}: 0", "").knobs == {"minimum_master_nodes": 0}


def test_the_same_file_twice():
    (document,) = documents("")
    with pytest.raises(ConfigurationError, match=r"^n1\.yml is given twice; give one file per"):
        configure([document, document])


def test_what_was_read_is_listed_for_every_file_and_what_was_not_only_once():
    made = configured("cluster.name: x\nnode.master: true", "cluster.name: x\nnode.master: true")
    assert [str(setting.place) for setting in made.read] == [
        "n1.yml:1",
        "n1.yml:2",
        "n2.yml:1",
        "n2.yml:2",
    ]
    made = configured("path.data: /x\nnode.name: a", "path.data: /x\nnode.name: b")
    assert [entry.setting.text for entry in made.unmodelled] == ["/x", "a", "b"]


# --- other versions, misspellings


@pytest.mark.parametrize(
    "name",
    ["discovery.seed_hosts", "cluster.initial_master_nodes", "cluster.election.max_timeout"],
)
def test_settings_of_version_7(name):
    said = refusal(f"path.data: /x\n{name}: [a, b]\n{MINIMUM}: 2")
    assert said.startswith(f"{name} (n1.yml:2): this is Elasticsearch 7 or later, whose election")
    assert f"{MINIMUM} is ignored" in said


def test_all_settings_of_version_7_are_named():
    said = refusal("discovery:\n  seed_hosts: a", "cluster.initial_master_nodes: a")
    assert said.startswith("discovery.seed_hosts (n1.yml:2), cluster.initial_master_nodes (n2.yml:")


@pytest.mark.parametrize("name", ["node.client", "discovery.zen.ping.multicast.port"])
def test_settings_of_old_versions(name):
    (said,) = configured(f"{HOSTS}: a, b\n{name}: false").warnings
    assert said.startswith(f"n1.yml:2: {name} exists only before version 5; check with --set")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("discovery.zen.minimum_master_node", MINIMUM),
        ("dicovery.zen.minimum_master_nodes", MINIMUM),
        ("discovery.zen.min_master_nodes", MINIMUM),
        ("Discovery.Zen.Minimum_Master_Nodes", MINIMUM),
        ("minimum_master_nodes", MINIMUM),
        ("es.discovery.zen.minimum_master_nodes", MINIMUM),
        ("discovery.zen.unicast.hosts", HOSTS),
        ("discovery.zen.ping.unicast.hosts.0", HOSTS),
        ("config.settings.discovery.zen.minimum_master_nodes", MINIMUM),
        ("NODE.MASTER", "node.master"),
        ("node.clients", "node.client"),
        ("node.mater", "node.master"),
        ("discovery.seed_host", "discovery.seed_hosts"),
        ("discovery.zen.fd.ping_timout", "discovery.zen.fd.ping_timeout"),
    ],
)
def test_misspelt_names(name, meant):
    (said,) = configured(f"{name}: 2").warnings
    assert said == f"n1.yml:1: {name} is not known; did you mean {meant}?"


def test_settings_that_only_look_alike_are_left_alone():
    names = [
        *("node.name", "node.data", "node.ingest", "node.attr.rack", "node.rack", "cluster.name"),
        *("path.data", "network.host", "http.port", "transport.tcp.port", "gateway.expected_nodes"),
        *("discovery.zen.ping_timeout", "discovery.zen.fd.ping_timeout", "bootstrap.memory_lock"),
        *("discovery.zen.publish_diff.enable", "discovery.zen.masterservice.type"),
        *("discovery.ec2.tag.x", "xpack.security.enabled", "discovery.zen.no_master_block"),
    ]
    made = configured("\n".join(f"{name}: 1" for name in names))
    assert made.warnings == ()
    assert sorted(why(made)) == sorted(names)


def test_a_setting_without_a_value_is_not_modelled():
    assert why(configured("discovery:\n  # zen.minimum_master_nodes: 2\n")) == {
        "discovery": "it has no value, and Elasticsearch refuses to start with it from version 2 on"
    }
