"""The schemas that ship with csctl: their source form, and what the gates ask."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from csctl.kinds.conformance import check_shape
from csctl.kinds.field import Field
from csctl.kinds.schema import Kind
from csctl.kinds.schemaload import Schemas
from csctl.kinds.stages import Milestone, Requirement, Send, Stage
from csctl.record import unanswered
from csctl.resources import builtin
from csctl.yamlfile import yamlio

SCHEMAS: Final = builtin("schemas")
FILES: Final = sorted(SCHEMAS.rglob("*.yaml"))
KINDS: Final = sorted(
    path.stem for path in SCHEMAS.glob("*.yaml") if "x-kind" in path.read_text(encoding="utf-8")
)
LANGUAGES: Final = {"zh", "en", "zh-TW"}
AMBIGUOUS: Final = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
VERBS: Final = {
    "show", "edit", "set", "advance", "send", "sign", "amend", "attach", "render", "log", "diff",
    "blame", "verify", "validate", "due", "report", "register", "search", "export", "submit",
    "sync", "status", "init", "schema", "rules", "doctor", "completion", "import", "list", "new",
    "fmt", "merge",
}  # fmt: skip
TYPES: Final = {
    "string", "text", "integer", "number", "boolean", "date", "datetime", "choice", "link", "file",
    "map", "list",
}  # fmt: skip
CJK: Final = re.compile("[\u4e00-\u9fff]+")


def relative(path: Path) -> str:
    return path.relative_to(SCHEMAS).as_posix()


@functools.cache
def load(path: Path) -> dict[str, Any]:
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(data, dict)
    return data


def nodes(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every map and value below `node` with the path that leads to it."""
    yield path, node
    if isinstance(node, dict):
        for key, value in node.items():
            yield from nodes(value, f"{path}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from nodes(value, f"{path}/{index}")


@pytest.fixture(scope="module")
def schemas() -> Schemas:
    return Schemas([SCHEMAS])


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, schemas: Schemas) -> Kind:
    return schemas.kind(request.param)


def envelope_fields() -> set[str]:
    return set(load(SCHEMAS / "common" / "envelope.yaml")["properties"])


# --- source form -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_every_yaml_reader_reads_the_same(path: Path) -> None:
    assert yamlio.load(path.read_bytes()).data == load(path)


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_keys_are_plain_words_in_every_yaml(path: Path) -> None:
    for where, node in nodes(load(path)):
        if isinstance(node, dict):
            assert all(isinstance(key, str) for key in node), where
            assert not {key.casefold() for key in node} & AMBIGUOUS, where


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_words_are_given_in_three_languages(path: Path) -> None:
    for where, node in nodes(load(path)):
        is_text = isinstance(node, dict) and not where.endswith(("/x-choices", "/properties"))
        if is_text and LANGUAGES & set(node):
            assert set(node) == LANGUAGES, f"{where}: {node}"
            for language, text in node.items():
                assert text, f"{where}/{language}"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_simplified_and_traditional_characters_are_not_mixed_up(path: Path) -> None:
    for where, node in nodes(load(path)):
        if isinstance(node, dict) and set(node) == LANGUAGES and isinstance(node["zh"], str):
            for language, charset in (("zh", "gb2312"), ("zh-TW", "big5")):
                for run in CJK.findall(node[language]):
                    assert run.encode(charset, "replace").decode(charset) == run, f"{where}: {run}"


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_patterns_mean_the_same_in_every_engine(path: Path) -> None:
    for where, node in nodes(load(path)):
        if where.endswith(("/pattern", "/x-code")):
            assert not re.search(r"\\[dDwWsSbB]", node), where
            assert "$" not in node, where
            assert node.startswith("^"), where
            assert node.endswith("(?![^x]|x)"), where
            assert not re.match(node, "x\n"), where


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_fields_rows_and_choices_have_labels(path: Path) -> None:
    for where, node in nodes(load(path)):
        if not isinstance(node, dict):
            continue
        for name, field in node.get("properties", {}).items() if where != "" else ():
            if set(node["properties"]) == LANGUAGES:
                continue
            labelled = "x-label" in field or "/properties/" in field.get("$ref", "")
            assert labelled, f"{where}/properties/{name}"
        for value, label in node.get("x-choices", {}).items():
            assert isinstance(value, str), f"{where}: {value!r}"
            assert set(label) == LANGUAGES, f"{where}: {value}"
        assert "enum" not in node, f"{where}: choices are labelled, say x-choices"


