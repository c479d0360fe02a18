from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from csctl.errors import CsctlError, UsageError
from csctl.index.cache import NO_CACHE, RepositoryCache, open_repository_cache
from csctl.kinds.schemaload import Schemas, found_in
from csctl.repository import open_repository
from csctl.resources import builtin
from csctl.rules.context import build_context
from csctl.store import Store
from csctl.verdicts.validation import check_record
from tests.factory import (
    COMPLAINT,
    NOTE_SCHEMA,
    ZONE,
    records_repository,
    write,
    write_complaint,
)

LABEL = "{zh: 字, en: word, zh-TW: 字}"
MINIMAL = f"""\
x-kind: outing
x-title: {LABEL}
x-prefix: OU
x-folder: outings
properties:
  what: {{type: string, x-label: {LABEL}}}
"""


def schemas(root: Path, **files: str) -> Schemas:
    """Lay schema files into a repository's folder, `common__x` meaning common/x; return all."""
    for name, text in files.items():
        write(root, f"schemas/{name.replace('__', '/')}.yaml", text)
    return Schemas((root / "schemas", builtin("schemas")))


def extending(text: str) -> str:
    return f"x-kind: complaint\nx-extends: builtin\n{text}"


# --- kinds ---------------------------------------------------------------------------------------


def test_a_kind_is_one_schema_file(tmp_path: Path) -> None:
    kind = schemas(tmp_path, outing=MINIMAL).kind("outing")
    assert kind.name == "outing"
    assert kind.version == 1
    assert kind.stages == ()
    assert list(kind.fields)[:4] == ["schema", "id", "stage", "what"]
    assert "sent" in kind.fields
    assert kind.schema["required"] == ["schema", "id"]
    assert [each["name"] for each in kind.sections] == ["trail"]


def test_shipped_kinds_load(tmp_path: Path) -> None:
    loaded = schemas(tmp_path)
    assert {"complaint", "8d", "customer", "person"} <= set(loaded.names())
    for name in loaded.names():
        assert loaded.kind(name) is loaded.kind(name)


def test_an_unknown_kind_gets_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        schemas(tmp_path).kind("complant")
    assert "complaint" in raised.value.hint


def test_every_gate_field_may_be_answered_otherwise_unless_it_says_no(tmp_path: Path) -> None:
    kind = schemas(tmp_path, note=NOTE_SCHEMA).kind("note")
    assert kind.field("place.shelf").may_be_unanswered
    assert kind.field("weight").may_be_unanswered
    assert not kind.field("place.row").may_be_unanswered
    strict = NOTE_SCHEMA.replace("x-row: S", "x-row: S\n    x-answers: false")
    kind = schemas(tmp_path, note=strict).kind("note")
    assert not kind.field("steps").may_be_unanswered


def test_sections_are_inherited_by_the_fields_that_follow(tmp_path: Path) -> None:
    kind = schemas(tmp_path, note=NOTE_SCHEMA).kind("note")
    assert kind.field("urgent").section == "head"
    assert kind.field("done_at").section == "work"
    assert kind.field("amendments").section == "trail"


