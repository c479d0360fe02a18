from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from csctl.errors import CsctlError
from csctl.places import (
    find_repository,
    get_repository,
    ids_beginning,
    kind_headers,
    language_of,
    may_set,
    search_path,
    short_word,
    stem_of,
)
from csctl.resources import builtin
from tests.factory import CONFIG, NOTE_SCHEMA, write


def test_the_nearest_folder_with_a_configuration_is_the_root(tmp_path: Path) -> None:
    write(tmp_path, "csctl.yaml", CONFIG)
    inner = tmp_path / "records" / "notes"
    inner.mkdir(parents=True)
    assert find_repository(inner) == tmp_path
    assert get_repository(tmp_path) == tmp_path


def test_no_repository_is_a_sentence_with_what_to_type(tmp_path: Path) -> None:
    (tmp_path / "csctl.yaml").mkdir()
    assert find_repository(tmp_path) is None
    with pytest.raises(CsctlError, match=r"is not in a records repository") as raised:
        get_repository(tmp_path)
    assert str(tmp_path) in raised.value.message
    assert "csctl init" in raised.value.hint


def test_the_repository_comes_before_what_is_shipped(tmp_path: Path) -> None:
    assert search_path(tmp_path, "schemas") == (tmp_path / "schemas", builtin("schemas"))
    assert search_path(None, "schemas") == (builtin("schemas"),)
    assert search_path(builtin("schemas").parent, "schemas") == (builtin("schemas"),)


def test_a_folder_that_leads_out_is_not_searched(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    root = tmp_path / "repo"
    root.mkdir()
    (root / "schemas").symlink_to(outside)
    with pytest.raises(CsctlError, match="leads out of the repository"):
        search_path(root, "schemas")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("language: en\n", "en"),
        ("company: x\nlanguage: 'zh-TW'\n", "zh-TW"),
        ("\ufefflanguage: zh # ours\n", "zh"),
        ("sites: {language: de}\n", ""),
        ("company: x\n", ""),
    ],
)
def test_the_language_is_read_without_reading_yaml(
    tmp_path: Path, text: str, language: str
) -> None:
    write(tmp_path, "csctl.yaml", text)
    assert language_of(tmp_path) == language


def test_an_unreadable_configuration_has_no_language(tmp_path: Path) -> None:
    assert language_of(tmp_path) == ""
    (tmp_path / "csctl.yaml").write_bytes(b"\xff\xfe\nlanguage: zh\n")
    assert language_of(tmp_path) == "zh"


@pytest.mark.parametrize(
    "text", ["git: {desk: true}\n", 'git: {"de\\x73k": true}\n', "# no desk\n"]
)
def test_a_setting_that_may_be_there_is_not_missed(tmp_path: Path, text: str) -> None:
    config = write(tmp_path, "csctl.yaml", text)
    assert may_set(tmp_path, "desk")
    assert not may_set(tmp_path, "branch") or "\\" in text
    config.unlink()
    assert not may_set(tmp_path, "desk")


def test_headers_are_the_first_lines_of_schemas(tmp_path: Path) -> None:
    write(tmp_path, "note.yaml", "\ufeff" + NOTE_SCHEMA)
    write(tmp_path, "complaint.yaml", "x-kind: complaint\nx-extends: builtin\nx-prefix: KK\n")
    write(tmp_path, "common.yaml", "$defs: {}\n")
    (tmp_path / "folder.yaml").mkdir()
    headers = kind_headers((tmp_path, builtin("schemas"), tmp_path / "none"))
    assert headers["note"]["prefix"] == "NT"
    assert headers["note"]["folder"] == "notes"
    assert headers["complaint"]["prefix"] == "CC"
    assert headers["8d"]["sends-for"] == "complaint"
    assert headers["person"]["code"]
    assert not {"common", "folder", "config"} & headers.keys()


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        ("x-prefix: VI  # visits", "prefix", "VI"),
        ("x-prefix: 'VI' # visits", "prefix", "VI"),
        ("x-folder: visits#1", "folder", None),
        ("x-short: {zh: 拜访, en: visit}  # {short}", "short", "{zh: 拜访, en: visit}"),
        ("x-code: '^[A-Z]{2,9}(?![^x]|x)'  # capitals", "code", "^[A-Z]{2,9}(?![^x]|x)"),
    ],
)
def test_a_comment_may_follow_a_header(
    tmp_path: Path, line: str, key: str, value: str | None
) -> None:
    write(tmp_path, "visit.yaml", f"x-kind: visit  # of customers\n{line}\n")
    header = kind_headers((tmp_path,))["visit"]
    assert header["kind"] == "visit"
    assert header.get(key) == value


