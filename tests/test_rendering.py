from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csctl.errors import CsctlError
from csctl.forms.rendering import escape_markdown, find_template, render_markdown
from csctl.resources import builtin
from tests.form_samples import eight_d
from tests.golden import check_golden

TEMPLATES = builtin("templates")


def render(form: dict[str, Any], own: Path | None = None) -> str:
    return render_markdown(form, [*([own] if own else []), TEMPLATES])


def with_value(value: str) -> dict[str, Any]:
    form = eight_d("zh")
    form["sections"][2]["blocks"][0]["items"][0]["value"] = value
    return form


@pytest.mark.parametrize("languages", [("zh",), ("zh", "en")])
def test_the_text_is_that_of_the_golden_form(
    request: pytest.FixtureRequest, languages: tuple[str, ...]
) -> None:
    check_golden(request, f"8d-{'+'.join(languages)}.md", render(eight_d(*languages)))


def test_every_table_has_as_many_cells_a_row_as_its_heading() -> None:
    tables = re.findall(r"(?:^\|.*\n)+", render(eight_d("zh", "en")), re.MULTILINE)
    assert len(tables) > 10
    for table in tables:
        rows = [re.split(r"(?<!\\)\|", row.strip())[1:-1] for row in table.splitlines()]
        assert {len(row) for row in rows} == {len(rows[0])}
        assert all(re.fullmatch("---:?", cell) for cell in rows[1])


def test_a_draft_says_so_and_a_signed_form_does_not() -> None:
    form = eight_d("zh")
    assert "**草稿**" in render(form)
    form["draft"] = False
    assert "草稿" not in render(form)


def test_a_blank_form_and_one_without_signatures_render() -> None:
    form = eight_d("zh", blank=True, photos=0)
    form["signoffs"] = []
    form["form"] |= {"number": "", "revision": "", "step": ["3D报告"]}
    text = render(form)
    assert text.startswith("# 8D 报告 · 3D报告\n")
    assert "签署" not in text
    assert "\n\n\n" not in text


# --- escaping ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a | b", r"a \| b"),
        ("`rm -rf`", r"\`rm -rf\`"),
        ("# not a heading", r"\# not a heading"),
        ("- no list\n+ nor this\n> no quote", r"\- no list<br>\+ nor this<br>\> no quote"),
        ("1. one\n2) two\n2026-03-05", r"1\. one<br>2\) two<br>2026-03-05"),
        ("===\n---", r"\===<br>\---"),
        ("<script>alert(1)</script> &amp;", r"&lt;script>alert(1)&lt;/script> &amp;amp;"),
        ("[x](javascript:1) ![y](z)", r"\[x\](javascript:1) !\[y\](z)"),
        ("https://a.b/c www.x.org me@x.org", r"https\://a.b/c www\.x.org me\@x.org"),
        ("*a* _b_ ~c~ $d$ {{ e }}", r"\*a\* \_b\_ \~c\~ \$d\$ \{\{ e \}\}"),
        ("    code", "&nbsp;&nbsp;&nbsp;&nbsp;code"),
        ("a\\", "a\\\\"),
        (0.5, "0.5"),
    ],
)
def test_values_are_escaped(value: object, shown: str) -> None:
    assert escape_markdown(value) == shown


def unescaped(text: str) -> str:
    """Return what a viewer shows of escaped text."""
    lines = text.replace("<br>", "\n").replace("&nbsp;", " ")
    plain = re.sub(r"\\([!-/:-@\[-`{-~])", lambda match: f"&#{ord(match[1])};", lines)
    return html.unescape(plain)


@settings(deadline=None)
@given(st.text("ab 1.)#*_[]()<>&|`~\\+-=!:/@w$é中\n", max_size=30))
def test_escaped_text_reads_as_it_was(value: str) -> None:
    escaped = escape_markdown(value)
    assert unescaped(escaped) == value
    assert "\n" not in escaped
    assert not re.search(
        r"(?<!\\)(?:\\\\)*[|`*_\[\]]", re.sub(r"\\[^\\]", "", escaped.replace("\\\\", ""))
    )


@pytest.mark.parametrize("value", ["a | b", "x\ny", "<b>", "{{ 7 * 7 }}", "{% raw %}"])
def test_a_value_cannot_break_out_of_its_cell(value: str) -> None:
    text = render(with_value(value))
    assert f"| {escape_markdown(value)} |" in text
    assert text.count("\n") == render(with_value("x")).count("\n")


# --- templates -----------------------------------------------------------------------------------


def own_template(folder: Path, source: str, name: str = "8d.md.j2") -> Path:
    (folder / name).write_text(source, encoding="utf-8")
    return folder


def test_a_kind_without_its_own_template_gets_the_generic_one(tmp_path: Path) -> None:
    assert find_template("note", ".md.j2", [tmp_path, TEMPLATES]) == "_form.md.j2"
    own_template(tmp_path, "", "note.md.j2")
    assert find_template("note", ".md.j2", [tmp_path, TEMPLATES]) == "note.md.j2"
    assert find_template("8d", ".typ", [TEMPLATES]) == "8d.typ"


def test_a_repository_replaces_a_template_and_its_values_are_escaped_too(tmp_path: Path) -> None:
    own = own_template(
        tmp_path,
        "{% macro m(x) %}<b>{{ x }}</b>{% endmacro %}*{{ form.id }}* {{ m('a|b' ~ form.id) }}",
    )
    assert render({"kind": "8d", "id": "A_1"}, own) == "*A\\_1* <b>a\\|bA\\_1</b>\n"


def test_a_change_to_a_template_is_seen_at_once(tmp_path: Path) -> None:
    own = own_template(tmp_path, "one")
    assert render({"kind": "8d"}, own) == "one\n"
    (own / "8d.md.j2").write_text("two and more", encoding="utf-8")
    import os

    os.utime(own / "8d.md.j2", (1, 1))
    assert render({"kind": "8d"}, own) == "two and more\n"


@pytest.mark.parametrize(
    "source",
    [
        "{{ form.__class__.__mro__ }}",
        "{{ ''.__class__ }}",
        "{{ form.clear() }}",
        "{{ form['id'].__init__.__globals__ }}",
        "{{ form.nothing }}",
        "{{ nothing }}",
        "{{ 1 // 0 }}",
        "{{ form.id + 1 }}",
        "{{ range(10 ** 9) | list }}",
        "{% include '../secret.md.j2' %}",
        "{% include '/etc/hostname' %}",
        "{% import 'nowhere.md.j2' as x %}",
    ],
)
def test_a_template_cannot_reach_out_nor_guess(tmp_path: Path, source: str) -> None:
    own = tmp_path / "templates"
    own.mkdir()
    own_template(tmp_path, "secret", "secret.md.j2")
    own_template(own, source)
    with pytest.raises(CsctlError, match=r"8d\.md\.j2 cannot be rendered, line (1|\?)"):
        render({"kind": "8d", "id": "X"}, own)


def test_an_error_is_named_with_the_file_and_line_it_is_in(tmp_path: Path) -> None:
    own = own_template(tmp_path, "{% macro m() %}\n\n{{ nothing }}{% endmacro %}", "parts.md.j2")
    own_template(own, "{% from 'parts.md.j2' import m %}\n{{ m() }}")
    with pytest.raises(CsctlError, match=r"parts\.md\.j2 cannot be rendered, line 3"):
        render({"kind": "8d"}, own)
    own_template(own, "\n{% if %}")
    with pytest.raises(CsctlError, match=r"8d\.md\.j2 cannot be rendered, line 2"):
        render({"kind": "8d"}, own)
