"""Sign-offs that hold: keys, signed commits, the gates that ask for them, and who is found out."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path

import pypdf
import pytest

from tests.commands.company import CLOSABLE, READY_3D, SHARED, Company
from tests.commands.conftest import Run
from tests.signers import Works, end_agent, make_gpg_key

REQUIRED = "signing: {required: true}\n"
SEND = ("send", READY_3D, "--as", "3D", "--via", "email", "--dry-run")


@pytest.fixture
def works(company: Company, tmp_path: Path) -> Works:
    """Give a company where Zhang Wei has a key and signatures are asked for."""
    folder = tmp_path / "keys"
    folder.mkdir()
    works = Works(company, folder)
    works.give_key("zhang-wei")
    works.configure(REQUIRED)
    works.commit()
    return works


def use_key(works: Works, name: str) -> None:
    """Set git up for its user to sign with a key."""
    company = works.company
    company.git("config", "gpg.format", "ssh")
    company.git("config", "user.signingkey", str(works.folder / f"{name}.pub"))
    company.git("config", "commit.gpgsign", "true")


def shown(run: Run, record_id: str) -> str:
    (line,) = [each for each in run("show", record_id).out.splitlines() if "3D approved" in each]
    return line.partition(" — ")[2]


def test_a_signed_sign_off_opens_the_gate(works: Works, run: Run) -> None:
    use_key(works, "zhang-wei")
    done = run("sign", READY_3D, "--as", "approved_3d")
    assert done.code == 0
    assert "unverified" not in done.shown
    assert shown(run, READY_3D) == "holds"
    assert run("validate", READY_3D).code == 0
    assert run(*SEND).code == 0
    row = json.loads(run("show", READY_3D, "--format", "json").out)["data"][0]["signoffs"][0]
    head = works.company.git("rev-parse", "HEAD")
    assert (row["proof"], row["commit"], row["why"]) == ("signed", head, "")


def test_an_unsigned_sign_off_opens_none(works: Works, run: Run) -> None:
    done = run("sign", READY_3D, "--as", "approved_3d")
    assert done.code == 0
    assert "It is unverified and opens no gate" in done.err
    assert "csctl init --signing ssh" in done.err
    why = "its commit is not signed with a key known here"
    assert shown(run, READY_3D) == f"holds · unverified: {why}"
    checked = run("validate", READY_3D)
    assert checked.code == 1
    assert f"error[APR-03]: The sign-off '3D approved' by zhang-wei is unverified: {why}." in (
        checked.out
    )
    sent = run(*SEND)
    assert sent.code == 1
    assert f"It is unverified: {why}." in sent.err


def test_one_that_counts_for_nothing_is_given_again(
    works: Works, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    use_key(works, "zhang-wei")
    again = run("sign", READY_3D, "--as", "approved_3d")
    assert (again.code, "of this very minute" in again.err) == (2, True)
    monkeypatch.setenv("CSCTL_NOW", "2026-06-01T09:01+08:00")
    again = run("sign", READY_3D, "--as", "approved_3d")
    assert (again.code, "unverified" in again.err) == (0, False), again.err
    assert shown(run, READY_3D) == "holds"
    assert run(*SEND).code == 0
    assert "FRZ-01" not in run("validate", "--against", "HEAD~1").out
    monkeypatch.setenv("CSCTL_NOW", "2026-06-01T09:02+08:00")
    assert "already." in run("sign", READY_3D, "--as", "approved_3d").err


def test_a_form_is_a_draft_and_says_so_while_a_sign_off_is_unverified(
    works: Works, run: Run
) -> None:
    def form(to: str = "md") -> str:
        file = works.folder / f"form.{to}"
        done = run("render", READY_3D, "--to", to, "--as", "3D", "--lang", "en", "-o", str(file))
        assert done.code == 0, done.err
        if to == "md":
            return file.read_text(encoding="utf-8")
        return "".join(page.extract_text() for page in pypdf.PdfReader(file).pages)

    assert run("sign", READY_3D, "--as", "prepared_3d").code == 0
    assert run("--me", "zhao-min", "sign", READY_3D, "--as", "approved_3d").code == 0
    assert form().count("**unverified**") == 2
    assert "DRAFT" in form()
    assert form("pdf").count("unverified") == 2
    file = works.root / "csctl.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace(REQUIRED, ""), encoding="utf-8")
    assert "unverified" not in form()
    assert "DRAFT" not in form()


def test_what_left_before_signatures_were_asked_for_is_printed_as_it_left(
    works: Works, run: Run
) -> None:
    file = works.root / "csctl.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(REQUIRED, ""), encoding="utf-8")
    works.commit()
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    assert run("send", READY_3D, "--as", "3D", "--via", "email").code == 0
    file.write_text(text, encoding="utf-8")
    out = works.folder / "form.md"
    assert (
        run("render", READY_3D, "--to", "md", "--as", "3D", "--lang", "en", "-o", str(out)).code
        == 0
    )
    assert "unverified" not in out.read_text(encoding="utf-8")


def test_where_signatures_are_not_asked_for_it_is_only_said(company: Company, run: Run) -> None:
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    assert shown(run, READY_3D).startswith("holds · unverified: ")
    assert run("validate", READY_3D).code == 0
    assert run(*SEND).code == 0


def test_a_repository_without_a_platform_asks_for_them(company: Company, run: Run) -> None:
    file = company.root / "csctl.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "platform: {kind: none}\n", "utf-8")
    company.commit()
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    assert run("validate", READY_3D).code == 1
    assert run(*SEND).code == 1


def test_a_repository_begun_without_a_platform_asks_for_them(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = ("--company", "A", "--me-name", "Zhang Wei", "--me-email", "zhang.wei@example.com")
    done = run("init", "--ci", "none", "--no-input", *given, "--me-code", "zhang-wei")
    assert done.code == 0, done.err
    assert "Set up your signature: csctl init --signing ssh" in done.err
    assert "platform:\n  kind: none\n" in (tmp_path / "csctl.yaml").read_text(encoding="utf-8")
    assert Works(Company(tmp_path), tmp_path).context().config.signing_required
    again = run("init", "--ci", "none")
    assert (again.code, "platform: {kind: none}" in again.err) == (2, True)


def test_one_that_is_not_committed_opens_no_gate_and_is_no_finding(works: Works, run: Run) -> None:
    assert run("sign", READY_3D, "--as", "approved_3d", "--no-commit").code == 0
    assert run("validate", READY_3D).code == 0
    assert "It is unverified: it is not committed yet." in run(*SEND).err


def test_the_key_of_another_person_signs_for_nobody_else(works: Works, run: Run) -> None:
    works.give_key("chen-gang")
    works.commit()
    use_key(works, "chen-gang")
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    assert shown(run, READY_3D).endswith("its commit is signed with the key of chen-gang")
    assert run(*SEND).code == 1


def test_a_change_is_judged_with_everybodys_keys(works: Works, run: Run) -> None:
    use_key(works, "zhang-wei")
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    judged = run("validate", "--against", "HEAD~1")
    assert (judged.code, "APR-03" in judged.out) == (0, False), judged.out
    works.give_key("chen-gang", "zhang-wei")
    works.commit()
    assert "is signed with the key of chen-gang" in run("validate", "--against", "HEAD~2").out


def test_a_key_that_two_people_name_signs_for_neither(works: Works, run: Run) -> None:
    works.give_key("chen-gang", "zhang-wei")
    works.commit()
    use_key(works, "zhang-wei")
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    assert shown(run, READY_3D).endswith("its commit is signed with the key of chen-gang")
    listed = run("keys", "--check")
    assert listed.code == 1
    assert listed.out.count("SHARED") == 2


@pytest.mark.parametrize(
    ("begin", "end", "is_good"),
    [
        ("2026-01-01", "2026-05-31", False),
        ("2026-06-02", "", False),
        ("2026-06-01", "2026-06-01", True),
    ],
)
def test_a_key_holds_on_its_days(
    company: Company, run: Run, tmp_path: Path, begin: str, end: str, is_good: bool
) -> None:
    works = Works(company, tmp_path)
    works.give_key("zhang-wei", begin=begin, end=end)
    works.configure(REQUIRED)
    works.commit()
    use_key(works, "zhang-wei")
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    why = "holds · unverified: the key of zhang-wei was not valid when it was signed"
    assert shown(run, READY_3D) == ("holds" if is_good else why)


def test_a_sign_off_copied_from_another_record_is_found_out(works: Works, run: Run) -> None:
    use_key(works, "zhang-wei")
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    found = re.search(r"signoffs:\n(  .*\n)+", works.company.text(READY_3D))
    assert found is not None
    # A copy of the whole record under another number: what is covered has the same digest.
    store = works.store()
    path = store.path_of(store.repository.schemas.kind("8d"), "8D-2026-0030")
    file = works.root / path
    file.write_text(
        works.company.text(READY_3D).replace(READY_3D, "8D-2026-0030"), encoding="utf-8"
    )
    works.commit()
    assert shown(run, "8D-2026-0030") == (
        "holds · unverified: its commit is not signed with a key known here"
    )
    assert run("validate", "8D-2026-0030").code == 1
    # Into a record of other content it is stale besides.
    works.company.file(SHARED).write_text(
        f"{works.company.text(SHARED)}\n{found.group()}", encoding="utf-8"
    )
    works.commit()
    assert shown(run, SHARED).startswith("STALE")


def test_a_signed_commit_made_to_carry_another_sign_off_is_found_out(
    works: Works, run: Run
) -> None:
    use_key(works, "zhang-wei")
    git = works.company.git
    file = works.company.file(READY_3D)
    honest = works.commit("zhang-wei", "something he did sign")
    before = works.company.text(READY_3D)
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    forged_text = works.company.text(READY_3D)
    git("reset", "--quiet", "--hard", honest)
    # His signature, cut out of an honest commit, over a tree that he never signed.
    file.write_text(forged_text, encoding="utf-8")
    works.company.git("add", "--all")
    tree = git("write-tree")
    raw = works.run("cat-file", "commit", honest)
    old_tree, parent = git("rev-parse", f"{honest}^{{tree}}"), git("rev-parse", f"{honest}^")
    forged = raw.replace(old_tree, tree).replace(parent, honest) + "\n"
    (works.folder / "forged").write_text(forged, encoding="utf-8")
    sha = git("hash-object", "-t", "commit", "-w", str(works.folder / "forged"))
    git("reset", "--quiet", "--hard", sha)
    assert works.company.text(READY_3D) == forged_text != before
    assert shown(run, READY_3D).endswith("its commit is not signed with a key known here")
    assert run("validate", READY_3D).code == 1


def test_two_people_of_one_e_mail_are_told_apart_by_their_keys(works: Works, run: Run) -> None:
    works.give_key("chen-gang")
    works.company.write("chen-gang", "chen.gang@example.com", "zhang.wei@example.com")
    works.commit()
    use_key(works, "chen-gang")
    assert run("--me", "zhang-wei", "sign", READY_3D, "--as", "approved_3d").code == 0
    assert shown(run, READY_3D).endswith("its commit is signed with the key of chen-gang")
    use_key(works, "zhang-wei")
    assert run("amend", READY_3D, "symptom=防尘罩卡扣断裂3处", "--reason", "数量漏写").code == 0
    assert run("--me", "zhang-wei", "sign", READY_3D, "--as", "approved_3d").code == 0
    assert shown(run, READY_3D) == "holds"


@pytest.mark.parametrize(
    ("begin", "end", "code"), [("05-01", "05-31", 1), ("05-01", "06-01", 0), ("06-02", "06-30", 1)]
)
def test_a_deputy_signs_on_his_days_with_his_own_key(
    works: Works, run: Run, begin: str, end: str, code: int
) -> None:
    works.give_key("li-na")
    roles = f"  - {{id: R9, role: quality_manager, from: 2026-{begin}, to: 2026-{end}, "
    works.company.write("li-na", "roles:\n", f"roles:\n{roles}deputy_for: zhang-wei}}\n")
    works.commit()
    use_key(works, "li-na")
    done = run("--me", "li-na", "sign", READY_3D, "--as", "approved_3d")
    assert done.code == code, done.err
    if code:
        assert "li-na did not hold the role of" in done.err
    else:
        assert shown(run, READY_3D) == "holds"
        assert run("validate", READY_3D).code == 0


@pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed")
def test_a_gpg_key_signs_as_well(works: Works, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    # Its agent listens at a path that may not be long.
    with tempfile.TemporaryDirectory(prefix="g") as folder:
        home = Path(folder)
        name, key = make_gpg_key(home, "ed25519")
        works.company.write("zhang-wei", "\nkeys:\n", f"\nkeys:\n  - {{id: K9, key: '{key}'}}\n")
        works.commit()
        monkeypatch.setenv("GNUPGHOME", folder)
        works.company.git("config", "user.signingkey", name)
        works.company.git("config", "commit.gpgsign", "true")
        assert run("sign", READY_3D, "--as", "approved_3d").code == 0
        assert shown(run, READY_3D) == "holds"
        assert run("validate", READY_3D).code == 0
        assert run("keys", "--check").code == 1  # the allowed signers are not written yet
        assert run("keys").code == 0
        allowed = (works.root / ".csctl/allowed_signers").read_text(encoding="utf-8")
        assert "openpgp" not in allowed
        end_agent(home)


def test_taken_away_and_put_back_by_another_hand_it_holds_no_more(works: Works, run: Run) -> None:
    use_key(works, "zhang-wei")
    before = works.company.text(READY_3D)
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    signed = works.company.text(READY_3D)
    file = works.company.file(READY_3D)
    for text in (before, signed):
        file.write_text(text, encoding="utf-8")
        works.commit()
    assert "unverified" in shown(run, READY_3D)


def test_a_changed_field_is_stale_and_a_changed_row_unverified(works: Works, run: Run) -> None:
    use_key(works, "zhang-wei")
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    works.company.write(READY_3D, "symptom: 防尘罩卡扣断裂", "symptom: 防尘罩破裂")
    works.commit()
    assert shown(run, READY_3D) == "STALE: what it covers has changed since"
    signoffs = works.record(READY_3D)
    from csctl.approval.signoffs import digest

    covers = signoffs.kind.signoffs["approved_3d"].covers
    old = str(signoffs.value("signoffs.approved_3d.digest"))
    works.company.write(READY_3D, old, digest(signoffs, covers))
    works.commit()
    assert "holds · unverified" in shown(run, READY_3D)


def test_who_edits_voids_what_was_prepared_not_his_right_to_approve(works: Works, run: Run) -> None:
    works.give_key("chen-gang")
    works.commit()
    use_key(works, "chen-gang")
    assert run("--me", "chen-gang", "sign", READY_3D, "--as", "prepared_3d").code == 0
    use_key(works, "zhang-wei")
    words = ("amend", READY_3D, "symptom=防尘罩卡扣断裂3处", "--reason", "数量漏写")
    assert run(*words).code == 0
    lines = run("show", READY_3D).out
    assert "Signed: 3D prepared by chen-gang at 2026-06-01T09:00 — STALE" in lines
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    assert shown(run, READY_3D) == "holds"


def test_a_record_with_an_unverified_approval_does_not_close(works: Works, run: Run) -> None:
    done = run("advance", CLOSABLE, "--to", "closed")
    assert done.code == 1
    assert "error[APR-03]: The sign-off '8D approved' by zhang-wei is unverified" in done.err


def test_a_shallow_clone_proves_nothing(works: Works, run: Run, tmp_path: Path) -> None:
    run("sign", READY_3D, "--as", "approved_3d")
    works.commit("zhang-wei", "something else, signed")
    clone = tmp_path / "clone"
    works.company.git("clone", "--quiet", "--depth=1", works.root.as_uri(), str(clone))
    done = run("-C", clone, "show", READY_3D)
    assert "unverified: this clone does not hold the whole history" in done.out


def test_a_replaced_commit_proves_nothing(works: Works, run: Run) -> None:
    use_key(works, "zhang-wei")
    run("sign", READY_3D, "--as", "approved_3d")
    assert shown(run, READY_3D) == "holds"
    head = works.company.git("rev-parse", "HEAD")
    works.company.git("replace", head, "HEAD~1")
    works.company.git("replace", "--delete", head)
    assert shown(run, READY_3D) == "holds"
    works.company.git("replace", "--graft", head)
    assert "this clone does not hold the whole history" in shown(run, READY_3D)


# --- keys --------------------------------------------------------------------------------------


def test_the_allowed_signers_are_made_from_the_records(works: Works, run: Run) -> None:
    works.give_key("chen-gang", begin="2026-01-01", end="2026-12-31")
    works.platform("gitlab")
    works.commit()
    assert run("keys", "--check").code == 1
    assert run("keys", "--dry-run").code == 0
    assert works.company.changed() == ""
    done = run("keys")
    assert done.code == 0
    assert "gitlab: approvals are proven by its keys" in done.err
    assert works.company.message() == "csctl keys: allowed signers"
    text = (works.root / ".csctl/allowed_signers").read_text(encoding="utf-8")
    assert re.search(r'^platform namespaces="git" ssh-ed25519 \S+$', text, re.MULTILINE)
    assert re.search(
        r'^chen-gang,chen.gang@example.com namespaces="git",valid-after="20260101",'
        r'valid-before="20270101" ssh-ed25519 \S+$',
        text,
        re.MULTILINE,
    )
    assert run("keys", "--check").code == 0
    assert "valid" in run("keys").out
    signed = works.commit("zhang-wei", "signed")
    allowed = f"gpg.ssh.allowedSignersFile={works.root / '.csctl/allowed_signers'}"
    assert works.run("-c", allowed, "log", "-1", "--format=%G? %GS", signed).split()[0] == "G"


def test_a_key_that_is_none_is_named(works: Works, run: Run) -> None:
    works.configure("platform: {kind: gitee}\n")
    works.give_key("li-na", begin="2027-01-01")
    works.give_key("wang-lei", end="2026-01-01")
    text = works.company.text("sun-tao")
    keys = "keys:\n  - {id: K1, key: ssh-ed25519 nonsense!}\n  - {id: K2, key: 'openpgp:AAAA'}\n"
    works.company.file("sun-tao").write_text(f"{text}\n{keys}", encoding="utf-8")
    works.commit()
    done = run("keys", "--no-commit")
    assert done.code == 1
    assert done.out.count("UNREADABLE") == 2
    assert "not yet valid" in done.out
    assert "expired" in done.out
    assert "gitee: trusted, not proven; no key of it stands in csctl.yaml" in done.err
    assert "sun-tao" not in (works.root / ".csctl/allowed_signers").read_text(encoding="utf-8")


# --- setting up --------------------------------------------------------------------------------


@pytest.fixture
def home(hermetic: Path) -> Path:
    return hermetic


def test_one_step_sets_up_a_signature(company: Company, run: Run, home: Path) -> None:
    assert run("init", "--signing", "ssh").code == 0
    assert company.git("config", "gpg.format") == "ssh"
    assert company.git("config", "commit.gpgsign") == "true"
    public = home / ".ssh/id_ed25519.pub"
    assert company.git("config", "user.signingkey") == public.as_posix()
    key = " ".join(public.read_text(encoding="utf-8").split()[:2])
    text = company.text("zhang-wei")
    assert f"    key: {key}\n    from: '2026-06-01'\n" in text
    assert key in (company.root / ".csctl/allowed_signers").read_text(encoding="utf-8")
    assert company.git("log", "-1", "--format=%G?") == "G"
    assert company.changed() == ""
    assert run("sign", READY_3D, "--as", "approved_3d").code == 0
    assert shown(run, READY_3D) == "holds"
    commits = company.commits()
    assert run("init", "--signing", "ssh").code == 0
    assert company.commits() == commits


def test_a_new_repository_begins_with_signatures(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "new"
    folder.mkdir()
    monkeypatch.chdir(folder)
    given = ("--company", "A", "--me-name", "Zhang Wei", "--me-email", "zhang.wei@example.com")
    done = run("init", "--no-input", *given, "--signing", "ssh", "--me-code", "zhang-wei")
    assert done.code == 0
    assert "signing:\n  required: true\n" in (folder / "csctl.yaml").read_text(encoding="utf-8")
    assert run("validate").code == 0
    assert run("keys", "--check").code == 0


def test_the_key_of_somebody_else_is_not_taken(works: Works, run: Run, home: Path) -> None:
    (home / ".ssh").mkdir()
    works.give_key("chen-gang")
    works.commit()
    public = (works.folder / "chen-gang.pub").read_text(encoding="utf-8")
    (home / ".ssh/id_ed25519.pub").write_text(public, encoding="utf-8")
    done = run("init", "--signing", "ssh")
    assert done.code == 2
    assert "is that of chen-gang" in done.err
    assert works.company.changed() == ""


def test_what_is_no_key_is_not_taken(company: Company, run: Run, home: Path) -> None:
    (home / ".ssh").mkdir()
    (home / ".ssh/id_ed25519.pub").write_text("hello\n", encoding="utf-8")
    done = run("init", "--signing", "ssh")
    assert (done.code, company.changed()) == (2, "")
    assert "is no public SSH key" in done.err


def test_a_key_that_cannot_be_made_is_said(company: Company, run: Run, home: Path) -> None:
    (home / ".ssh").write_text("a file", encoding="utf-8")
    done = run("init", "--signing", "ssh")
    assert done.code == 3
    assert "No SSH key could be made" in done.err