# --- what does not hold together -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("x-kind: outing", "x-kind: trip", "needs 'x-kind: outing'"),
        ("x-folder: outings", "x-folder: ../outings", "x-folder"),
        ("x-prefix: OU\n", "", "either an x-prefix or an x-code"),
        ("x-prefix: OU", "x-prefix: V-S", "either an x-prefix or an x-code"),
        ("x-prefix: OU", "x-prefix: OU\nx-code: '[a-z]+'", "either an x-prefix or an x-code"),
        ("x-prefix: OU", "x-prefix: CC", "the same x-prefix: CC"),
        ("x-folder: outings", "x-folder: complaints", "the same x-folder: complaints"),
        (f"x-title: {LABEL}\n", "", "lacks 'x-title'"),
        ("x-prefix: OU", "x-prefix: OU\nx-stages: 5", "not in the form"),
        ("x-prefix: OU", "x-prefix: OU\nx-stages: [{label: x}]", "lacks 'name'"),
        ("x-prefix: OU", "x-prefix: OU\nx-version: two", "not in the form"),
        ("x-prefix: OU", "x-prefix: OU\nx-stages: [{name: a, at: none}]", "no field 'none'"),
        ("x-prefix: OU", "x-prefix: OU\nx-stages: [{name: a, milestones: [m]}]", "lacks 'm'"),
        ("x-prefix: OU", "x-prefix: OU\nx-stages: [{name: a, requires: [b]}]", "which is no field"),
        (
            "x-prefix: OU",
            "x-prefix: OU\nx-stages: [{name: a, requires: [{field: what, when: {b: 1}}]}]",
            "no field 'b'",
        ),
        ("x-prefix: OU", "x-prefix: OU\nx-milestones: [{name: m, at: b}]", "no field 'b'"),
        ("x-prefix: OU", "x-prefix: OU\nx-sends: [{name: s, signoffs: [x]}]", "lacks 'x'"),
        (
            "x-prefix: OU",
            "x-prefix: OU\nx-signoffs: [{name: s, step: approved, covers: [b]}]",
            "no field 'b'",
        ),
        (
            "x-prefix: OU",
            "x-prefix: OU\nx-clocks: [{name: c, from: what, stops: {stage: z}}]",
            "no stage 'z'",
        ),
        (
            "x-prefix: OU",
            "x-prefix: OU\nx-clocks: [{name: c, from: what, stops: {feild: z}}]",
            "lacks 'field'",
        ),
        ("x-prefix: OU", "x-prefix: OU\nx-list: [id, b]", "no field 'b'"),
    ],
)
def test_a_schema_that_does_not_hold_together_is_one_sentence(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    assert MINIMAL.count(old) == 1
    with pytest.raises(CsctlError, match=words) as raised:
        schemas(tmp_path, outing=MINIMAL.replace(old, new)).kind("outing")
    assert raised.value.exit_code == 3


def test_a_schema_that_is_no_yaml_names_its_line(tmp_path: Path) -> None:
    with pytest.raises(CsctlError, match=r"outing\.yaml:7:"):
        schemas(tmp_path, outing=MINIMAL + "a: b: c\n").kind("outing")


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CsctlError, match=r"no schema file nothing\.yaml"):
        schemas(tmp_path).flattened("nothing")
    with pytest.raises(CsctlError, match="no profile nothing"):
        schemas(tmp_path).profile("nothing")


def test_a_linked_schema_is_not_followed(tmp_path: Path) -> None:
    outside = write(tmp_path, "outside.yaml", MINIMAL)
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "outing.yaml").symlink_to(outside)
    with pytest.raises(CsctlError, match="is a link"):
        schemas(tmp_path).kind("outing")


# --- references ----------------------------------------------------------------------------------


def with_field(field: str) -> str:
    return f"{MINIMAL}  extra: {field}\n"


def test_a_reference_takes_the_shape_and_its_siblings_win(tmp_path: Path) -> None:
    shape = (
        "$defs:\n  a: {$ref: '#/$defs/b', maxLength: 5}\n"
        f"  b: {{type: string, x-label: {LABEL}}}\n"
    )
    outing = with_field("{$ref: common/mine.yaml#/$defs/a, x-type: text}")
    field = schemas(tmp_path, outing=outing, common__mine=shape).kind("outing").field("extra")
    assert field.schema == {
        "type": "string", "maxLength": 5, "x-type": "text",
        "x-label": {"zh": "字", "en": "word", "zh-TW": "字"},
    }  # fmt: skip


def test_the_same_name_in_two_files_is_no_cycle(tmp_path: Path) -> None:
    first = "$defs:\n  a: {$ref: common/two.yaml#/$defs/b}\n"
    second = "$defs:\n  a: {type: integer}\n  b: {$ref: '#/$defs/a'}\n"
    outing = with_field("{$ref: common/one.yaml#/$defs/a}")
    loaded = schemas(tmp_path, outing=outing, common__one=first, common__two=second)
    assert loaded.kind("outing").field("extra").type == "integer"


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("'#/$defs/none'", "leads nowhere"),
        ("'#/x-kind'", "leads nowhere"),
        ("common/none.yaml#/a", r"no schema file common/none\.yaml"),
        ("../secret.yaml#/a", "leaves its folder"),
        ("/etc/passwd", "leaves its folder"),
        ("common/mine.yaml#/$defs/a", "leads to itself"),
    ],
)
def test_a_reference_that_leads_nowhere_is_one_sentence(
    tmp_path: Path, reference: str, words: str
) -> None:
    cycle = "$defs:\n  a: {properties: {b: {$ref: '#/$defs/c'}}}\n  c: {$ref: '#/$defs/a'}\n"
    loaded = schemas(tmp_path, outing=with_field(f"{{$ref: {reference}}}"), common__mine=cycle)
    with pytest.raises(CsctlError, match=words):
        loaded.kind("outing")


