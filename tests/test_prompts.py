"""Asking in a terminal: what is shown, what is understood, and that nothing is lost."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from wcwidth import wcswidth

from csctl import messages
from csctl.console.prompts import ask_code, choose, interview, menu
from csctl.errors import UsageError
from csctl.index.index import Index
from csctl.registration.choices import Choice, Lookup
from csctl.registration.drafts import Draft, get_draft, start_draft
from csctl.registration.questions import Registration
from csctl.store import Store
from tests.desk_samples import ME, NOW, build_store
from tests.terminals import Terminal

REPEAT_CALL = ["星宇", "", "", "", "", "", "12", "2", "起雾", "", "", "", "1", "1", "", ""]


@pytest.fixture(autouse=True)
def english() -> None:
    messages.use("en")


@pytest.fixture
def store(repo: Path) -> Store:
    return build_store(repo)


@contextmanager
def typed(*lines: str) -> Iterator[Callable[[], str]]:
    """Type lines; yields a function that returns what was shown on stderr."""
    with CliRunner().isolation(input="".join(f"{line}\n" for line in lines)) as (_out, err, _both):
        yield lambda: err.getvalue().decode().replace("\r\n", "\n")


def asked(store: Store, *lines: str, kind: str = "complaint") -> tuple[Draft, str, bool]:
    """Interview with these lines typed: the draft, what was shown, whether it came to its end."""
    made: list[tuple[str, str, str]] = []

    def create(kind_name: str, name: str, code: str) -> str:
        store.check_code(store.repository.schemas.kind(kind_name), code)
        made.append((kind_name, name, code))
        return code

    declared = store.repository.schemas.kind(kind)
    registration = Registration(declared, NOW, Lookup(Index(store)), ME, lambda _answers: {})
    draft = start_draft(store.repository.git.common_dir, declared, NOW)
    done = True
    with typed(*lines) as shown:
        try:
            interview(registration, draft, kinds=store.repository.schemas.kind, create=create)
        except click.Abort:
            done = False
        return draft, shown(), done


def test_a_whole_registration_is_asked_and_kept(store: Store) -> None:
    draft, shown, done = asked(store, *REPEAT_CALL)
    assert done
    assert len(draft.asked) == 15
    assert draft.answers["symptom"] == "起雾"
    assert get_draft(draft.path.parents[2], draft.kind).answers == draft.answers
    assert "[1/12] Customer" in shown
    assert "[15/15] Photos" in shown
    assert "→ XINGYU  星宇汽车" in shown.replace("XINGYU 星", "XINGYU  星")


def test_nothing_goes_to_stdout(store: Store) -> None:
    with CliRunner().isolation(input="x\n") as (out, _err, _both):
        with pytest.raises(click.Abort):
            choose("?", [Choice("a", "A")])
        sys.stdout.flush()
        assert out.getvalue() == b""


def test_the_end_of_input_keeps_what_was_answered(store: Store) -> None:
    draft, _shown, done = asked(store, "星宇", "昨天16:30", "电话")
    assert not done
    kept = get_draft(draft.path.parents[2], draft.kind)
    assert kept.asked == ["customer", "received_at", "channel"]
    assert kept.answers == {
        "customer": "XINGYU", "received_at": "2026-03-04T16:30+08:00", "channel": "phone"
    }  # fmt: skip


def test_a_wrong_answer_is_said_at_once_and_asked_again(store: Store) -> None:
    draft, shown, _done = asked(store, "星宇", "gestern", "昨天16:30")
    assert "'gestern' cannot be read" in shown
    assert "昨天16:30" in shown.split("cannot be read")[1]
    assert draft.answers["received_at"] == "2026-03-04T16:30+08:00"


def test_back_asks_the_question_before_again(store: Store) -> None:
    draft, shown, _done = asked(store, "<", "星宇", "昨天16:30", "＜", "前天16:30", "b", "", "电话")
    assert "first question" in shown
    assert draft.asked == ["customer", "received_at", "channel"]
    assert draft.answers["received_at"] == "2026-03-05T09:30+08:00"


def test_a_typed_part_narrows_the_choices(store: Store) -> None:
    draft, shown, _done = asked(store, "海燕", "", "e", "2")
    narrowed = shown.split("'e' fits")[1].splitlines()
    assert [line.strip() for line in narrowed[1:2]] == ["1 E-mail       2 Trade fair"]
    assert draft.answers["channel"] == "exhibition"


def test_long_text_takes_lines_until_an_empty_one(store: Store) -> None:
    lines = [*REPEAT_CALL[:8], "第一行", "第二行", ""]
    draft, _shown, _done = asked(store, *lines)
    assert draft.answers["symptom"] == "第一行\n第二行"


def test_unknown_is_one_line_and_a_question_mark_may_begin_a_text(store: Store) -> None:
    draft, shown, _done = asked(store, *REPEAT_CALL[:8], "?", "?? 灯不亮", "？灯不亮", "第二行", "")
    assert shown.count("needs an answer") == 1
    assert draft.answers["symptom"] == "?? 灯不亮\n？灯不亮\n第二行"


@pytest.mark.parametrize("word", ["e", "!e"])
def test_long_text_opens_an_editor(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    editor = tmp_path / "editor.py"
    editor.write_text(
        "import sys; open(sys.argv[1], 'w', encoding='utf-8').write('起雾\\n严重\\n')"
    )
    monkeypatch.setenv("EDITOR", f"{sys.executable} {editor}")
    draft, _shown, _done = asked(store, *REPEAT_CALL[:8], word)
    assert draft.answers["symptom"] == "起雾\n严重"


def test_an_editor_that_fails_or_saves_nothing_is_no_end(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "false")
    draft, shown, _done = asked(store, *REPEAT_CALL[:8], "e", "起雾", "")
    assert "false" in shown
    assert draft.answers["symptom"] == "起雾"
    monkeypatch.setenv("EDITOR", "true")
    draft, shown, _done = asked(store, *REPEAT_CALL[:8], "e", "起雾", "")
    assert "needs an answer" in shown
    assert draft.answers["symptom"] == "起雾"


def test_a_customer_can_be_made_on_the_spot(store: Store) -> None:
    draft, shown, _done = asked(store, "Beifang Motor", "y", "", "XINGYU", "", "")
    assert "There is no customer 'Beifang Motor'" in shown
    assert "There is a customer XINGYU already" in shown
    assert draft.answers["customer"] == "BEIFANG-MOTOR"


def test_a_chinese_name_gets_no_code_out_of_nothing(store: Store) -> None:
    draft, shown, _done = asked(store, "北方客车", "maybe", "是", "北方", "BFKC", "")
    assert "Answer y or n" in shown
    assert "Code: " in shown
    assert draft.answers["customer"] == "BFKC"


def test_a_customer_that_is_not_wanted_is_asked_again(store: Store) -> None:
    draft, _shown, _done = asked(store, "北方", "", "星宇")
    assert draft.answers["customer"] == "XINGYU"


def test_what_has_a_number_is_not_made_on_the_spot(store: Store) -> None:
    draft, shown, _done = asked(store, "CC-2026-0009", "CC-2026-0001", kind="8d")
    assert "There is no complaint 'CC-2026-0009'" in shown
    assert "y/N" not in shown
    assert draft.answers["complaints"] == ["CC-2026-0001"]


def test_photos_must_be_there(store: Store, tmp_path: Path) -> None:
    photo = tmp_path / "起雾 NG.jpg"
    photo.write_bytes(b"x")
    draft, shown, done = asked(
        store, *REPEAT_CALL[:-1], str(photo.with_name("no.jpg")), f"'{photo}'"
    )
    assert done
    assert "There is no file" in shown
    assert draft.answers["photos"] == [{"id": "H1", "path": str(photo)}]


def test_many_records_are_not_all_shown(store: Store, repo: Path) -> None:
    for number in range(40):
        path = repo / f"records/customers/C{number:02d}.yaml"
        path.write_text(f"schema: customer/1\nid: C{number:02d}\nshort_name: 客户{number:02d}\n")
    draft, shown, _done = asked(store, "客户3", "客户37")
    assert "… and 18 more" in shown
    assert "fits 10 of them" in shown
    assert draft.answers["customer"] == "C37"


def test_a_code_is_asked_until_it_is_good(store: Store) -> None:
    kind = store.repository.schemas.kind("customer")
    with typed("", "x y", "BF") as shown:
        assert ask_code(kind, "北方", lambda code: store.check_code(kind, code)) == "BF"
    assert "'x y' cannot be the code" in shown()


def test_choosing_goes_by_number_or_name_and_enter_takes_the_first() -> None:
    choices = [Choice("zh", "简体中文"), Choice("en", "英文")]
    for line, value in (("2", "en"), ("２", "en"), ("英", "en"), ("", "zh")):
        with typed("9", line) as shown:
            assert choose("语言", choices) == value
        assert "'9' is not one of the choices" in shown()


def test_the_menu_can_be_left() -> None:
    with typed("2"):
        assert menu([("new", "登记投诉"), ("due", "今天要做的")]) == "due"
    with typed():
        assert menu([("new", "登记投诉")]) is None


SCRIPT = """
import sys
from pathlib import Path
from csctl import messages
from csctl.registration.choices import Lookup
from csctl.registration.drafts import start_draft
from csctl.index.index import Index
from csctl.console.prompts import interview
from csctl.registration.questions import Registration
from csctl.repository import open_repository
from csctl.store import Store
from tests.desk_samples import ME, NOW
import click
messages.use("zh")
for stream in (sys.stdin, sys.stdout, sys.stderr):
    stream.reconfigure(encoding="utf-8", errors="replace")