def test_only_lines_above_the_properties_count(tmp_path: Path) -> None:
    write(tmp_path, "note.yaml", "x-kind: note\nproperties:\nx-prefix: NT\n")
    assert kind_headers((tmp_path,)) == {"note": {"kind": "note"}}


def test_the_short_word_of_a_kind() -> None:
    header = kind_headers((builtin("schemas"),))["complaint"]
    assert short_word(header, "zh") == "投诉"
    assert short_word(header, "zh-TW") == "客訴"
    assert short_word(header, "de") == "complaint"
    assert short_word({"kind": "note"}, "en") == "note"
    assert short_word({"kind": "n", "short": "{en: 'two words', zh: \"两\"}"}, "en") == "two words"


def test_records_lie_at_the_top_of_their_repository(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    write(tmp_path, "service/csctl.yaml", "company: 样例\n")
    with pytest.raises(CsctlError, match="inside another git repository"):
        get_repository(tmp_path / "service")


@pytest.mark.parametrize(
    "path",
    ["records/a/CC-1.yaml", "CC-1.yaml", "a.b/CC-1", "a/.yaml", "a/b.c.yaml", "a/b.", "a/..yaml"],
)
def test_a_stem_is_what_pathlib_calls_so(path: str) -> None:
    assert stem_of(path) == PurePosixPath(path).stem


def touch(root: Path, *ids: str) -> None:
    for each in ids:
        prefix, _dash, rest = each.partition("-")
        year, _dash, number = rest.partition("-")
        folder = {"CC": "complaints", "8D": "8ds"}.get(prefix)
        path = root / "records" / (folder or "people")
        if folder:
            path = path / year / f"{int(number) // 100:02}"
        path.mkdir(parents=True, exist_ok=True)
        (path / f"{each}.yaml").touch()
        (path / f"{each}.txt").touch()


NUMBERS = ("2026-0007", "2026-0012", "2026-1234", "2026-12345", "2025-0012")
IDS = (*(f"CC-{number}" for number in NUMBERS), "8D-2026-0012", "lin-mei", "wu-gang")
STARTS = (
    *("", "C", "8d", "LIN", "lin-mei", "zz", "cc-2026-", "CC-2027-", "CC-2026-0", "CC-2026-00"),
    *("CC-2026-001", "CC-2026-12", "CC-2026-123", "CC-2026-1234", "CC-2026-12345"),
    *("CC-2026-123456", "CC-2025-0012", "CC-2026-x", "CC-2026-12/../12"),
)


@pytest.mark.parametrize("start", STARTS)
def test_the_ids_that_begin_so(tmp_path: Path, start: str) -> None:
    touch(tmp_path, *IDS)
    expected = sorted(each for each in IDS if each.upper().startswith(start.upper()))
    assert ids_beginning(tmp_path, start) == expected


def test_of_too_many_ids_only_how_they_begin(tmp_path: Path) -> None:
    touch(tmp_path, "lin-mei", *(f"CC-2026-{100 * n:04}" for n in range(30)))
    assert ids_beginning(tmp_path, "CC-2026-") == [f"CC-2026-{n:02}" for n in range(30)]
    assert ids_beginning(tmp_path, "") == [*(f"CC-2026-{n:02}" for n in range(30)), "lin-mei"]
    assert ids_beginning(tmp_path, "CC-2026-2") == [f"CC-2026-{n}00" for n in range(20, 30)]


def test_a_file_in_the_place_of_a_folder_holds_no_ids(tmp_path: Path) -> None:
    touch(tmp_path, "CC-2026-0007")
    (tmp_path / "records/complaints/notes.txt").touch()
    (tmp_path / "records/complaints/2026/01").touch()
    assert ids_beginning(tmp_path, "CC") == ["CC-2026-0007"]