def test_own_shapes_do_not_reach_into_what_csctl_ships(tmp_path: Path) -> None:
    loaded = schemas(tmp_path, common__types="$defs: {}\n")
    assert loaded.kind("complaint").field("title").schema["maxLength"]


# --- extensions ----------------------------------------------------------------------------------


def test_an_extension_adds_fields_sections_and_stage_requirements(tmp_path: Path) -> None:
    own = extending(
        f"""\
x-sections: [{{name: erp, label: {LABEL}}}]
x-stages:
  - {{name: registered, requires: [erp_no]}}
x-outcomes: {{duplicate: {LABEL}}}
x-signoffs: [{{name: approved_3d, covers: [erp_no]}}]
properties:
  erp_no: {{type: string, x-section: reception, x-label: {LABEL}, x-since: '2026-07-01'}}
  erp_line: {{type: string, x-section: erp, x-label: {LABEL}}}
  part:
    properties:
      erp_part: {{type: string, x-label: {LABEL}}}
    required: [erp_part]
  title: {{maxLength: 100, x-hint: {{en: shorter}}}}
"""
    )
    shipped = Schemas((builtin("schemas"),)).kind("complaint")
    kind = schemas(tmp_path, complaint=own).kind("complaint")
    asked = [each.address for each in kind.stage("registered").requires]
    assert asked == [*(each.address for each in shipped.stage("registered").requires), "erp_no"]
    assert kind.stage("registered").label == shipped.stage("registered").label
    assert [stage.name for stage in kind.stages] == [stage.name for stage in shipped.stages]
    names = list(kind.fields)
    assert kind.field("erp_no").section == "reception"
    assert names.index("erp_no") < names.index("part")
    assert kind.field("erp_line").section == "erp"
    assert kind.field("erp_no").since == "2026-07-01"
    assert kind.field("erp_no").may_be_unanswered
    assert {"erp_part", "name"} <= set(kind.field("part").fields)
    assert kind.field("part").schema["required"] == ["erp_part"]
    assert kind.field("title").schema["maxLength"] == 100
    assert "duplicate" in kind.outcomes
    assert set(shipped.outcomes) < set(kind.outcomes)
    assert kind.prefix == "CC"


@pytest.mark.parametrize(
    "loosened",
    [
        "x-prefix: KK",
        "x-folder: elsewhere",
        "x-version: 2",
        "x-clocks: [{name: ack, from: registered_at}]",
        "x-stages: [{name: registered, at: received_at}]",
        "properties: {symptom: {type: integer}}",
        "properties: {title: {maxLength: 121}}",
        "properties: {symptom: {minProperties: 0}}",
        "properties: {symptom: {additionalProperties: true}}",
        "properties: {customer: {x-answers: true}}",
        "properties: {customer: {x-link: person}}",
        "properties: {customer: {pattern: '.*'}}",
        "properties: {received_at: {x-frozen: false}}",
        "properties: {symptom: {x-evolves: true}}",
        "properties: {attachments: {items: {properties: {caption: {x-beside: true}}}}}",
        "properties: {notes: {x-audience: everybody}}",
        "properties: {complaint_type: {x-choices: {more: {en: More}}}}",
        "properties: {attachments: {items: {additionalProperties: true}}}",
        "properties: {attachments: {items: {properties: {sha256: {pattern: '.'}}}}}",
        "properties: {part: {properties: {name: {type: integer}}}}",
        "properties: {symptom: {x-since: '2026-07-01'}}",
    ],
)
def test_an_extension_may_not_loosen(tmp_path: Path, loosened: str) -> None:
    with pytest.raises(CsctlError, match=r"complaint\.yaml would loosen"):
        schemas(tmp_path, complaint=extending(loosened + "\n")).flattened("complaint")