def test_every_field_has_a_label_and_a_known_type(kind: Kind) -> None:
    for field in kind.walk():
        assert field.type in TYPES, field.address
        if not field.address.endswith((".*", "[]")):
            assert set(field.label) == LANGUAGES, field.address


def test_maps_are_closed_and_rows_have_ids(kind: Kind) -> None:
    for field in kind.walk():
        if field.type == "map":
            assert field.schema.get("additionalProperties") is not None, field.address
        row = field.row
        if row is not None and row.type == "map":
            assert "id" in row.fields, field.address
            assert "id" in row.schema["required"], field.address
            assert "x-row" in field.schema, field.address
            assert row.schema.get("x-summary") in row.fields, field.address


def test_row_letters_are_used_once_in_a_kind(kind: Kind) -> None:
    lists = [each for each in kind.fields.values() if "x-row" in each.schema]
    letters = [each.row_prefix for each in lists]
    assert sorted(set(letters)) == sorted(letters)


def test_summaries_name_a_key_of_their_map(kind: Kind) -> None:
    assert kind.field(kind.word("x-summary"))
    for field in kind.walk():
        if "x-summary" in field.schema:
            assert field.schema["x-summary"] in field.fields, field.address


# --- what a kind declares ----------------------------------------------------------------------


def test_a_kind_says_who_it_is(kind: Kind) -> None:
    assert kind.name not in VERBS
    assert kind.version >= 1
    assert set(kind.title) == LANGUAGES == set(kind.short)
    assert bool(kind.prefix) != bool(kind.code)
    assert kind.folder
    assert kind.field(kind.date_field).type in ("date", "datetime")


def test_prefixes_and_folders_are_unique(schemas: Schemas) -> None:
    headers = schemas.headers().values()
    for word in ("prefix", "folder"):
        values = [header[word] for header in headers if word in header]
        assert len(values) == len(set(values))


def test_every_field_stands_in_a_section_in_the_order_of_the_form(kind: Kind) -> None:
    named = [section["name"] for section in kind.sections]
    assert all(set(section["label"]) == LANGUAGES for section in kind.sections)
    found = [f.section for f in kind.fields.values() if f.name not in ("schema", "id", "stage")]
    assert [*dict.fromkeys(found)] == named


def gates(kind: Kind) -> list[Stage | Milestone | Send]:
    return [*kind.stages, *kind.milestones.values(), *kind.sends.values()]


def requirements(kind: Kind) -> Iterator[tuple[str, Requirement]]:
    for each in gates(kind):
        yield from ((each.name, requirement) for requirement in each.requires)


def test_gates_ask_for_fields_that_exist_and_say_whether_unknown_will_do(kind: Kind) -> None:
    for gate, requirement in requirements(kind):
        field = kind.field(requirement.address)
        assert "x-answers" in field.schema, f"{gate}: {requirement.address}"
        assert_condition(kind, requirement.when)


def assert_condition(kind: Kind, when: Mapping[str, Any]) -> None:
    for address, wanted in when.items():
        field = kind.field(address)
        choices = [each.name for each in kind.stages] if address == "stage" else field.choices
        for value in wanted if isinstance(wanted, list) else [wanted]:
            known = isinstance(value, bool) and field.type == "boolean"
            assert value == "present" or known or value in choices, f"{address}: {value}"


def test_stages_milestones_sends_and_signoffs_name_what_exists(
    kind: Kind, schemas: Schemas
) -> None:
    roles = set(schemas.profile("roles")["roles"])
    for stage in kind.stages:
        assert set(stage.label) == LANGUAGES, stage.name
        assert set(stage.milestones) <= set(kind.milestones), stage.name
        assert set(stage.sent) <= set(kind.sends), stage.name
        assert set(stage.signoffs) <= set(kind.signoffs), stage.name
        assert set(stage.roles) <= roles, stage.name
        assert not stage.at or kind.field(stage.at).type in ("date", "datetime"), stage.name
        assert not stage.by or kind.field(stage.by).link == "person", stage.name
    for milestone in kind.milestones.values():
        assert kind.field(milestone.at).type == "datetime", milestone.name
    for send in kind.sends.values():
        assert set(send.signoffs) <= set(kind.signoffs), send.name
    for signoff in kind.signoffs.values():
        assert signoff.step in ("prepared", "reviewed", "approved"), signoff.name
        by_stage = any(signoff.name in each.signoffs for each in kind.stages)
        afterwards = (signoff.step, signoff.send) == ("reviewed", "")
        assert signoff.send in kind.sends or by_stage or afterwards, signoff.name
        assert signoff.covers, signoff.name
        assert set(signoff.roles) <= roles, signoff.name
        assert all(kind.field(address) for address in signoff.covers), signoff.name


