from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from csctl.approval.signoffs import digest
from csctl.config import build_config
from csctl.errors import CsctlError, Refused, UsageError
from csctl.forms.audience import visible
from csctl.forms.blocks import View
from csctl.forms.model import build_form, languages, load_words, read_photos
from csctl.git.gitrepo import GitRepo
from csctl.kinds.schemaload import Schemas
from csctl.places import search_path
from csctl.repository import Repository
from csctl.store import Store
from tests.factory import records_repository, write, write_complaint
from tests.form_samples import photo
from tests.samples import build_company, sample

CONFIG = {
    "company": {"zh": "远洋橡塑", "en": "Yuanyang Rubber"},
    "numbering": {"profile": "ULMT", "forms": {"8d": {"revision": "A/1"}}},
    "roles": {"quality_manager": {"zh": "质量部长", "en": "Quality head"}},
}
EIGHT_D = """\
schema: 8d/1
id: 8D-2026-0003
stage: d4
complaints: [CC-2026-0001, CC-2026-0002]
customers: [GEELY, BYD]
opened_at: 2026-03-05T04:30+01:00
parts:
  - {id: P1, customer_part_no: G-1001, name: {zh: 密封圈, en: Seal}, is_safety_part: false}
lots: {unknown: 客户尚未提供, ask: 王工, by: '2026-03-09'}
safety_check: {result: none, by: zhang-wei}
leader: zhang-wei
contact: {name: 王工}
members:
  - {id: T1, person: zhang-wei, role: 组长}
  - {id: T2, name: 外部专家}
symptom: |
  密封圈开裂。
  有漏油。
photos:
  - {id: H1, path: ok.jpg, caption: 合格, verdict: ok}
  - {id: H2, path: report.pdf}
containment:
  - {id: K1, place: own_fg, state: counted, qty_total: 100, qty_checked: 100, qty_ok: 98, qty_ng: 2}
  - {id: K2, place: other_customer, customer: BYD, state: in_progress, qty_total: 7}
containment_actions:
  - {id: I1, description: 全检, owner: zhang-wei, cut_in: {day: '2026-03-06', lot: L2},
     reminders: [{id: R1, at: 2026-03-06T09:00+08:00, by: li-na, text: 请完成}]}
result: own
causes:
  - {id: C1, category: TUA, statement: 硫化温度低, whys: [{id: W1, because: 热电偶漂移}]}
customer_closures:
  CC-2026-0001: {status: accepted}
  CC-2026-0002: {status: pending}
customer_status:
  - {id: Q1, complaint: CC-2026-0001, discipline: d3, status: accepted, at: 2026-03-06T09:00+08:00}
  - {id: Q2, complaint: CC-2026-0002, discipline: d3, status: open, at: 2026-03-06T09:00+08:00}
notes: 只给自己看
attachments:
  - {id: F1, path: ok.jpg, sha256: SHA}
  - {id: F2, path: price.pdf, sha256: SHA, internal: true}
"""
COMPLAINTS = ("CC-2026-0001", "CC-2026-0002")
OK_PHOTO = photo("#3f8f5f")


def open_store(root: Path, **config: Any) -> Store:
    schemas = Schemas(search_path(root, "schemas"))
    return Store(Repository(root, GitRepo(root), build_config({**CONFIG, **config}), schemas))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    root = records_repository(tmp_path, commit=False)
    write(
        root, "records/customers/BYD.yaml",
        "schema: customer/1\nid: BYD\nshort_name: 比亚迪\nname: {zh: 比亚迪汽车, en: BYD Auto}\n",
    )  # fmt: skip
    write_complaint(
        root, "CC-2026-0002",
        "customer: BYD\nreceived_at: 2026-03-05T08:00+08:00\nsymptom: 漏油\n"
        "customer_complaint_no: B-778\n",
    )  # fmt: skip
    write_8d(root)
    folder = root / "records/8ds/2026/00/8D-2026-0003"
    folder.mkdir()
    (folder / "ok.jpg").write_bytes(OK_PHOTO)
    return open_store(root)


def write_8d(root: Path, text: str = EIGHT_D) -> None:
    sha = hashlib.sha256(OK_PHOTO).hexdigest()
    write(root, "records/8ds/2026/00/8D-2026-0003.yaml", text.replace("SHA", sha))


