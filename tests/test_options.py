from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

import click
import pytest

from csctl.console.options import (
    Desk,
    Invocation,
    complete_id,
    desk,
    format_option,
    id_argument,
    ids_argument,
    pass_desk,
    writing_options,
)
from csctl.errors import CsctlError, UsageError
from tests.factory import ZONE, records_repository, write


@pytest.fixture
def root(repo: Path) -> Path:
    return records_repository(repo, commit=False)


def test_the_desk_opens_the_repository_once(root: Path) -> None:
    here = Desk(Invocation(root / "records"))
    assert here.store is here.store
    assert here.index is here.index
    assert here.store.repository.root == root


@pytest.mark.parametrize(
    "now", [datetime(2026, 3, 5, 9, 30), datetime(2026, 3, 5, 1, 30, tzinfo=timezone.utc)]
)
def test_the_time_is_the_sites(root: Path, now: datetime) -> None:
    here = Desk(Invocation(root, now=now))
    assert here.now == datetime(2026, 3, 5, 9, 30, tzinfo=ZONE)
    assert here.now.tzinfo == ZONE


def test_without_a_given_time_it_is_the_present(root: Path) -> None:
    here = Desk(Invocation(root))
    assert abs((here.now - datetime.now(timezone.utc)).total_seconds()) < 60


def test_i_am_who_git_says(root: Path) -> None:
    assert Desk(Invocation(root)).me == "zhang-wei"


def test_i_may_be_somebody_else(root: Path) -> None:
    assert Desk(Invocation(root, me="li-na")).me == "li-na"
    for nobody in ("nobody", "GEELY", "CC-2026-0001"):
        with pytest.raises(UsageError, match=f"no person {nobody}"):
            _ = Desk(Invocation(root, me=nobody)).me


def test_an_unknown_address_is_told_what_to_type(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "who@example.com")
    with pytest.raises(UsageError, match=r"who@example\.com") as raised:
        _ = Desk(Invocation(root)).me
    assert "csctl person new" in raised.value.hint


def test_nobody_is_nobody_even_if_persons_have_no_address(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, "records/people/wang.yaml", "schema: person/1\nid: wang\nname: 王\n")
    monkeypatch.setenv("GIT_AUTHOR_EMAIL", "")
    with pytest.raises(CsctlError):
        _ = Desk(Invocation(root)).me


def context(directory: Path, command: click.Command | None = None) -> click.Context:
    found = click.Context(command or click.Command("csctl"))
    found.params["directory"] = str(directory)
    return found


def test_ids_are_completed_from_file_names(root: Path, tmp_path: Path) -> None:
    parameter = click.Argument(["record_id"])
    assert complete_id(context(root), parameter, "cc") == ["CC-2026-0001"]
    assert complete_id(context(root), parameter, "") == [
        "CC-2026-0001", "GEELY", "li-na", "zhang-wei",
    ]  # fmt: skip
    assert complete_id(context(tmp_path), parameter, "") == []


def test_shared_options_reach_the_command(root: Path) -> None:
    seen: list[object] = []

    @click.command()
    @id_argument
    @format_option("text", "json")
    @writing_options
    @pass_desk
    def command(here: Desk, record_id: str, style: str, dry_run: bool, no_commit: bool) -> int:
        """Do it."""
        seen.extend([here.invocation.directory, record_id, style, dry_run, no_commit])
        return 7

    assert command.callback is not None
    assert command.callback.__doc__ == "Do it."
    here = Desk(Invocation(root))
    done = command.main(["CC", "--format", "json", "--dry-run"], standalone_mode=False, obj=here)
    assert done == 7
    assert seen == [root, "CC", "json", True, False]


def test_several_ids(root: Path) -> None:
    @click.command()
    @ids_argument(required=False)
    @click.pass_context
    def command(found: click.Context, record_ids: tuple[str, ...]) -> tuple[str, ...]:
        assert desk(found).invocation.directory == root
        return record_ids

    here = Desk(Invocation(root))
    assert command.main(["A", "B"], standalone_mode=False, obj=here) == ("A", "B")
    assert command.main([], standalone_mode=False, obj=here) == ()