def test_approval_needs_a_role_and_covers_what_its_report_asks_for(kind: Kind) -> None:
    for signoff in kind.signoffs.values():
        assert signoff.roles or signoff.step == "prepared", signoff.name
        people = {"our_contact", "complainant"}
        by_stage = [each for each in kind.stages if signoff.name in each.signoffs]
        first = kind.stages[0].requires if by_stage else ()
        requires = kind.sends[signoff.send].requires if signoff.send else first
        asked = {each.address for each in requires} - people
        assert asked <= set(signoff.covers), signoff.name


def test_registration_and_list_name_fields(kind: Kind) -> None:
    for entry in kind.word("x-registration"):
        entry = entry if isinstance(entry, dict) else {"field": entry}
        assert kind.field(entry["field"])
        assert_condition(kind, entry.get("when", {}))
        assert set(entry) <= {"field", "when", "required"}
    for address in kind.columns:
        assert kind.field(address)


def test_what_the_first_stage_asks_for_is_asked_at_registration(kind: Kind) -> None:
    entries = [each if isinstance(each, dict) else {"field": each}
               for each in kind.word("x-registration")]  # fmt: skip
    known = {each["field"] for each in entries}
    for field in kind.walk():
        known |= {*field.carry}
    for first in kind.stages[:1]:
        assert {each.address for each in first.requires} <= {*known, first.at, first.by}


def test_what_is_carried_and_picked_exists_on_both_sides(kind: Kind, schemas: Schemas) -> None:
    for field in kind.walk():
        link, _dot, rows = field.row_of.partition(".")
        linked = field.link or (
            link and (kind.name if link == kind.name else kind.field(link).link)
        )
        for target, source in field.carry.items():
            assert kind.field(target)
            assert schemas.kind(linked).field(f"{rows}[].{source}" if rows else source)
        if rows:
            assert schemas.kind(linked).field(rows).type == "list"
        if picked := field.schema.get("x-pick"):
            link, _dot, address = picked.partition(".")
            assert schemas.kind(kind.field(link).link).field(address).type == "list"


def test_links_lead_to_kinds(kind: Kind, schemas: Schemas) -> None:
    for field in kind.links():
        assert field.link in schemas.names(), field.address


def test_clocks_have_a_start_an_end_and_a_length(kind: Kind, schemas: Schemas) -> None:
    lengths = {row["clock"] for row in schemas.profile("clocks")["clocks"]}
    for clock in kind.clocks.values():
        assert clock.at or clock.name in lengths
        assert set(clock.label) == LANGUAGES
        assert clock.starts or clock.at
        types = {kind.field(each).type for each in (*clock.starts, *filter(None, [clock.at]))}
        assert types <= {"datetime", "date"}, clock.name
        assert_condition(kind, clock.when)
        for each in clock.renewed:
            assert schemas.kind(each["kind"]).field(each["field"]).type == "datetime"
        stops = dict(clock.stops)
        if otherwise := stops.pop("otherwise", None):
            assert kind.field(otherwise["field"]).type == "datetime"
            assert_condition(kind, otherwise["when"])
        if not stops:  # what is never done for good is only done anew
            assert clock.at or len(clock.starts) > 1 or clock.renewed
            continue
        if linked := stops.pop("linked", None):
            other = schemas.kind(linked["kind"])
            assert other.field(linked["field"]).type in ("date", "datetime")
            assert_condition(other, linked.get("when", {}))
            assert any(each.link == kind.name for each in other.links())
        (how, what), *more = stops.items()
        assert not more
        if how == "field":
            assert kind.field(what)
        elif how == "stage":
            assert kind.stage(what).at
        elif how == "signoff":
            assert kind.signoffs[what].roles
        else:
            assert how == "sent"
            assert what in ("3D", "5D", "8D", *kind.sends)


def test_duties_have_a_length_and_somebody_who_has_them(kind: Kind, schemas: Schemas) -> None:
    lengths = {row["clock"] for row in schemas.profile("clocks")["clocks"]}
    for duty in kind.duties.values():
        assert duty.name in lengths
        assert set(duty.label) == LANGUAGES
        assert set(duty.roles) <= set(schemas.profile("roles")["roles"])
        if duty.each:
            assert kind.field(duty.each).link == "person"