def form_of(store: Store, record_id: str = "8D-2026-0003", *spoken: str, **view: Any) -> Any:
    return build_form(store.get(record_id), store, View(spoken or ("zh",), **view))


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every map of a model."""
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from walk(each)
    elif isinstance(value, list):
        for each in value:
            yield from walk(each)


def at(form: Any, address: str) -> Any:
    found = [each for each in walk(form["sections"]) if each.get("address") == address]
    assert found, address
    return found[0]


def texts(value: Any) -> str:
    if isinstance(value, str):
        return value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return "\n".join(texts(each) for each in parts)


# --- the model -----------------------------------------------------------------------------------


def test_the_head_of_a_form(store: Store) -> None:
    form = form_of(store, "8D-2026-0003", "zh", "en")
    assert form["company"] == ["远洋橡塑", "Yuanyang Rubber"]
    assert form["form"] == {
        "title": ["8D Report"], "number": "ULMT-QR-QC-008", "revision": "A/1", "step": [],
    }  # fmt: skip
    assert (form["id"], form["kind"], form["languages"]) == ("8D-2026-0003", "8d", ["zh", "en"])
    assert form["digest"] == f"sha256:{digest(store.get('8D-2026-0003'))}"
    assert form["words"]["draft"] == ["草稿", "DRAFT"]


def test_a_kind_without_a_form_number_takes_the_title_of_its_schema(store: Store) -> None:
    form = form_of(store, "zhang-wei", "en")
    assert form["form"]["title"] == ["Person"]
    assert form["form"]["number"] == ""


def test_values_read_as_people_read_them(store: Store) -> None:
    form = form_of(store, "8D-2026-0003", "zh")
    assert at(form, "opened_at")["value"] == "2026-03-05 04:30 +01:00"
    assert at(form, "leader")["value"] == "张伟"
    assert at(form, "customers")["value"] == "吉利 (GEELY)、比亚迪 (BYD)"
    assert at(form, "parts[P1].name")["value"] == "密封圈"
    assert at(form, "parts[P1].is_safety_part")["value"] == "否"
    assert at(form, "symptom") == {
        "address": "symptom", "label": ["现象"], "value": "密封圈开裂。\n有漏油。", "wide": True,
    }  # fmt: skip
    assert at(form, "stage")["value"] == "D4 已完成"
    lots = at(form, "lots")
    assert lots["answer"] == "unknown"
    assert lots["value"] == "不清楚: 客户尚未提供; 待问 王工; 期限 2026-03-09"


def test_choices_can_be_ticked_and_say_their_code(store: Store) -> None:
    result = at(form_of(store), "result")
    assert result["code"] == "own"
    assert [each["chosen"] for each in result["choices"]] == [True] + [False] * 5
    cell = at(form_of(store), "causes[C1].category")
    assert cell["code"] == "TUA"
    assert "choices" not in cell


def test_structure_stays_structure(store: Store) -> None:
    form = form_of(store)
    assert at(form, "ishikawa")["type"] == "group"
    assert [block["address"] for block in at(form, "ishikawa")["blocks"]][:2] == [
        "ishikawa.man", "ishikawa.machine",
    ]  # fmt: skip
    whys = at(form, "causes[C1].whys")["blocks"][0]
    assert (whys["type"], whys["rows"][0]["cells"]["because"]["value"]) == ("table", "热电偶漂移")
    assert (
        at(form, "containment_actions[I1].cut_in")["value"] == "切换日期: 2026-03-06\n起始批次: L2"
    )
    assert at(form, "photos")["type"] == "photos"
    closures = at(form, "customer_closures")
    assert closures["columns"][0] == {"name": "id", "label": [], "type": "string"}
    assert [row["cells"]["id"]["value"] for row in closures["rows"]] == list(COMPLAINTS)
    assert closures["rows"][0]["cells"]["status"]["value"] == "接受"


def test_columns_are_those_somebody_filled_in(store: Store) -> None:
    form = form_of(store)
    names = [column["name"] for column in at(form, "containment")["columns"]]
    assert names == [
        "id", "place", "customer", "state", "qty_total", "qty_checked", "qty_ok", "qty_ng",
    ]  # fmt: skip
    assert "qty_ng" in at(form, "containment")["labels"]
    assert "method" in at(form, "containment")["labels"]
    blank = at(form, "verifications")
    assert blank["rows"] == []
    assert 3 < len(blank["columns"]) <= 8


def test_our_people_bring_what_their_record_says(store: Store) -> None:
    rows = at(form_of(store), "members")["rows"]
    assert rows[0]["cells"]["email"]["value"] == "zhang.wei@example.com"
    assert rows[0]["cells"]["name"]["value"] == ""
    assert rows[1]["cells"]["name"]["value"] == "外部专家"


def test_hashes_and_what_the_letterhead_says_are_not_repeated(store: Store) -> None:
    form = form_of(store)
    addresses = {each.get("address") for each in walk(form["sections"])}
    assert not addresses & {"schema", "id", "signoffs"}
    assert not any("sha256" in str(each) for each in addresses)


def test_unanswered_fields_are_printed_where_a_gate_asks_for_them(store: Store) -> None:
    addresses = {each.get("address") for each in walk(form_of(store)["sections"])}
    assert {"problem", "w5h2.what", "team_recognition", "corrective_actions"} <= addresses
    assert "next_update_on" not in addresses
    assert "supplier_8d" not in addresses


def test_what_a_condition_does_not_ask_for_is_not_printed(store: Store) -> None:
    root = store.repository.root
    write_8d(root, EIGHT_D.replace("result: own", "result: ntf"))
    addresses = {each.get("address") for each in walk(form_of(open_store(root))["sections"])}
    assert "part_analysis" in addresses
    assert "corrective_actions" not in addresses
    write_8d(root, EIGHT_D.replace("result: own\n", ""))
    addresses = {each.get("address") for each in walk(form_of(open_store(root))["sections"])}
    assert {"part_analysis", "corrective_actions"} <= addresses


def test_an_empty_record_prints_a_form_to_fill_in(store: Store) -> None:
    root = store.repository.root
    write(
        root,
        "records/complaints/2026/00/CC-2026-0009.yaml",
        "schema: complaint/1\nid: CC-2026-0009\n",
    )
    form = form_of(store, "CC-2026-0009")
    assert len(form["sections"]) > 8
    assert all(section["blocks"] for section in form["sections"])


def test_a_kind_dropped_in_as_a_file_has_a_form(store: Store) -> None:
    root = store.repository.root
    write(root, "schemas/memo.yaml", """\
        x-kind: memo
        x-title: {zh: 备忘录, en: Memo, zh-TW: 備忘錄}
        x-prefix: MM
        x-folder: memos
        x-sections: [{name: all, label: {zh: 全部, en: All, zh-TW: 全部}}]
        type: object
        properties:
          text: {type: string, x-section: all, x-label: {zh: 内容, en: Text, zh-TW: 內容}}
          secret: {type: string, x-audience: internal, x-label: {zh: 秘密, en: Secret, zh-TW: 祕密}}
          marks:
            type: object
            x-label: {zh: 记号, en: Marks, zh-TW: 記號}
            additionalProperties:
              type: object
              properties:
                on: {type: string, x-label: {zh: 日期, en: On, zh-TW: 日期}}
        """)  # fmt: skip
    write(root, "records/memos/2026/00/MM-2026-0001.yaml", """\
        schema: memo/1
        id: MM-2026-0001
        text: "a\\x01b"
        secret: x
        marks: {first: {on: '2026-03-05'}}
        """)  # fmt: skip
    form = form_of(open_store(root), "MM-2026-0001")
    assert at(form, "text")["value"] == "a\x01b"  # made fit to print when it is
    assert at(form, "marks")["rows"][0]["id"] == "first"
    assert form["draft"] is False
    assert form["signoffs"] == []
    shown = form_of(open_store(root), "MM-2026-0001", audience="customer")
    assert "secret" not in {each.get("address") for each in walk(shown)}


# --- sign-offs and sends -------------------------------------------------------------------------


def signed(store: Store, *names: str) -> Store:
    record = store.get("8D-2026-0003")
    lines = "signoffs:\n"
    for name in names:
        covered = digest(record, record.kind.signoffs[name].covers)
        lines += (
            f"  {name}: {{by: zhang-wei, role: quality_manager,"
            f" at: 2026-03-06T10:00+08:00, digest: {covered}}}\n"
        )
    write_8d(store.repository.root, EIGHT_D + lines)
    return open_store(store.repository.root)


def test_a_form_is_a_draft_until_what_it_needs_is_signed(store: Store) -> None:
    form = form_of(store)
    assert form["draft"]
    assert [each["name"] for each in form["signoffs"]][-1] == "approved_8d"
    assert form["signoffs"][0]["by"] == ""
    form = form_of(signed(store, "approved_3d"))
    assert not form["draft"]
    approved = next(each for each in form["signoffs"] if each["name"] == "approved_3d")
    assert (approved["by"], approved["role"]) == ("张伟", "质量部长")
    assert (approved["at"], approved["stale"]) == ("2026-03-06 10:00", False)
    form = form_of(signed(store, "approved_3d", "prepared_5d"))
    assert form["draft"]
    assert {each["name"] for each in form["signoffs"]} == {"prepared_5d", "approved_5d"}


def test_a_changed_content_makes_a_draft_again(store: Store) -> None:
    root = signed(store, "approved_3d").repository.root
    path = root / "records/8ds/2026/00/8D-2026-0003.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("漏油", "渗油"), encoding="utf-8")
    form = form_of(open_store(root))
    assert form["draft"]
    assert [each["stale"] for each in form["signoffs"] if each["by"]] == [True]


def test_a_register_without_an_author_s_signature_is_no_draft(store: Store) -> None:
    form = form_of(store, "CC-2026-0001")
    assert (form["draft"], form["signoffs"]) == (False, [])
    assert form_of(store, "CC-2026-0001", send="reply")["draft"]


def test_a_3d_shows_what_a_3d_stands_for(store: Store) -> None:
    form = form_of(
        store, "8D-2026-0003", "zh", audience="customer", complaint="CC-2026-0001", send="3D"
    )
    assert form["form"]["step"] == ["3D报告"]
    names = {section["name"] for section in form["sections"]}
    assert {"d1", "d2", "d3"} <= names
    assert "硫化温度低" not in texts(form)
    assert not names & {"d4", "d5", "d6", "d7"}
    assert "硫化温度低" in texts(form_of(store, send="5D"))


def test_a_complaint_s_3d_still_names_the_part(store: Store) -> None:
    assert "G-1001" in texts(form_of(store, "CC-2026-0001", send="3D"))


def test_an_unknown_report_or_language_is_refused(store: Store) -> None:
    with pytest.raises(UsageError, match="not sent as '9D'") as caught:
        form_of(store, send="9D")
    assert "8D" in caught.value.hint
    with pytest.raises(UsageError, match="no form language 'xx'"):
        languages("zh+xx")
    assert languages("zh+en") == ("zh", "en")
    assert languages("zh-TW") == ("zh-TW",)


# --- photos and words ----------------------------------------------------------------------------


def test_photos_are_read_and_checked_against_what_was_attached(store: Store) -> None:
    record = store.get("8D-2026-0003")
    form = form_of(store)
    assert read_photos(form, record, store) == {"ok.jpg": OK_PHOTO}
    path = store.repository.root / record.attachment_folder() / "ok.jpg"
    path.write_bytes(OK_PHOTO + b"x")
    with pytest.raises(CsctlError, match=r"ok\.jpg is not the file that was attached"):
        read_photos(form, record, store)
    path.unlink()
    with pytest.raises(CsctlError, match=r"ok\.jpg cannot be read"):
        read_photos(form, record, store)
    path.symlink_to("/etc/hostname")
    with pytest.raises(CsctlError, match="not followed"):
        read_photos(form, record, store)


def test_a_company_may_have_its_own_words(store: Store) -> None:
    write(store.repository.root, "templates/_words.yaml", "draft: {zh: 未生效, en: NOT VALID}\n")
    assert form_of(store)["words"]["draft"] == ["未生效"]
    assert form_of(store)["words"]["stale"] == ["签署后内容已变更"]


def test_every_word_is_there_in_every_language(store: Store) -> None:
    for key, word in load_words(store).items():
        assert set(word) == {"zh", "en", "zh-TW"}, key


# --- audiences -----------------------------------------------------------------------------------


def test_a_customer_sees_neither_internal_fields_nor_how_we_handle_it(store: Store) -> None:
    data = visible(store.get("8D-2026-0003"), store, audience="customer", complaint="CC-2026-0001")
    assert not {"notes", "stage", "sent", "owner"} & data.keys()
    assert data["attachments"] == [
        {"id": "F1", "path": "ok.jpg", "sha256": hashlib.sha256(OK_PHOTO).hexdigest()}
    ]
    assert "reminders" not in data["containment_actions"][0]
    assert data["lots"] == {"unknown": "客户尚未提供", "ask": "王工", "by": "2026-03-09"}
    assert data["schema"] == "8d/1"


def test_one_customer_never_sees_another_s_data(store: Store) -> None:
    record = store.get("8D-2026-0003")
    data = visible(record, store, audience="customer", complaint="CC-2026-0001")
    assert data["complaints"] == ["CC-2026-0001"]
    assert data["customers"] == ["GEELY"]
    assert [row["id"] for row in data["containment"]] == ["K1"]
    assert list(data["customer_closures"]) == ["CC-2026-0001"]
    assert [row["id"] for row in data["customer_status"]] == ["Q1"]
    form = form_of(store, "8D-2026-0003", "zh", audience="customer", complaint="CC-2026-0001")
    assert not [word for word in ("BYD", "比亚迪", "0002") if word in texts(form["sections"])]
    other = visible(record, store, audience="customer", complaint="CC-2026-0002")
    assert [row["id"] for row in other["containment"]] == ["K1", "K2"]


def test_everything_is_seen_inside_the_house(store: Store) -> None:
    record = store.get("8D-2026-0003")
    assert visible(record, store, audience="internal") == record.data
    assert "只给自己看" in texts(form_of(store))
    data = visible(record, store, audience="internal", complaint="CC-2026-0001")
    assert (data["complaints"], data["notes"]) == (["CC-2026-0001"], "只给自己看")


@pytest.mark.parametrize("word", ["比亚迪", "BYD", "byd", "BYD Auto", "B-778", "CC-2026-0002"])
def test_a_text_that_names_another_customer_is_not_shown(store: Store, word: str) -> None:
    write_8d(store.repository.root, EIGHT_D.replace("有漏油", f"与{word}相同"))
    with pytest.raises(Refused, match=r"symptom of 8D-2026-0003 names another customer"):
        visible(store.get("8D-2026-0003"), store, audience="customer", complaint="CC-2026-0001")
    assert visible(store.get("8D-2026-0003"), store, audience="internal")


def test_a_code_inside_another_word_is_no_name(store: Store) -> None:
    write_8d(store.repository.root, EIGHT_D.replace("有漏油", "HOBYDX"))
    assert visible(store.get("8D-2026-0003"), store, audience="customer", complaint="CC-2026-0001")


def test_a_leak_in_a_row_is_named_with_the_row(store: Store) -> None:
    write_8d(store.repository.root, EIGHT_D.replace("热电偶漂移", "比亚迪也有"))
    with pytest.raises(Refused, match=r"causes\[C1\]\.whys\[W1\]\.because"):
        visible(store.get("8D-2026-0003"), store, audience="customer", complaint="CC-2026-0001")


def test_a_shared_record_goes_to_a_customer_only_for_one_complaint(store: Store) -> None:
    with pytest.raises(UsageError, match="several customers: GEELY, BYD") as caught:
        form_of(store, audience="customer")
    assert "--for CC-2026-0001" in caught.value.hint
    with pytest.raises(UsageError, match="does not answer the complaint CC-2026-0099") as caught:
        form_of(store, complaint="CC-2026-0099")
    assert "CC-2026-0001, CC-2026-0002" in caught.value.hint


def test_a_complaint_is_its_own_customer_s(store: Store) -> None:
    for view in ({}, {"complaint": "CC-2026-0002"}):
        form = form_of(store, "CC-2026-0002", audience="customer", **view)
        assert at(form, "customer")["value"] == "比亚迪 (BYD)"


def test_a_linked_record_that_cannot_be_read_names_nobody(store: Store) -> None:
    root = store.repository.root
    write(root, "records/customers/BYD.yaml", "short_name: [\n")
    write_8d(root, EIGHT_D.replace("customers: [GEELY, BYD]\n", ""))
    data = visible(store.get("8D-2026-0003"), store, audience="customer", complaint="CC-2026-0001")
    assert data["complaints"] == ["CC-2026-0001"]


def test_what_the_schema_does_not_know_is_nobody_s_to_see(store: Store) -> None:
    strange = EIGHT_D.replace("result: own", "result: [a, b]\ncolour: blue\nproblem: {fr: x}")
    strange = strange.replace("customer_closures:\n", "customer_closures: [x]\nunused:\n")
    write_8d(store.repository.root, strange)
    data = visible(store.get("8D-2026-0003"), store, audience="customer", complaint="CC-2026-0001")
    assert not {"colour", "unused"} & data.keys()
    assert (data["result"], data["problem"], data["customer_closures"]) == ([], {}, [])
    assert form_of(store)["sections"]


def test_a_row_of_another_record_is_printed_with_its_words(tmp_path: Path) -> None:
    store = build_company(tmp_path / "company")
    response = sample(store, "survey-response/valid/scored", {})
    form = build_form(response, store, View(("zh",)))
    answers = next(each for each in form["sections"] if each["name"] == "answers")["blocks"][0]
    asked = [each["cells"]["question"]["value"] for each in answers["rows"]]
    assert asked == ["Q1 产品质量", "Q2 交付", "Q3 会推荐我们吗", "Q4 意见"]
    form = build_form(response, store, View(("zh",), "customer"))
    answers = next(each for each in form["sections"] if each["name"] == "answers")["blocks"][0]
    assert answers["rows"][0]["cells"]["question"]["value"] == "Q1"
    lost = sample(store, "survey-response/valid/scored", {"answers[R1].question": "Q9"})
    form = build_form(lost, store, View(("zh",)))
    answers = next(each for each in form["sections"] if each["name"] == "answers")["blocks"][0]
    assert answers["rows"][0]["cells"]["question"]["value"] == "Q9"
