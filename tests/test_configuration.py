"""Reading settings from YAML: every way of nesting them, and what is said of a bad file."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from checker.configuration import (
    MOST_SETTINGS,
    Document,
    Place,
    Setting,
    _document,
    boolean,
    integer,
    items,
    merge,
    read_yaml,
)
from checker.errors import ConfigurationError


def read(text: str, **environ: str) -> Document:
    return _document("es.yml", text, environ)


def values(text: str, **environ: str) -> dict[str, object]:
    return {name: setting.value for name, setting in read(text, **environ).settings.items()}


def refusal(text: str, **environ: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        read(text, **environ)
    return str(refused.value)


def setting(value: str | tuple[str, ...] | None, name: str = "a.b", line: int = 3) -> Setting:
    return Setting(name, value, Place("es.yml", line))


# --- nesting

words = st.text("abcxyz_", min_size=1, max_size=4)
texts = st.text("abc019 :#-,'\"", max_size=8)
leaves = texts | st.lists(texts, max_size=3)
trees = st.dictionaries(
    words,
    st.recursive(leaves, lambda below: st.dictionaries(words, below, min_size=1, max_size=3)),
    max_size=4,
)


def flat(tree: dict, prefix: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in tree.items():
        found |= (
            flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
        )
    return found


def mixed(data: st.DataObject, tree: dict) -> dict:
    """The same tree with the names of some levels joined by dots."""
    shown: dict[str, object] = {}
    for key, value in tree.items():
        if not isinstance(value, dict):
            shown[key] = value
        elif data.draw(st.booleans()):
            shown |= {f"{key}.{name}": below for name, below in mixed(data, value).items()}
        else:
            shown[key] = mixed(data, value)
    return shown


@settings(deadline=None, max_examples=60)
@given(trees, st.booleans(), st.data())
def test_flat_nested_and_mixed_files_hold_the_same_settings(tree, flow, data):
    expected = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in flat(tree).items()
    }
    for shape in (tree, flat(tree), mixed(data, tree)):
        text = yaml.safe_dump(shape, default_flow_style=flow, sort_keys=False)
        assert values(text) == expected


def test_mixed_nesting_as_people_write_it():
    text = "discovery:\n  zen:\n    ping.unicast.hosts: [a, b]\n  zen.fd.ping_timeout: 3s\n"
    document = read(text)
    assert document.settings["discovery.zen.ping.unicast.hosts"] == Setting(
        "discovery.zen.ping.unicast.hosts", ("a", "b"), Place("es.yml", 3)
    )
    assert str(document.settings["discovery.zen.fd.ping_timeout"].place) == "es.yml:4"


@pytest.mark.parametrize("text", ["", "# only\n  # comments\n", "---\n", "{}", "\ufeff# BOM\n"])
def test_a_file_without_settings(tmp_path, text):
    path = tmp_path / "empty.yml"
    path.write_text(text, encoding="utf-8")
    assert read_yaml(path, {}) == Document(str(path), {})


@pytest.mark.parametrize(
    "text", ["no", "yes", "09300", "1_0", "0x10", "2001-12-14", "1:30", "1e3", "True", "'~'"]
)
def test_values_stay_the_text_of_the_file(text):
    assert values(f"a.b: {text}") == {"a.b": text.strip("'")}


def test_a_name_without_a_value_is_kept_as_none():
    text = "discovery:\n  # zen.fd.ping_timeout: 3s\nnode: ~\npath: {}\n"
    assert values(text) == {"discovery": None, "node": None, "path": None}


def test_elements_that_are_no_plain_values_are_numbered():
    assert values("a:\n  - b: 1\n  - [2, 3]\n") == {"a.0.b": "1", "a.1": ("2", "3")}


def test_an_alias_stands_for_its_anchor():
    assert values("a: &x {b: 1}\nc: *x\n") == {"a.b": "1", "c.b": "1"}


# --- what is refused


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("a.b: 1\na.b: 2\n", (1, 2)),
        ("a.b: 1\n\na:\n  b: 1\n", (1, 4)),
        ("a:\n  b.c: 1\na.b:\n  c: 1\n", (2, 4)),
    ],
)
def test_a_setting_given_twice_names_both_lines(text, lines):
    said = refusal(text)
    name = "a.b.c" if "c" in text else "a.b"
    assert said.startswith(f"{name} is given twice, at es.yml:{lines[0]} and at es.yml:{lines[1]};")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", "es.yml:3:2: not valid YAML: while parsing a flow sequence, "),
        ("a: 1\n\tb: 2\n", "es.yml:2:1: not valid YAML: while scanning"),
        ("a: b: c\n", "es.yml:1:5: not valid YAML: mapping values are not allowed here"),
        ("a: 1\nb: x\x07y\n", "es.yml:2:5: not valid YAML: the character U+0007 is not allowed"),
        ("a: 1\nb: [${X}]\n", "es.yml:2:6: not valid YAML: while parsing a flow sequence, "),
        ("a: 1\r\rb: [${X\r", "es.yml:3:6: not valid YAML: while parsing a flow sequence, "),
        ("a: *x\n", "es.yml:1:4: not valid YAML: found undefined alias 'x'"),
        (
            "- a\n- b\n",
            "es.yml:1: the file should consist of settings (name: value), not of a list",
        ),
        (
            "\nhello\n",
            "es.yml:2: the file should consist of settings (name: value), not of a single",
        ),
        ("a: 1\n---\nb: 2\n", "es.yml:3: a second YAML document begins here; one file"),
        ("? [a, b]\n: 1\n", "es.yml:1: the name of a setting should be a plain text"),
        ("a: 1\n~: 2\n", "es.yml:2: the name of a setting should be a plain text"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "es.yml:3: merge keys (<<) are not read; write"),
        ("a: &x\n  b: *x\n", "es.yml:2: a.b contains itself through an alias"),
        ("a: &x\n  - b: 1\n  - *x\n", "es.yml:1: a.1 contains itself through an alias"),
        ("a:\n  - b\n  -\n", "es.yml:3: an element of a has no value"),
    ],
)
def test_a_bad_file_is_refused_with_its_place(text, said):
    assert refusal(text).startswith(said)


def test_a_name_to_substitute_inside_brackets_needs_quotes():
    assert refusal("a: [${X}]\n").endswith("; inside brackets ${NAME} stands in quotes")
    assert "quotes" not in refusal("a: [b\nc: ${X}\nd: 1\n")


def test_aliases_that_unfold_without_end_are_refused():
    levels = [f"l{n}: &l{n} {{a: *l{n - 1}, b: *l{n - 1}}}" for n in range(1, 40)]
    said = refusal("\n".join(["l0: &l0 {a: {}, b: {}}", *levels]))
    assert said == f"es.yml: more than {MOST_SETTINGS} settings"


@pytest.mark.parametrize("text", ["a: " + "[" * 2000, "a: " + "${" * 2000 + "}" * 2000])
def test_deep_nesting_is_refused(tmp_path, text):
    path = tmp_path / "deep.yml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"deep\.yml: nested too deeply"):
        read_yaml(path, {})


def test_unreadable_files_are_named(tmp_path):
    missing = tmp_path / "missing.yml"
    with pytest.raises(ConfigurationError, match=r"missing\.yml cannot be read: No such file"):
        read_yaml(missing, {})
    with pytest.raises(ConfigurationError, match="is a directory; name the file in it"):
        read_yaml(tmp_path, {})
    with pytest.raises(ConfigurationError, match="cannot be read: embedded null"):
        read_yaml("a\0b", {})
    latin = tmp_path / "latin.yml"
    latin.write_bytes("a: 1\nb: für\n".encode("latin-1"))
    with pytest.raises(
        ConfigurationError, match=r"latin\.yml:2: not UTF-8 \(byte 0xfc\)"
    ) as refused:
        read_yaml(latin, {})
    assert refused.value.exit_code == 10


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=40) | st.text("a:-[]{}&*#|>'\"\n\t ,.$?!%@`~<1", max_size=40))
def test_any_text_is_read_or_refused(text):
    try:
        assert isinstance(read(text), Document)
    except ConfigurationError as refused:
        assert str(refused).startswith("es.yml") or "given twice" in str(refused)


# --- substitution


def test_substitution_in_values_and_elements():
    text = "a: ${HOST}:${PORT:9300}\nb: ['${HOST}', 'x${NONE:}y']\nc: ${URL:http://h:1}\n"
    assert values(text, HOST="es-1") == {
        "a": "es-1:9300",
        "b": ("es-1", "xy"),
        "c": "http://h:1",
    }


def test_the_environment_comes_before_the_default_and_before_other_settings():
    assert values("n: ${N:2}\nm: ${n}\nk: ${m}\n", N="3", m="7") == {"n": "3", "m": "3", "k": "7"}


def test_a_setting_without_a_value_gives_none_to_others():
    assert values("n: ~\nm: ${n:x}\n") == {"n": None, "m": "x"}


def test_nested_substitution():
    assert values("a: ${A:${B:c}}\nb: x${${WHICH}}\n", WHICH="C", C="1") == {"a": "c", "b": "x1"}


def test_an_open_brace_is_plain_text():
    assert values("a: pass${word\nb: 5$\nc: ${X}-${Y\n", X="1") == {
        "a": "pass${word",
        "b": "5$",
        "c": "1-${Y",
    }


def test_a_missing_name_is_an_error_that_names_it():
    assert refusal("a: 1\nhosts:\n  - one\n  - ${SECOND_HOST}\n") == (
        "es.yml:4: hosts needs the environment variable SECOND_HOST, which is not set; set it, or "
        "write ${SECOND_HOST:default}"
    )


def test_an_empty_variable_is_set():
    assert values("a: ${EMPTY}", EMPTY="") == {"a": ""}


@pytest.mark.parametrize(
    ("text", "environ"),
    [("a: ${X}", {"X": "1${X}"}), ("a: ${X}", {"X": "${Y}", "Y": "${X}"}), ("X: ${X}", {})],
)
def test_a_circle_of_names_is_refused(text, environ):
    assert refusal(text, **environ).endswith("refers to itself through ${X}")


# --- types


def test_integer():
    assert [integer(setting(text)) for text in ("2", "-1", "+3", "007")] == [2, -1, 3, 7]
    for text in ("two", "2.0", "1_0", "0x2", "", "٢", "9" * 5000, ("2",), None):
        with pytest.raises(ConfigurationError, match=r"^es\.yml:3: a\.b .*a whole number, such as"):
            integer(setting(text))


def test_boolean():
    assert [boolean(setting(text)) for text in ("true", "Yes", "on", "1")] == [True] * 4
    assert [boolean(setting(text)) for text in ("false", "no", "OFF", "0")] == [False] * 4
    with pytest.raises(ConfigurationError, match=r"^es\.yml:3: a\.b is 'maybe'; .* true or false$"):
        boolean(setting("maybe"))
    with pytest.raises(ConfigurationError, match=r"is the list \[true\]; it should be true or"):
        boolean(setting(("true",)))


def test_items():
    assert items(setting(" a, b:1 ,,c,")) == items(setting(("a ", "b:1", "c"))) == ("a", "b:1", "c")
    assert items(setting("")) == items(setting(())) == ()
    with pytest.raises(ConfigurationError, match=r"^es\.yml:3: a\.b has no value; it should be"):
        items(setting(None))


# --- several files


def test_merge_takes_the_shared_settings_and_leaves_the_others():
    first = _document("n1.yml", "n: 2\nname: x\n", {})
    second = _document("n2.yml", "name: y\nn: '02'\nm: 1\n", {})
    merged = merge([first, second], {"n": integer, "m": integer, "k": integer})
    assert merged == {"n": first.settings["n"], "m": second.settings["m"]}


def test_a_contradiction_names_both_places_and_values():
    first = _document("n1.yml", "n: 2\n", {})
    second = _document("n2.yml", "a: 0\nn: 1\n", {})
    with pytest.raises(ConfigurationError) as refused:
        merge([first, second], {"n": integer})
    assert str(refused.value) == (
        "n is 2 at n1.yml:1 but 1 at n2.yml:2; it must be the same in every file"
    )


def test_the_path_is_shown_as_it_was_given(tmp_path, monkeypatch):
    (tmp_path / "elasticsearch.yml").write_text("\n\na: 1\n")
    monkeypatch.chdir(tmp_path)
    document = read_yaml(Path("elasticsearch.yml"), {})
    assert str(document.settings["a"].place) == "elasticsearch.yml:3"