def test_clock_lengths_are_known_in_agreements_too(schemas: Schemas) -> None:
    rows = schemas.profile("clocks")["clocks"]
    choices = schemas.kind("customer").field("clock_agreements[].clock").choices
    named = {each.name for kind in schemas.names() for each in schemas.kind(kind).clocks.values()}
    assert {row["clock"] for row in rows} <= set(choices)
    assert set(choices) - {row["clock"] for row in rows} <= named
    for row in rows:
        for level in ("general", "major"):
            assert re.fullmatch(r"[0-9]+(h|wh|bd|cd)", row[level]), row


CROSSWALK = """
QJL customer 顾客档案 Q/JL081301-C
QJL failure-history 产品失败履历表 Q/JL081302-C
QJL recurrence-prevention 防止不合格品再发生报告 Q/JL081303-C
QJL field-service 现场服务报告 Q/JL081304-C
QJL monthly-report 月度服务报告 Q/JL081305-C
QJL visit 走访服务报告 Q/JL081306-C
QJL capa 纠正/预防措施记录表 Q/JL060301-C
QJL quality-feedback 质量信息反馈表 Q/JL090201-C
QJL survey 顾客满意度调查表 Q/JL090101-C
QJL survey-response 顾客满意度调查表 Q/JL090101-C
QJL returned-part 不良品(三包件)信息反馈表 Q/JL100101-C
ULMT customer 客户信息登记表 ULMT-QR-B&D-010
ULMT suggestion 客户建议项记录跟进表 ULMT-QR-B&D-011
ULMT after-sales 售后服务追踪表 ULMT-QR-B&D-012
ULMT complaint 顾客投诉登记表 ULMT-QR-QC-007
ULMT 8d 8D_Report ULMT-QR-QC-008
MS customer 客户资料卡 MS-S4-1901
MS work-log 工作日志表 MS-S4-1902
MS visit-cycle 客户访问周期表 MS-S4-1903
MS visit-schedule 客户访问行程表 MS-S4-1904
C9 complaint 客户投诉反馈及调查表 -
LAB survey 客户反馈信息调查表 -
LAB survey-response 客户反馈信息调查表 -
LAB survey-log 客户反馈信息发放/收回记录 -
LAB survey-summary 客户反馈信息汇总表 -
LAB test-request 委托检测协议书 -
LAB reception 接待记录 -
"""


def test_form_titles_and_numbers_are_those_of_the_procedures(schemas: Schemas) -> None:
    profiles = schemas.profile("numbering")
    for line in CROSSWALK.split("\n")[1:-1]:
        profile, kind, title, number = line.split(" ")
        form = profiles[profile][kind]
        assert form["title"]["zh"] == title.replace("_", " "), line
        assert form["number"] == number.removeprefix("-"), line
    numbered = [f["number"] for forms in profiles.values() for f in forms.values() if f["number"]]
    assert len(numbered) == sum(" - " not in f"{e} " for e in CROSSWALK.split("\n")[1:-1])
    choices = schemas.flattened("config")["properties"]["numbering"]["properties"]["profile"]
    assert [*profiles, "own"] == list(choices["x-choices"])


# --- what the gates ask ------------------------------------------------------------------------


def minimal(kind: str, **fields: Any) -> dict[str, Any]:
    ids = {"complaint": "CC-2026-0001", "8d": "8D-2026-0001", "customer": "GEELY", "person": "li"}
    return {"schema": f"{kind}/1", "id": ids[kind], **fields}


def problems(kind: Kind, data: Mapping[str, Any]) -> list[str]:
    return [f"{each.path}: {each.message}" for each in check_shape(kind, data)]


def open_fields(kind: Kind, gate: str, data: Mapping[str, Any]) -> list[str]:
    return list(unanswered(data, next(g.requires for g in gates(kind) if g.name == gate)))


def test_a_phone_call_with_much_unknown_registers(schemas: Schemas) -> None:
    kind = schemas.kind("complaint")
    unknown = {"unknown": "电话里没说", "ask": "客户SQE", "by": "2026-03-06"}
    data = minimal(
        "complaint",
        stage="registered",
        customer="GEELY",
        received_at="2026-03-05T16:30+08:00",
        channel="phone",
        complainant={"name": "王强"},
        complaint_type="product_quality",
        part=unknown,
        qty_defective=unknown,
        detection_stage=unknown,
        symptom="装配时卡扣断裂",
        line_stop=unknown,
        batch=unknown,
        safety=unknown,
        remedy_sought={"what": "8d"},
    )
    assert problems(kind, data) == []
    assert open_fields(kind, "registered", data) == []


