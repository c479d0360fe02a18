"""Answers survive: kept, found again, forgotten when their record is written."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from csctl.errors import CsctlError, UsageError
from csctl.kinds.schema import Kind
from csctl.registration.drafts import draft_names, get_draft, start_draft
from tests.desk_samples import NOW, build_store


@pytest.fixture
def kind(repo: Path) -> Kind:
    return build_store(repo).repository.schemas.kind("complaint")


def test_what_was_kept_is_found_again(tmp_path: Path, kind: Kind) -> None:
    draft = start_draft(tmp_path, kind, NOW)
    assert draft.name == "complaint-20260305-093000"
    assert not draft.path.exists()
    draft.answers |= {"symptom": "起雾\n第二行", "qty_defective": 3, "line_stop": {"unknown": "?"}}
    draft.asked += ["symptom", "qty_defective"]
    draft.keep()
    found = get_draft(tmp_path, kind)
    assert (found.name, found.answers, found.asked) == (draft.name, draft.answers, draft.asked)
    assert draft.path.parent == tmp_path / "csctl" / "drafts"
    draft.remove()
    assert draft_names(tmp_path, kind) == []
    draft.remove()


def test_an_empty_draft_can_be_kept(tmp_path: Path, kind: Kind) -> None:
    start_draft(tmp_path, kind, NOW).keep()
    assert get_draft(tmp_path, kind).answers == {}


def test_the_newest_is_resumed_unless_one_is_named(tmp_path: Path, kind: Kind) -> None:
    names = []
    for number in range(3):
        draft = start_draft(tmp_path, kind, NOW + timedelta(seconds=number // 2))
        draft.answers["symptom"] = str(number)
        draft.keep()
        os.utime(draft.path, (number, number))
        names.append(draft.name)
    assert names[1] == f"{names[0]}-2"
    assert draft_names(tmp_path, kind) == names[::-1]
    assert get_draft(tmp_path, kind).answers == {"symptom": "2"}
    assert get_draft(tmp_path, kind, names[0]).answers == {"symptom": "0"}


def test_drafts_of_other_kinds_are_not_mine(tmp_path: Path, kind: Kind) -> None:
    folder = tmp_path / "csctl" / "drafts"
    folder.mkdir(parents=True)
    (folder / "complaint-extra-20260305-093000.yaml").write_text("kind: complaint-extra\n")
    with pytest.raises(UsageError, match="nothing to resume"):
        get_draft(tmp_path, kind)


def test_a_wrong_name_gets_the_nearest(tmp_path: Path, kind: Kind) -> None:
    draft = start_draft(tmp_path, kind, NOW)
    draft.keep()
    with pytest.raises(UsageError, match="no draft") as raised:
        get_draft(tmp_path, kind, "complaint-20260305")
    assert draft.name in raised.value.hint


def test_a_damaged_draft_is_said_to_be_so(tmp_path: Path, kind: Kind) -> None:
    draft = start_draft(tmp_path, kind, NOW)
    draft.keep()
    draft.path.write_bytes(b"\xff\xfe{")
    with pytest.raises(CsctlError, match="cannot be read") as raised:
        get_draft(tmp_path, kind)
    assert "complaint new" in raised.value.hint
