"""Kinds of a company's own that do not hold together: each is said once, nothing else suffers."""

from __future__ import annotations

import json
import subprocess

from tests.commands.company import COMPLAINT, Company
from tests.commands.conftest import Run
from tests.commands.test_own_kinds import TOOL_LOAN


def own(name: str, prefix: str, old: str = "", new: str = "") -> str:
    """Return the schema of a sound kind under another name, with one thing changed."""
    text = TOOL_LOAN.replace("tool-loan", name).replace("x-prefix: TL", f"x-prefix: {prefix}")
    assert not old or text.count(old) == 1
    return text.replace(old, new) if old else text


_ITSELF = "  condition: {$ref: '#/properties/condition', x-label: {zh: 状况}}\n"
_CONDITION = TOOL_LOAN[TOOL_LOAN.index("  condition:") :]
_STAGES = TOOL_LOAN[TOOL_LOAN.index("x-stages:") : TOOL_LOAN.index("type: object")]
_STOPS = "{field: returned_at}"
_CIRCLE = "stops: {field: returned_at}\n    or_overdue: tool_return"
LOOSENED = """\
x-extends: builtin
properties:
  part:
    properties:
      name: {maxLength: 9999}
"""
_FROM = "  origin_no: {{type: string, x-link: {0}, x-carry: {{{1}}}, x-label: {{en: From}}}}\n"
_HEAD = "x-kind: {0}\nx-title: {{en: F}}\nx-prefix: {1}\nx-folder: {0}\n"
OWN_SETTING = "x-extends: builtin\nproperties: {erp: {type: string, x-label: {en: ERP}}}\n"
# name -> schema, the line that is wrong, what is said of it
BAD = {
    "broken": (own("broken", "BK") + "a: b: c\n", 43, "':' cannot stand here"),
    "itself": (own("itself", "IT", _CONDITION, _ITSELF), 42, "leads to itself"),
    "endless": (own("endless", "EN", _STAGES, ""), 1, "has no stages"),
    "prefixed": (own("prefixed", "CC"), 6, "complaint and prefixed have the same x-prefix: CC"),
    "filed": (
        own("filed", "FI", "x-folder: fileds", "x-folder: complaints"),
        7,
        "the same x-folder: complaints",
    ),
    "mistyped": (own("mistyped", "MI", "type: object", "type: objct"), 28, "'objct'"),
    "listless": (own("listless", "LI", _STAGES, "x-stages: lent\n"), 14, "x-stages is a list"),
    "lost": (own("lost", "LO", "requires: [condition]", "requires: [state]"), 22, "'state'"),
    "fieldless": (_HEAD.format("fieldless", "FL") + "properties: 5\n", 5, "a map of fields"),
    "flat": (_HEAD.format("flat", "FT") + "properties:\n  a: 5\n", 6, "the field a is a map"),
    "open": (
        _HEAD.format("open", "OQ") + "properties:\n  a: {pattern: '['}\n",
        6,
        "a.pattern: '['",
    ),
    "linked": (own("linked", "LK") + _FROM.format("gone", ""), 43, "no kind of records"),
    "carrying": (
        own("carrying", "CY") + _FROM.format("customer", "tool: colour"),
        43,
        "customer has no field 'colour'",
    ),
    "carried": (
        own("carried", "CD") + _FROM.format("complaint", "colour: symptom"),
        43,
        "carried has no field 'colour'",
    ),
    "unsent": (own("unsent", "UN", _STOPS, "{sent: 3D}"), 27, "the report 3D, which nobody sends"),
    "unheard": (
        own("unheard", "UH", _STOPS, "{field: returned_at, linked: {kind: gone, field: at}}"),
        27,
        "records of gone, which is no kind",
    ),
    "circling": (
        own("circling", "CI", "stops: {field: returned_at}", _CIRCLE),
        24,
        "is overdue itself",
    ),
    "untold": (
        own("untold", "UT", _STOPS, "{field: returned_at, linked: {kind: visit, field: colour}}"),
        27,
        "visit has no field 'colour'",
    ),
    "due": (own("due", "DU"), 2, "the name of a command"),
    "import": (own("import", "IM"), 2, "the name of a command"),
    "nameless": ("x-prefix: NL\n", 1, "needs 'x-kind: nameless'"),
    "complaint": (LOOSENED, 5, "complaint.yaml would loosen part.name: maxLength"),
}


def test_each_bad_kind_is_one_finding_and_all_others_work(company: Company, run: Run) -> None:
    clean = json.loads(run("validate", "--format", "json").out)["data"]
    folder = company.root / "schemas"
    folder.mkdir()
    for name, (text, _line, _words) in {**BAD, "tool-loan": (TOOL_LOAN, 0, "")}.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    (folder / "shapes.yaml").write_text("$defs: {a: {type: string}}\n", encoding="utf-8")
    (folder / "config.yaml").write_text(OWN_SETTING, encoding="utf-8")
    # A record of a kind that nobody can read is set aside with it.
    lost = company.root / "records/losts/2026/00/LO-2026-0001.yaml"
    lost.parent.mkdir(parents=True)
    lost.write_text("schema: lost/1\nid: LO-2026-0001\nnonsense: 1\n", encoding="utf-8")

    found = json.loads(run("validate", "--format", "json").out)
    said = {each["path"]: each for each in found["findings"] if each["rule"] == "SCH-01"}
    assert {path: each["line"] for path, each in said.items()} == {
        f"schemas/{name}.yaml": line for name, (_text, line, _words) in BAD.items()
    }
    for name, (_text, _line, words) in BAD.items():
        assert words in said[f"schemas/{name}.yaml"]["message"]
        assert str(company.root) not in said[f"schemas/{name}.yaml"]["message"]
    assert not [e for e in found["findings"] if e["level"] == "error" and e["rule"] != "SCH-01"]
    assert found["data"][0]["records"] == clean[0]["records"] + 1

    assert COMPLAINT in run("complaint", "list").out
    assert run("validate", COMPLAINT).code == 0
    made = run("tool-loan", "new", "--no-input", "--set", "customer=GEELY", "--set", "tool=挑选")
    assert (made.code, made.out.strip()) == (0, "TL-2026-0001"), made.err
    assert "TL-2026-0001" in run("search", "挑选").out
    assert "endless" in run("-h").out
    assert run("due").code in (0, 1)

    exported = run("schema", "export")
    assert (exported.code, exported.out) == (1, "")
    assert exported.err.count("error[SCH-01]") == len(BAD)
    assert (company.root / ".csctl/schemas/complaint.json").is_file()

    refused = run("lost", "list")
    assert refused.code == 3
    assert "schemas/lost.yaml:22:" in refused.err
    refused = run("validate", "LO-2026-0001")
    assert refused.code == 3
    assert "schemas/lost.yaml:22:" in refused.err
    assert "prefixed" in run("prefixed", "new", "--no-input").err


def test_a_change_that_brings_a_bad_kind_is_told_so(company: Company, run: Run) -> None:
    subprocess.run(["git", "switch", "-qc", "desk/zhang-wei"], cwd=company.root, check=True)
    (company.root / "schemas").mkdir()
    (company.root / "schemas/itself.yaml").write_text(BAD["itself"][0], encoding="utf-8")
    judged = run("validate", "--against", "main")
    assert judged.code == 1
    assert "schemas/itself.yaml:42:1: error[SCH-01]" in judged.out