@pytest.mark.parametrize("field", ["customer", "received_at", "symptom"])
def test_three_things_are_always_known(schemas: Schemas, field: str) -> None:
    kind = schemas.kind("complaint")
    assert problems(kind, minimal("complaint", **{field: {"unknown": "不清楚"}}))


def test_a_service_complaint_is_not_asked_about_parts(schemas: Schemas) -> None:
    kind = schemas.kind("complaint")
    asked = open_fields(kind, "registered", minimal("complaint", complaint_type="service"))
    assert not set(asked) & {"part", "qty_defective", "detection_stage"}


def test_a_product_complaint_asks_at_most_fifteen_questions(schemas: Schemas) -> None:
    registration = schemas.kind("complaint").word("x-registration")
    assert len(registration) == 15


def test_a_customer_needs_only_a_short_name_at_first(schemas: Schemas) -> None:
    kind = schemas.kind("customer")
    data = minimal("customer", stage="registered", short_name="吉利")
    assert problems(kind, data) == []
    assert open_fields(kind, "registered", data) == []


def test_an_active_customer_has_the_seven_items_of_the_card(schemas: Schemas) -> None:
    asked = open_fields(schemas.kind("customer"), "active", minimal("customer"))
    assert asked[:7] == [
        "name", "person_in_charge", "handling_persons", "operating_status", "business_scope",
        "transaction", "credit",
    ]  # fmt: skip


def test_a_3d_asks_only_what_there_is_at_night(schemas: Schemas) -> None:
    asked = open_fields(schemas.kind("8d"), "3D", minimal("8d"))
    assert set(asked) == {
        "complaints", "leader", "contact", "symptom", "safety_check",
        "containment", "containment_actions",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("result", "needed"),
    [("own", True), ("supplier", True), ("joint", True),
     ("ntf", False), ("customer_use", False), ("transport", False)],
)  # fmt: skip
def test_without_a_defect_of_ours_an_8d_ends_after_d4(
    schemas: Schemas, result: str, needed: bool
) -> None:
    kind = schemas.kind("8d")
    data = minimal("8d", result=result)
    assert ("causes" in open_fields(kind, "d4", data)) is needed
    assert ("part_analysis" in open_fields(kind, "d4", data)) is not needed
    for stage in ("d5", "d6", "d7"):
        assert bool(open_fields(kind, stage, data)) is needed
    assert "result_assessment" in open_fields(kind, "d8", data)


def test_the_result_is_known_at_d4(schemas: Schemas) -> None:
    kind = schemas.kind("8d")
    assert "result" in open_fields(kind, "d4", minimal("8d"))
    assert problems(kind, minimal("8d", result={"unknown": "?"}))


def test_containment_of_a_complaint_stands_in_its_8d_if_there_is_one(schemas: Schemas) -> None:
    kind = schemas.kind("complaint")
    assert "containment" in open_fields(kind, "contained", minimal("complaint", d8_required="none"))
    with_8d = open_fields(kind, "contained", minimal("complaint", d8_required="full_8d"))
    assert "containment" not in with_8d


def test_containment_never_waits_for_the_responsibility(schemas: Schemas) -> None:
    kind = schemas.kind("complaint")
    assert [stage.name for stage in kind.stages] == [
        "registered", "acknowledged", "contained", "investigated",
        "replied", "customer_confirmed", "closed",
    ]  # fmt: skip
    assert [s.name for s in kind.stages if s.milestones] == ["investigated"]
    assert set(kind.milestones) == {"assessed", "responsibility_decided", "disposed"}


def internal(fields: Mapping[str, Field]) -> set[str]:
    return {name for name, field in fields.items() if field.is_internal}


def test_what_stays_in_the_house_is_marked(schemas: Schemas) -> None:
    complaint, d8 = schemas.kind("complaint").fields, schemas.kind("8d").fields
    customer = schemas.kind("customer").fields
    assert internal(complaint) >= {
        "responsible_persons", "costs", "supplier", "responsibility_meeting", "preliminary",
        "notes",
    }  # fmt: skip
    assert internal(d8) >= {"responsible_persons", "delay_reasons", "notes"}
    assert internal(customer) >= {"credit", "grade", "operating_status"}


