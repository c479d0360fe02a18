from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from csctl import __version__, cli, messages
from csctl.cli import main
from csctl.console.options import choose_language
from csctl.console.sections import SECTIONS
from tests.factory import (
    COMPLAINT,
    NOTE_SCHEMA,
    records_repository,
    write,
    write_complaint,
    write_note,
)

HEAVY = (
    *("yaml", "jsonschema", "git", "jinja2", "typst", "tabulate", "holidays", "PIL", "rich"),
    *("openpyxl", "python_calamine", "babel", "multiprocessing"),
)


@pytest.fixture
def root(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    records_repository(repo)
    monkeypatch.chdir(repo)
    return repo


def run(
    *arguments: str, cwd: Path, stdin: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """Run csctl as people do, in a process of its own."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "csctl", *arguments],
        cwd=cwd,
        check=False,
        capture_output=True,
        input=stdin,
        env={**os.environ, "PYTHONPATH": str(Path(cli.__file__).parent.parent), **environment},
    )


# --- exit codes ----------------------------------------------------------------------------------


def test_done_is_0(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["complaint", "list"]) == 0
    assert "CC-2026-0001" in capsys.readouterr().out


def test_no_is_1(root: Path) -> None:
    assert main(["--now", "2026-03-04T17:00", "due", "--within", "1h"]) == 0
    assert main(["--now", "2026-03-09T17:00", "due", "--within", "1h"]) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["shwo", "X"], "show"),
        (["show"], "ID"),
        (["show", "CC-2026-0009"], "CC-2026-0001"),
        (["set", "CC-2026-0001", "symptm=x"], "symptom"),
        (["complaint", "nwe"], "new"),
        (["--now", "soon", "due"], "2026-03-05T09:30"),
        (["--lang", "fr", "due"], "zh-TW"),
        (["complaint", "list", "--format", "xml"], "json"),
        (["-C", "nowhere", "due"], "nowhere"),
        (["complaint"], "import"),
    ],
)
def test_asked_wrongly_is_2_with_the_nearest_words(
    root: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--lang", "en", *arguments] if "fr" not in arguments else arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert words in captured.err


def test_no_repository_is_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["complaint", "list"]) == 3
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == (
        f"Error: {tmp_path} is not in a records repository: no csctl.yaml here or above.\n"
        "    Make one with: csctl init\n"
    )


def test_records_without_git_are_read_but_not_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outside = tmp_path / "plain"
    outside.mkdir()
    records_repository(outside, commit=False)
    (outside / ".git").rename(tmp_path / "gone")
    monkeypatch.chdir(outside)
    before = (outside / "records/complaints/2026/00/CC-2026-0001.yaml").read_bytes()
    assert main(["complaint", "list"]) == 0
    capsys.readouterr()
    assert main(["--lang", "en", "set", "CC-2026-0001", "symptom=x"]) == 3
    assert "git" in capsys.readouterr().err
    assert (outside / "records/complaints/2026/00/CC-2026-0001.yaml").read_bytes() == before


def test_without_git_installed_it_is_a_sentence(root: Path, tmp_path: Path) -> None:
    done = run("--lang", "en", "set", "CC", "symptom=x", cwd=root, PATH=str(tmp_path))
    assert done.returncode == 3
    assert b"git" in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_wrong_configuration_is_3_with_its_place(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(root, "csctl.yaml", "csctl: '>=0.1'\ncompany: C\nlangauge: zh\n")
    assert main(["complaint", "list"]) == 3
    assert "csctl.yaml:3:1: error[CFG-01]" in capsys.readouterr().err


def test_an_unreadable_schema_is_3(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(root, "schemas/note.yaml", NOTE_SCHEMA + "a: b: c\n")
    assert main(["note", "list"]) == 3
    assert "note.yaml:" in capsys.readouterr().err


def test_a_bug_is_70_with_a_traceback(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_arguments: object, **_options: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("csctl.index.index.Index.select", broken)
    assert main(["--lang", "en", "complaint", "list"]) == 70
    error = capsys.readouterr().err
    assert "Traceback" in error
    assert f"This is a bug in csctl {__version__}." in error


def test_too_deep_a_recursion_is_a_sentence(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def deep(*_arguments: object, **_options: object) -> None:
        raise RecursionError

    monkeypatch.setattr("csctl.index.index.Index.select", deep)
    assert main(["--lang", "en", "complaint", "list"]) == 3
    assert "nested too deeply" in capsys.readouterr().err


def test_interrupted_is_130(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("csctl.index.index.Index.select", interrupted)
    assert main(["--lang", "en", "complaint", "list"]) == 130
    captured = capsys.readouterr()
    assert captured.err.strip() == "Interrupted."
    assert captured.out == ""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_signal_is_130(root: Path) -> None:
    script = (
        "import os, signal, csctl.index.index, sys\n"
        "from csctl.cli import run\n"
        "csctl.index.index.Index.select = lambda *a, **k: "
        f"os.kill(os.getpid(), {int(signal.SIGINT)})\n"
        "sys.argv = ['csctl', 'complaint', 'list']\n"
        "run()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, check=False, capture_output=True,
        env={**os.environ, "PYTHONPATH": str(Path(cli.__file__).parent.parent)},
    )  # fmt: skip
    assert done.returncode == 130
    assert b"Traceback" not in done.stderr


def test_a_closed_pipe_ends_quietly(root: Path) -> None:
    for number in range(2, 400):
        write_complaint(root, f"CC-2026-{number:04d}")
    command = [sys.executable, "-m", "csctl", "validate", "--format", "json"]
    for number in range(2, 400):
        write_complaint(root, f"CC-2026-{number:04d}", COMPLAINT.replace("phone", "fone"))
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        command, cwd=root, check=False, stdout=writer, stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(cli.__file__).parent.parent)},
    )  # fmt: skip
    os.close(writer)
    assert done.returncode == 141
    assert done.stderr == b""


# --- JSON ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", [["--format", "json"], ["--format=json"]])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["show", "CC-2026-0009"], 2), (["shwo", "CC"], 2), (["-C", "..", "complaint", "list"], 3)],
)
def test_errors_have_the_shape_of_everything_else(
    root: Path,
    arguments: list[str],
    code: int,
    style: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*arguments, *style]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    loaded = json.loads(captured.err)
    assert list(loaded) == ["schema_version", "command", "ok", "data", "findings"]
    assert loaded["ok"] is False
    [error] = loaded["data"]
    assert set(error) == {"message", "hint", "exit_code"}
    assert error["exit_code"] == code
    assert error["message"]


def test_json_is_only_json(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["complaint", "list", "--format", "json"]) == 0
    captured = capsys.readouterr()
    loaded = json.loads(captured.out)
    assert (loaded["command"], loaded["ok"]) == ("complaint list", True)
    assert loaded["data"][0]["id"] == "CC-2026-0001"
    assert captured.err == ""


# --- help, version, completion -------------------------------------------------------------------


def modules_of(arguments: Sequence[str], cwd: Path, **environment: str) -> set[str]:
    """Return the modules csctl has imported when it ends, beside those of measuring coverage."""
    script = (
        "import atexit, sys\n"
        "known = set(sys.modules)\n"
        "atexit.register(lambda: sys.stderr.write('\\n' + ' '.join({*sys.modules} - known)))\n"
        "from csctl.cli import run\n"
        "run()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=cwd, check=True, capture_output=True, encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(Path(cli.__file__).parent.parent), **environment},
    )  # fmt: skip
    assert done.stdout or "csctl.store" in done.stderr  # what writes tells it on stderr
    return set(done.stderr.rpartition("\n")[2].split())


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--version"], ""),
        (["-h"], ""),
        (["--lang", "zh", "--help"], ""),
        (["completion", "bash"], ""),
        (["advance", "-h"], ""),
        ([], "csctl "),
        ([], "csctl comp"),
        ([], "csctl complaint "),
        ([], "csctl show CC"),
        ([], "csctl advance CC"),
        ([], "csctl set --"),
    ],
)
def test_help_and_completion_import_nothing_heavy(
    root: Path, arguments: list[str], line: str
) -> None:
    words = line.split()
    typed = len(words) - (not line.endswith(" "))
    environment = (
        {"_CSCTL_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(typed)}
        if line
        else {}
    )
    modules = modules_of(arguments, root, **environment)
    assert "csctl.cli" in modules
    assert not modules & {*HEAVY, "importlib.metadata", "csv"}
    assert not {each for each in modules if each.startswith(("csctl.yaml", "csctl.git."))}


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        (["note", "list", "--format", "csv"], {"yaml"}),
        (["note", "list"], {"yaml"}),
        (["note", "new", "--no-input", "--set", "text=x"], {"yaml", "holidays"}),
        (["note", "new", "--no-input", "--from", "answers.yaml"], {"yaml", "holidays"}),
        (["set", "NT-2026-0001", "text=x"], {"yaml"}),
        (["log", "NT-2026-0001"], {"yaml"}),
    ],
    ids=lambda given: " ".join(sorted(given) if isinstance(given, set) else given),
)
def test_a_command_imports_only_what_it_uses(
    root: Path, arguments: list[str], needed: set[str]
) -> None:
    write(root, "schemas/note.yaml", NOTE_SCHEMA)
    write(root, "answers.yaml", "text: y\n")
    write_note(root, "NT-2026-0001")
    for words in (["add", "--all"], ["commit", "--quiet", "-m", "more"]):
        subprocess.run(["git", *words], cwd=root, check=True)
    modules = modules_of(arguments, root)
    assert "csctl.store" in modules
    assert modules & set(HEAVY) <= needed
    assert not modules & {"fractions", "statistics", "tempfile"} or "holidays" in modules


@pytest.mark.parametrize(
    "words", [["complaint", "list"], ["--now", "2026-03-05T10:00", "due"], ["search", "x"]]
)
def test_what_is_remembered_costs_no_import(root: Path, words: list[str]) -> None:
    modules_of(words, root)
    modules = modules_of(words, root)
    assert "csctl.index.view" in modules
    assert not modules & {
        "jsonschema",
        "git",
        "jinja2",
        "typst",
        "tabulate",
        "holidays",
        "openpyxl",
        *("fractions", "statistics", "tempfile"),
    }
    # What is due says what is missing: records are judged for that.
    assert ("calendar" in modules) == ("due" in words)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("csctl comp", ["complaint", "completion"]),
        ("csctl complaint ", ["new", "list", "import"]),
        ("csctl show C", ["CC-2026-0001"]),
        ("csctl --no", ["--now", "--no-input", "--no-cache"]),
    ],
)
def test_the_shell_is_told_what_fits(root: Path, line: str, found: list[str]) -> None:
    typed = len(line.split()) - (not line.endswith(" "))
    done = run(cwd=root, _CSCTL_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(typed))
    assert done.stdout.decode().split() == [f"plain,{each}" for each in found]


def test_the_version(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"csctl {__version__}\n"


def test_help_lists_commands_in_order_of_use(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(root, "schemas/note.yaml", NOTE_SCHEMA)
    assert main(["--lang", "en", "-h"]) == 0
    text = capsys.readouterr().out
    order = ["complaint", "note", "show", "set", "advance", "send", "due", "validate", "init"]
    places = [text.index(f"\n  {name} ") for name in order]
    assert places == sorted(places)
    assert "Examples:" in text


def test_every_command_has_help_with_examples(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [name for section in SECTIONS.values() for name in section]
    for arguments in (*([name] for name in names), ["complaint", "list"], ["complaint", "import"]):
        assert main(["--lang", "en", *arguments, "-h"]) == 0
        # A command's help has the language in which its module was first imported.
        assert re.search("Examples:|示例：", capsys.readouterr().out), arguments


def test_bare_csctl_without_a_terminal_shows_help(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--no-input"]) == 0
    assert "csctl complaint new" in capsys.readouterr().out


# --- languages and terminals ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        (["--lang", "en", "due"], "zh_CN.UTF-8", "en"),
        (["--lang=zh-TW", "due"], "", "zh-TW"),
        (["-C", "{root}", "due"], "en_US", "zh"),
        (["--no-input", "-C", "{root}"], "en_US", "zh"),
        (["render", "X", "--lang", "en"], "zh_CN.UTF-8", "zh"),
        (["due"], "zh_CN.UTF-8", "zh"),
        (["due"], "zh_TW.UTF-8", "zh-TW"),
        (["due"], "zh_HK", "zh-TW"),
        (["due"], "C", "en"),
        (["-C"], "C", "en"),
        (["--lang"], "C", ""),
    ],
)
def test_the_language_to_speak(
    repo: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    environment: str,
    language: str,
) -> None:
    records_repository(repo, commit=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LANG", environment)
    assert choose_language([each.replace("{root}", str(repo)) for each in arguments]) == language


@pytest.mark.parametrize("locale", ["C", "POSIX", "en_US.ISO-8859-1"])
def test_chinese_comes_out_in_any_locale(root: Path, locale: str) -> None:
    done = run(
        "complaint", "list", cwd=root, LANG=locale, LC_ALL=locale, PYTHONUTF8="0",
        PYTHONCOERCECLOCALE="0", PYTHONIOENCODING="",
    )  # fmt: skip
    assert done.returncode == 0
    assert "密封圈开裂" in done.stdout.decode("utf-8")


def test_a_windows_code_page_gets_chinese_too(root: Path) -> None:
    done = run("complaint", "list", cwd=root, PYTHONIOENCODING="cp1252")
    assert "密封圈开裂" in done.stdout.decode("utf-8")


def test_colour_only_where_it_is_wanted(root: Path) -> None:
    write_complaint(root, "CC-2026-0002", COMPLAINT.replace("phone", "fone"))
    assert b"\x1b[" not in run("validate", cwd=root).stdout
    assert b"\x1b[" in run("--color", "always", "validate", cwd=root).stdout
    assert b"\x1b[" not in run("--color", "never", "validate", cwd=root, FORCE_COLOR="1").stdout


def test_the_console_script_ends_with_the_exit_code(root: Path) -> None:
    assert run("show", "XX", cwd=root).returncode == 2
    assert messages.language() in messages.LANGUAGES


def test_a_kind_is_a_schema_file_and_no_python(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(root, "schemas/note.yaml", NOTE_SCHEMA)
    common = ["--lang", "en", "--no-input", "--now", "2026-03-05T10:00"]

    def csctl(*arguments: str) -> str:
        assert main([*common, *arguments]) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    csctl("note", "new", "--set", "text=look at the seal", "--set", "colour=red")
    assert "look at the seal" in csctl("note", "list")
    csctl("validate", "NT-2026-0001")
    assert "Red" in csctl("show", "NT-2026-0001")
    csctl("render", "NT-2026-0001", "--to", "md", "-o", "form.md")
    assert "look at the seal" in (root / "form.md").read_text(encoding="utf-8")
    csctl("set", "NT-2026-0001", "colour=blue")
    assert "Blue" in csctl("log", "NT-2026-0001")
    assert "NT-2026-0001" in csctl("due", "--within", "900d")