store = Store(open_repository(Path.cwd()))
kind = store.repository.schemas.kind("complaint")
draft = start_draft(store.repository.git.common_dir, kind, NOW)
try:
    interview(
        Registration(kind, NOW, Lookup(Index(store)), ME, lambda answers: {}), draft,
        kinds=store.repository.schemas.kind, create=lambda kind, name, code: code,
    )
except (click.Abort, KeyboardInterrupt):
    sys.exit(130)
print("stdout: nothing")
"""


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
def test_it_works_in_a_narrow_terminal_and_any_locale(
    store: Store, tmp_path: Path, locale: str
) -> None:
    product = tmp_path / "stdout"
    settings = {"LC_ALL": locale, "LANG": locale}
    with Terminal(
        ["-c", SCRIPT], store.repository.root, columns=40, stdout=product, env=settings
    ) as terminal:
        previous = ""
        for line in REPEAT_CALL:
            terminal.type(f"{line}\n", after=". " if previous == "起雾" else "> ")
            previous = line
        assert terminal.finish() == 0
    assert product.read_text() == "stdout: nothing\n"
    shown = [line for line in terminal.shown.splitlines() if "> " not in line]
    assert max(wcswidth(line) for line in shown) <= 40
    kept = get_draft(store.repository.git.common_dir, store.repository.schemas.kind("complaint"))
    assert kept.answers["symptom"] == "起雾"


def test_an_interrupt_keeps_the_answers(store: Store) -> None:
    with Terminal(["-c", SCRIPT], store.repository.root) as terminal:
        terminal.type("星宇\n", after="> ")
        assert terminal.interrupt(after="[2/12]") == 130
    kept = get_draft(store.repository.git.common_dir, store.repository.schemas.kind("complaint"))
    assert kept.answers == {"customer": "XINGYU"}


def test_refusals_reach_the_person(store: Store) -> None:
    kind = store.repository.schemas.kind("customer")

    def refuse(code: str) -> None:
        if code != "OK":
            raise UsageError("no", "try OK")

    with typed("X", "OK") as shown:
        assert ask_code(kind, "x", refuse) == "OK"
    assert "try OK" in shown()