@pytest.mark.parametrize(
    "tightened",
    [
        "properties: {symptom: {x-answers: false, x-frozen: true, x-audience: internal}}",
        "properties: {complaint_type: {x-choices: {product_quality: {en: Quality}}}}",
        "properties: {attachments: {items: {required: [caption]}, maxItems: 5}}",
        "properties: {qty_defective: {minimum: 1}}",
        "x-stages: [{name: closed, roles: [boss], label: {en: Shut}}]",
        "x-list: [id]",
        "required: [symptom]",
    ],
)
def test_an_extension_may_tighten(tmp_path: Path, tightened: str) -> None:
    shipped = Schemas((builtin("schemas"),)).kind("complaint")
    kind = schemas(tmp_path, complaint=extending(tightened + "\n")).kind("complaint")
    assert kind.schema != shipped.schema
    assert list(kind.fields) == list(shipped.fields)


def test_an_extension_needs_something_to_extend(tmp_path: Path) -> None:
    extension = MINIMAL.replace("x-prefix", "x-extends: builtin\nx-prefix")
    with pytest.raises(CsctlError, match="there is none of that name") as raised:
        schemas(tmp_path, outing=extension).flattened("outing")
    assert "x-extends" in raised.value.hint
    assert "outing" not in schemas(tmp_path).names()


def test_a_shipped_kind_is_extended_not_replaced(tmp_path: Path) -> None:
    shipped = (builtin("schemas") / "complaint.yaml").read_text(encoding="utf-8")
    assert schemas(tmp_path, complaint=shipped).kind("complaint").prefix == "CC"
    changed = shipped.replace("x-date: received_at", "x-date: occurred_at")
    with pytest.raises(CsctlError, match="would replace") as raised:
        schemas(tmp_path, complaint=changed).flattened("complaint")
    assert "x-extends: builtin" in raised.value.hint


def test_profiles_come_from_the_repository_first(tmp_path: Path) -> None:
    assert schemas(tmp_path).profile("clocks")["clocks"]
    assert schemas(tmp_path, profiles__clocks="clocks: []\n").profile("clocks") == {"clocks": []}


def test_a_required_field_of_ones_own_leaves_older_records_green(repo: Path) -> None:
    own = extending(
        f"""\
x-stages: [{{name: registered, requires: [erp_no]}}]
properties:
  erp_no: {{type: string, x-section: reception, x-label: {LABEL}, x-since: '2026-07-01'}}
"""
    )
    write(repo, "schemas/complaint.yaml", own)
    records_repository(repo, commit=False)
    write_complaint(repo, "CC-2026-0002", COMPLAINT.replace("2026-03-04", "2026-07-01"))
    answered = COMPLAINT.replace("2026-03-04", "2026-07-02") + "erp_no: '4711'\n"
    write_complaint(repo, "CC-2026-0003", answered)
    store = Store(open_repository(repo))
    context = build_context(store, datetime(2026, 7, 3, tzinfo=ZONE))
    missing = {
        name: [
            each.field for each in check_record(store.get(name), context) if each.rule == "ENV-03"
        ]
        for name in ("CC-2026-0001", "CC-2026-0002", "CC-2026-0003")
    }
    assert missing == {"CC-2026-0001": [], "CC-2026-0002": ["erp_no"], "CC-2026-0003": []}


# --- what is known already ------------------------------------------------------------------------


def test_the_same_files_are_one_kind_and_others_another(tmp_path: Path) -> None:
    first = schemas(tmp_path, outing=MINIMAL).kind("outing")
    assert schemas(tmp_path, outing=MINIMAL).kind("outing") is first
    changed = schemas(tmp_path, outing=MINIMAL.replace("OU", "QZ")).kind("outing")
    assert (first.prefix, changed.prefix) == ("OU", "QZ")
    assert schemas(tmp_path, outing=MINIMAL).kind("outing").prefix == "OU"


def test_what_a_process_before_kept_is_what_the_files_say(repo: Path) -> None:
    write(repo, "schemas/outing.yaml", MINIMAL)

    def told(cache: RepositoryCache) -> list[Any]:
        found_in.cache_clear()
        opened = Schemas((repo / "schemas", builtin("schemas")), cache)
        kinds = [vars(opened.kind(name)) for name in opened.names()]
        marks = [opened.mark(name) for name in opened.names()]
        return [kinds, marks, opened.linked_kinds(), opened.profile("clocks")]

    plain = told(NO_CACHE)
    cache = open_repository_cache(repo)
    assert told(cache) == plain
    assert cache.read("SELECT count(*) FROM texts")[0][0] > 2 * len(plain[1])
    assert told(cache) == plain
    cache.close()
