from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from csctl.errors import CsctlError
from csctl.forms import pdf
from csctl.forms.pdf import FAMILY, fonts_are_pinned, made_with, render_pdf
from csctl.resources import builtin
from tests.form_samples import Model, eight_d, eight_d_photos, photo
from tests.golden import FOLDER, check_golden

WHEN = datetime(2026, 3, 18, 10, 20, tzinfo=timezone(timedelta(hours=8)))
TEMPLATES = builtin("templates")


def render(
    form: Model,
    template: str = "8d.typ",
    *,
    own: Path | None = None,
    photos: Mapping[str, bytes] | None = None,
    attachments: Mapping[str, bytes | str] | None = None,
    timestamp: datetime = WHEN,
) -> bytes:
    return render_pdf(
        template,
        form,
        search_path=[*([own] if own else []), TEMPLATES],
        photos=photos or {},
        attachments=attachments or {},
        timestamp=timestamp,
    )


def read(data: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(data))


def text_of(data: bytes) -> str:
    pages = (page.extract_text() for page in read(data).pages)
    return "\n".join(pages).replace("\u200b", "")


def squeezed(data: bytes) -> str:
    """Return the text without any spaces: typst sets some between Chinese and Latin letters."""
    return "".join(text_of(data).split())


def own_template(folder: Path, name: str, source: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(source, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def whole() -> bytes:
    return render(
        eight_d("zh", "en"),
        photos=eight_d_photos(2),
        attachments={"8D-2026-0003.yaml": "id: 8D-2026-0003\n", "数据.bin": b"\x00\xff"},
    )


def test_a_form_is_pdf_a_3a_with_its_time_and_versions(whole: bytes) -> None:
    reader = read(whole)
    metadata = reader.xmp_metadata
    assert metadata is not None
    assert b"<pdfaid:part>3</pdfaid:part>" in whole
    assert b"<pdfaid:conformance>A</pdfaid:conformance>" in whole
    assert reader.metadata is not None
    assert reader.metadata.creation_date == WHEN
    assert reader.metadata.title == "8D 报告 8D-2026-0003"
    for each in made_with():
        assert each in str(reader.metadata["/Keywords"])
    catalog: Any = reader.trailer["/Root"]
    assert catalog["/MarkInfo"]["/Marked"]


def test_attachments_come_back_as_they_were(whole: bytes) -> None:
    attached = read(whole).attachments
    assert attached["8D-2026-0003.yaml"] == [b"id: 8D-2026-0003\n"]
    assert attached["数据.bin"] == [b"\x00\xff"]


def test_a_form_says_what_it_is_on_every_page(whole: bytes) -> None:
    pages = read(whole).pages
    assert len(pages) > 2
    for number, page in enumerate(pages, start=1):
        text = page.extract_text()
        assert f"第 {number} 页 共 {len(pages)} 页 / Page {number} of {len(pages)}" in text
        assert "8D-2026-0003 · ULMT-QR-QC-008 · A/0" in text
        assert "sha256:" + "0123456789abcdef" * 4 in text
        assert "宁波示例汽车部件股份有限公司" in text
        assert "DRAFT" in text


def test_a_form_shows_what_the_record_holds(whole: bytes) -> None:
    text = squeezed(whole)
    for each in (
        "QN-2026-00451882", "Customer complaint no.", "D4", "人 Man", "为什么产生", "TUN",
        "更换电枪 EC-07 离合器并重新标定", "5940+60=6000", "NG", "签署后内容已变更",
    ):  # fmt: skip
        assert "".join(each.split()) in text, each
    assert len(read(whole).pages[0].images) == 2


def test_a_signed_form_is_no_draft() -> None:
    form = eight_d("zh")
    form["draft"] = False
    assert "草稿" not in text_of(render(form))


@pytest.mark.parametrize("languages", [("zh",), ("en",), ("zh", "en")])
def test_the_bytes_are_those_of_the_golden_form(
    request: pytest.FixtureRequest, languages: tuple[str, ...]
) -> None:
    made = render(eight_d(*languages, cause="离合器磨损。" * 500), photos=eight_d_photos(2))
    name = f"8d-{'+'.join(languages)}.txt"
    pillow = next(each for each in made_with() if each.startswith("Pillow"))
    known = FOLDER / name
    if known.is_file() and pillow not in known.read_text(encoding="utf-8"):
        pytest.skip(f"made with another {pillow.split()[0]}; it is not pinned")
    check_golden(request, name, "\n".join([*made_with(), hashlib.sha256(made).hexdigest(), ""]))


def test_two_processes_make_the_same_bytes() -> None:
    program = (
        "import hashlib, sys; from tests.test_pdf import *; "
        "made = render(eight_d('zh'), photos=eight_d_photos(2), attachments={'a.yaml': 'a: 1\\n'});"
        "sys.stdout.write(hashlib.sha256(made).hexdigest())"
    )
    made = render(eight_d("zh"), photos=eight_d_photos(2), attachments={"a.yaml": "a: 1\n"})
    other = subprocess.run(
        [sys.executable, "-c", program],
        cwd=builtin("templates").parent,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    assert other.stdout == hashlib.sha256(made).hexdigest()


def test_the_time_matters_and_needs_a_zone() -> None:
    form = eight_d("en", blank=True)
    assert render(form) == render(form, timestamp=WHEN.astimezone(timezone.utc))
    assert render(form) == render(form, timestamp=WHEN + timedelta(microseconds=5))
    assert render(form) != render(form, timestamp=WHEN + timedelta(minutes=1))
    with pytest.raises(ValueError, match="zone"):
        render(form, timestamp=WHEN.replace(tzinfo=None))


def test_a_blank_form_has_every_heading_and_lines_to_write_on() -> None:
    text = squeezed(render(eight_d("zh", blank=True, photos=0)))
    for each in ("现象(客户原话)", "鱼骨图", "为什么流出", "组员", "是/非分析", "OK/NG照片"):
        assert each in text


def test_sixty_places_repeat_their_heading_and_end_with_a_balance() -> None:
    made = render(eight_d("zh", places=60))
    with_heading = [page for page in read(made).pages if "检查方法" in page.extract_text()]
    assert len(with_heading) == 2
    assert "72000" in text_of(made)


def test_a_cause_longer_than_a_page_is_printed_whole() -> None:
    cause = "".join(f"第{number}句,离合器磨损。" for number in range(300))
    text = squeezed(render(eight_d("zh", cause=cause)))
    assert len(cause) > 3000
    for number in (0, 100, 299):
        assert f"第{number}句" in text


def test_many_photos_and_missing_ones() -> None:
    form = eight_d("zh", photos=9)
    made = render(form, photos=eight_d_photos(9))
    assert sum(len(page.images) for page in read(made).pages) == 9
    assert "p9.jpg" in text_of(render(form, photos=eight_d_photos(8)))


def test_a_word_longer_than_its_cell_is_broken_and_stays_whole() -> None:
    word = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" * 6
    form = eight_d("zh")
    form["sections"][0]["blocks"][0]["items"][0]["value"] = word
    form["sections"][3]["blocks"][0]["rows"][0]["cells"]["by"]["value"] = word
    form["sections"][5]["blocks"][0]["rows"][0]["cells"]["id"]["value"] = word
    made = render(form)
    assert text_of(made).replace("\n", "").count(word) == 3
    lines = [line for line in text_of(made).splitlines() if "ABCDE" in line]
    # The three cells are 150, 18 and 11 mm wide.
    assert max(map(len, lines)) < 120
    assert min(map(len, lines)) < 10


# --- templates -----------------------------------------------------------------------------------


def test_a_repository_replaces_single_templates(tmp_path: Path) -> None:
    own = own_template(
        tmp_path / "templates", "_layout.typ", "#let sheet(form, body) = [OUR OWN HEAD #body]"
    )
    text = text_of(render(eight_d("zh"), own=own))
    assert "OUR OWN HEAD" in text
    assert "QN-2026-00451882" in text
    assert "第 1 页" not in text


def test_a_template_may_show_the_logo_beside_it(tmp_path: Path) -> None:
    own = own_template(
        tmp_path / "templates", "memo.typ",
        '#let form(data) = [#data.id #image("logo.jpg", alt: "logo")]',
    )  # fmt: skip
    (own / "logo.jpg").write_bytes(photo("red"))
    assert len(read(render({"id": "X"}, "memo.typ", own=own)).pages[0].images) == 1


def test_values_are_never_read_as_markup() -> None:
    form = eight_d("en")
    evil = '#panic("x") *bold* $x$ <label> `raw` \\ // ] #read("/etc/passwd")'
    form["sections"][0]["blocks"][0]["items"][0]["value"] = evil
    assert evil in text_of(render(form))


FORBIDDEN = {
    "eval": '#let form(data) = eval("1 + 1")',
    "eval by another name": "#let run = eval\n#let form(data) = run(data.id)",
    "package": '#import "@preview/cetz:0.3.0": canvas\n#let form(data) = []',
    "local package": '#import "@local/own:1.0.0": x\n#let form(data) = []',
    "computed import": '#let form(data) = { import "a" + data.id: x }',
    "import of a variable": "#let name = data.id\n#import name: x\n#let form(data) = []",
    "include": '#let form(data) = []\n#include "\\u{40}preview/x:1.0.0"',
}


@pytest.mark.parametrize("source", FORBIDDEN.values(), ids=FORBIDDEN)
def test_templates_that_run_text_or_reach_out_are_refused(tmp_path: Path, source: str) -> None:
    own = own_template(tmp_path / "templates", "evil.typ", source)
    with pytest.raises(CsctlError, match=r"evil\.typ is refused"):
        render({"id": "X"}, "evil.typ", own=own)
    # Also where it is not the one asked for: another template could import it.
    with pytest.raises(CsctlError, match=r"evil\.typ is refused"):
        render(eight_d("zh"), own=own)


@pytest.mark.parametrize(
    "read_what", ['read("/etc/hostname")', 'read("../../../../etc/hostname")', 'read("/../x")']
)
def test_a_template_reads_nothing_outside_its_folder(tmp_path: Path, read_what: str) -> None:
    own = own_template(tmp_path / "templates", "spy.typ", f"#let form(data) = {read_what}")
    with pytest.raises(CsctlError, match=r"spy\.typ cannot be printed"):
        render({"id": "X"}, "spy.typ", own=own)


def test_a_linked_template_is_refused(tmp_path: Path) -> None:
    own = own_template(tmp_path / "templates", "real.typ", "#let form(data) = []")
    (own / "linked.typ").symlink_to(own / "real.typ")
    with pytest.raises(CsctlError, match=r"linked\.typ is not a plain file"):
        render({"id": "X"}, "real.typ", own=own)


def test_a_template_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(CsctlError, match=r"no template nothing\.typ"):
        render({"id": "X"}, "nothing.typ", own=tmp_path / "no folder")
    (tmp_path / "latin.typ").write_bytes("#let form(data) = [é]".encode("latin-1"))
    with pytest.raises(CsctlError, match=r"latin\.typ is not UTF-8"):
        render({"id": "X"}, "latin.typ", own=tmp_path)


def test_a_broken_template_is_named_with_its_line(tmp_path: Path) -> None:
    own = own_template(tmp_path / "t", "memo.typ", "// memo\n\n#let form(data) = data.nothing")
    with pytest.raises(CsctlError, match=r"memo\.typ cannot be printed, line 3: .*nothing"):
        render({"id": "X"}, "memo.typ", own=own)
    own = own_template(tmp_path / "t", "memo.typ", "#let shape(data) = []")
    with pytest.raises(CsctlError, match=r"memo\.typ cannot be printed"):
        render({"id": "X"}, "memo.typ", own=own)


def test_a_font_nobody_has_is_refused(tmp_path: Path) -> None:
    own = own_template(
        tmp_path / "t", "memo.typ", '#let form(data) = text(font: "Comic Sans")[#data.id]'
    )
    with pytest.raises(CsctlError, match="font") as caught:
        render({"id": "X"}, "memo.typ", own=own)
    assert FAMILY in caught.value.hint


# --- characters and photos -----------------------------------------------------------------------


@pytest.mark.parametrize("code", [0x20000, 0xE000, 0xF0000, 0x10FFFD])
def test_a_character_no_font_has_is_named_with_its_field(code: int) -> None:
    form = eight_d("zh")
    form["sections"][2]["blocks"][0]["items"][0]["value"] = f"松动 {chr(code)} 异响"
    with pytest.raises(CsctlError, match=rf"d2\.symptom .*U\+{code:04X}"):
        render(form)


def test_a_missing_character_in_a_row_is_named_with_the_row() -> None:
    form = eight_d("zh")
    form["sections"][5]["blocks"][0]["rows"][1]["cells"]["description"]["value"] = "\U00020000"
    with pytest.raises(CsctlError, match=r"d5\.actions\[1\]\.description"):
        render(form)


def test_a_missing_character_of_a_template_is_named_with_the_template(tmp_path: Path) -> None:
    own = own_template(tmp_path / "t", "memo.typ", "#let form(data) = [\U00020000]")
    with pytest.raises(CsctlError, match=r"^memo\.typ holds"):
        render({"id": "X"}, "memo.typ", own=own)


def test_control_and_bidi_characters_never_reach_the_page() -> None:
    form = eight_d("zh")
    form["sections"][2]["blocks"][0]["items"][0]["value"] = "a\x01b\u202ec\u2028d\uffffe\x7f"
    assert "a\ufffdb\ufffdcd\ufffde\ufffd" in squeezed(render(form))


def test_rare_scripts_and_signs_are_printed() -> None:
    form = eight_d("zh")
    form["sections"][2]["blocks"][0]["items"][0]["value"] = (
        "Ø 5 µm ±0,1 ℃ ① ㎡ Ω → 😀 한국 日本 Ünïçødé Привет"
    )
    assert "Ünïçødé Привет" in text_of(render(form))


def test_a_damaged_photo_is_named() -> None:
    with pytest.raises(CsctlError, match=r"^ok\.jpg: The photo is damaged"):
        render(eight_d("zh"), photos={"ok.jpg": photo("red")[:-200]})


# --- fonts ---------------------------------------------------------------------------------------


def test_the_pinned_fonts_are_the_ones_setup_names() -> None:
    setup = builtin("templates").parent / "setup.cfg"
    wanted = [line.strip() for line in setup.read_text(encoding="utf-8").splitlines()]
    pins = [
        each.replace(" ", "==") for each in made_with() if each.startswith(("typst", "manimgx"))
    ]
    assert len(pins) == 3
    assert set(pins) <= set(wanted)
    assert fonts_are_pinned()


WITHOUT_PACKAGES = """
import importlib.util, sys
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name.startswith("manimgx") else real(name)
from tests.test_pdf import *
print(fonts_are_pinned())
print(len(read(render(eight_d("zh"))).pages))
"""


def run_without_packages(home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_PACKAGES],
        cwd=builtin("templates").parent,
        env={"HOME": str(home), "PATH": "", "XDG_DATA_HOME": str(home / "share")},
        check=False,
        capture_output=True,
        encoding="utf-8",
    )


@pytest.mark.skipif(sys.platform != "linux", reason="fonts are installed elsewhere")
def test_an_installed_font_renders_but_is_not_pinned(tmp_path: Path) -> None:
    from importlib.util import find_spec

    spec = find_spec("manimgx_fonts_cjk")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    fonts = tmp_path / "share" / "fonts"
    fonts.mkdir(parents=True)
    for path in Path(spec.submodule_search_locations[0]).glob("*.ttc"):
        (fonts / path.name).symlink_to(path)
    done = run_without_packages(tmp_path)
    assert done.stdout.splitlines() == ["False", "3"], done.stderr


def test_without_any_chinese_font_there_is_an_error_not_boxes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A machine without the font cannot be made, a font without a machine can.
    monkeypatch.setattr(pdf, "FAMILY", "Noto Sans Of Nowhere")
    pdf._fonts.cache_clear()
    try:
        with pytest.raises(CsctlError, match="Noto Sans Of Nowhere is missing") as caught:
            render(eight_d("zh"))
    finally:
        pdf._fonts.cache_clear()
    assert caught.value.hint.startswith("pip install manimgx-fonts-cjk")