def test_event_times_are_frozen(kind: Kind) -> None:
    for stage in kind.stages:
        if stage.at:
            assert kind.field(stage.at).is_frozen, stage.at


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("received_at", "2026-03-05T09:30"),
        ("received_at", "2026-03-05T09:30+08:00\n"),
        ("received_at", "2026-03-05"),
        ("qty_defective", -1),
        ("qty_defective", 1.5),
        ("customer", "geely"),
        ("channel", "pigeon"),
        ("part", {}),
        ("vehicle", {"vin_masked": "LB37624S1HL012345"}),
        ("photos", [{"id": "H1", "path": "../secret.jpg"}]),
        ("lots", [{"lot_no": "00123"}]),
        ("lots", [{"id": "L1", "lot_no": 123}]),
        ("symptom", {"fr": "cassé"}),
        ("symptom", ""),
    ],
)
def test_what_does_not_fit_is_refused(schemas: Schemas, address: str, value: Any) -> None:
    assert problems(schemas.kind("complaint"), minimal("complaint", **{address: value}))


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("symptom", {"zh": "断裂", "en": "broken"}),
        ("vehicle", {"vin_masked": "*********HL012345", "mileage": 12000}),
        ("photos", [{"id": "H1", "path": "卡扣 NG.jpg", "verdict": "ng"}]),
        ("lots", [{"id": "L1", "lot_no": "00123"}]),
        ("safety_case", {"gm_informed_at": "2026-03-05T09:30+08:00"}),
        ("sent", {"3D-1": {"step": "3D", "revision": 1, "sent_at": "2026-03-05T09:30+08:00",
                           "via": "email"}}),
        ("signoffs", {"approved_3d-2": {"by": "chen-jun", "role": "quality_manager",
                                        "at": "2026-03-05T09:30+08:00", "digest": "0" * 64}}),
        ("outcome", {"result": "rejected", "reason": "非我方零件", "by": "chen-jun",
                     "at": "2026-03-05T09:30+08:00"}),
    ],
)  # fmt: skip
def test_what_fits_is_accepted(schemas: Schemas, address: str, value: Any) -> None:
    assert problems(schemas.kind("complaint"), minimal("complaint", **{address: value})) == []


def test_a_team_member_is_one_of_ours_or_has_a_name(schemas: Schemas) -> None:
    kind = schemas.kind("8d")
    assert problems(kind, minimal("8d", members=[{"id": "T1", "dept": "质量"}]))
    members = [{"id": "T1", "person": "chen-jun"}, {"id": "T2", "name": "供方 李工"}]
    assert problems(kind, minimal("8d", members=members)) == []


def test_the_configuration_has_labels(schemas: Schemas) -> None:
    for where, node in nodes(schemas.flattened("config")["properties"]):
        in_text = where.endswith(tuple(f"/properties/{language}" for language in LANGUAGES))
        if isinstance(node, dict) and node.get("x-type") not in (None, "map") and not in_text:
            assert set(node.get("x-label", {})) == LANGUAGES, where


def test_common_shapes_are_used() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in FILES)
    for name in ("types", "shapes"):
        for shape in load(SCHEMAS / "common" / f"{name}.yaml")["$defs"]:
            assert re.search(rf"#/\$defs/{shape}(?![a-z0-9_])", text), f"{name}: {shape}"


def test_envelope_is_in_every_kind(kind: Kind) -> None:
    assert envelope_fields() <= set(kind.fields)
    assert list(kind.fields)[:3] == ["schema", "id", "stage"]


@pytest.mark.parametrize("name", ["customer", "complaint", "8d"])
def test_the_coverage_table_leaves_no_field_out(schemas: Schemas, name: str) -> None:
    text = (SCHEMAS.parent / "docs" / "coverage.md").read_text(encoding="utf-8")
    known = envelope_fields() | {f"d{number}_completed_at" for number in range(1, 9)}
    known |= {"registered_at", "activated_at", "contained_at", "investigated_at"}
    known |= {"line_stop_known_at", "batch_known_at", "safety_known_at"}
    for field in set(schemas.kind(name).fields) - known:
        assert f"`{name}.{field}" in text, field


def test_what_a_laboratory_says_of_one_client_is_not_told_to_another(schemas: Schemas) -> None:
    assert internal(schemas.kind("reception").fields) >= {"protection", "disturbance"}
    assert internal(schemas.kind("test-request").fields) >= {"contract_review", "complaints"}
    appraisal = schemas.kind("appraisal")
    own = {field.name for field in appraisal.fields.values() if field.section != "trail"}
    assert internal(appraisal.fields) >= own - {"schema", "id", "stage"}
