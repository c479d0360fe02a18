"""What `init --ci` writes: held against the platforms' schemas, linted, and run."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from csctl.cli import main
from csctl.errors import CsctlError, UsageError
from csctl.git import gitrepo
from csctl.places import GIT_PLATFORMS
from csctl.sharing.pipelines import (
    PLATFORMS,
    SCRIPTS,
    files_of,
    find_pipeline,
    find_platforms,
    main_branch,
)
from tests.commands.company import COMPLAINT, NOW, READY_3D, Company, found
from tests.factory import run_git, write
from tests.platforms import SOURCE, bash, runner, serving, tool, write_wheel

EARLY = "2025-11-20T09:30+08:00"
Shell = Callable[..., "subprocess.CompletedProcess[str]"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="runners have a POSIX shell")

YAMLLINT = """\
extends: default
rules:
  document-start: disable
  line-length: {max: 120}
"""
# The major version is what keeps them working without a hand; the owner is the platform's own.
ZIZMOR = "rules: {unpinned-uses: {config: {policies: {'actions/*': ref-pin}}}}\n"


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the files of every platform, with no git around them."""
    root = tmp_path_factory.mktemp("platforms")
    for platform in PLATFORMS.values():
        put(root, platform.name)
    return root


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder where the first test makes the company that all of them copy."""
    return tmp_path_factory.mktemp("company") / "first"


@pytest.fixture
def company(template: Path, tmp_path: Path) -> Company:
    if not template.exists():
        template.mkdir()
        found(template)
        for name in PLATFORMS:
            put(template, name)
        # Graded lately, and no key customer: nothing of the past is overdue.
        Company(template).write("CHERY", "grade: A", "grade: C\ngraded_on: 2025-11-01")
        assert main(["-C", str(template), "fmt"]) == 0
        Company(template).commit("canonical, with pipelines")
    root = tmp_path / "公司"
    shutil.copytree(template, root)
    return Company(root)


@pytest.fixture
def shell(company: Company, tmp_path: Path) -> Shell:
    def run(script: str, **env: str) -> subprocess.CompletedProcess[str]:
        settings = {"CSCTL_NOW": NOW, **env}
        return bash(script, company.root, runner(tmp_path / "bin", **settings))

    return run


def put(root: Path, name: str, main: str = "main") -> None:
    changes, _kept = find_pipeline(root, PLATFORMS[name], main)
    for change in changes:
        write(root, change.path, change.after)


def data(root: Path, path: str) -> dict[str, Any]:
    """Read YAML where `on` is a word, as the platforms do."""
    loaded = yaml.load((root / path).read_text(encoding="utf-8"), yaml.BaseLoader)
    assert isinstance(loaded, dict)
    return loaded


def steps(root: Path, path: str) -> list[dict[str, Any]]:
    (job,) = data(root, path)["jobs"].values()
    assert isinstance(job["steps"], list)
    return job["steps"]


def shells(root: Path) -> Iterator[tuple[str, str]]:
    """Yield where and what of every piece of shell in the pipelines."""
    for name in ("github", "gitea"):
        for path in sorted((root / f".{name}/workflows").iterdir()):
            for step in steps(root, path.relative_to(root).as_posix()):
                if "run" in step:
                    yield f"{path.name}: {step['name']}", step["run"]
    for job, words in data(root, ".gitlab/csctl.yml").items():
        for part in ("before_script", "script"):
            if part in words:
                yield f"gitlab: {job}", "\n".join(words[part])
    for path in sorted((root / ".workflow").iterdir()):
        for stage in data(root, path.relative_to(root).as_posix())["stages"]:
            for step in stage["steps"]:
                yield path.name, "\n".join(step["commands"])


# --- linted --------------------------------------------------------------------------------------

WORKFLOWS = [
    f"{folder}/workflows/{name}.yml"
    for folder in (".github", ".gitea")
    for name in ("csctl", "csctl-due", "csctl-approval")
]
GITLAB = [".gitlab/csctl.yml", ".gitlab-ci.yml"]


def lint(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    name, *arguments = command
    return subprocess.run(
        [tool(str(name)), *map(str, arguments)],
        check=False, capture_output=True, encoding="utf-8", **options,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "paths"), [("vendor.github-workflows", WORKFLOWS), ("vendor.gitlab-ci", GITLAB)]
)
def test_the_platforms_schemas_accept_them(founded: Path, schema: str, paths: list[str]) -> None:
    files = [founded / path for path in paths]
    done = lint("check-jsonschema", "--builtin-schema", schema, *files)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_schemas_would_have_refused_a_wrong_one(founded: Path, tmp_path: Path) -> None:
    text = (founded / WORKFLOWS[0]).read_text(encoding="utf-8")
    wrong = write(tmp_path, "wrong.yml", text.replace("runs-on:", "run-on:"))
    assert lint("check-jsonschema", "--builtin-schema", "vendor.github-workflows", wrong).returncode


def test_yaml_is_in_good_style(founded: Path, tmp_path: Path) -> None:
    files = [path for path in founded.rglob("*") if path.suffix == ".yml"]
    assert len(files) == 10
    done = lint("yamllint", "--strict", "-c", write(tmp_path, "style.yaml", YAMLLINT), *files)
    assert done.returncode == 0, done.stdout


def test_workflows_are_secure(founded: Path, tmp_path: Path) -> None:
    policy = write(tmp_path, "zizmor.yml", ZIZMOR)
    files = [founded / path for path in WORKFLOWS]
    done = lint("zizmor", "--offline", "--no-progress", "--config", policy, *files)
    assert done.returncode == 0, done.stdout + done.stderr
    unsafe = (founded / WORKFLOWS[0]).read_text(encoding="utf-8")
    unsafe = unsafe.replace("check.sh github", "check.sh ${{ github.head_ref }}")
    file = write(tmp_path, ".github/workflows/unsafe.yml", unsafe)
    assert lint("zizmor", "--offline", "--config", policy, file).returncode


def test_shell_is_sound(founded: Path) -> None:
    scripts = sorted((founded / SCRIPTS).iterdir())
    assert len(scripts) == 5
    done = lint("shellcheck", *scripts)
    assert done.returncode == 0, done.stdout
    pieces = dict(shells(founded))
    assert len(pieces) >= 12
    for where, text in pieces.items():
        # What stands in ${{ }} is filled in before a shell sees it.
        plain = re.sub(r"\$\{\{.*?\}\}", "x", text)
        done = lint("shellcheck", "--shell=bash", "-", input=plain)
        assert done.returncode == 0, f"{where}\n{done.stdout}"


def test_actions_are_pinned_and_may_do_little(founded: Path) -> None:
    for path in WORKFLOWS:
        workflow = data(founded, path)
        uses = [step["uses"] for step in steps(founded, path) if "uses" in step]
        assert uses
        assert all(re.fullmatch(r"actions/[a-z-]+@v[0-9]+", each) for each in uses), path
        (job,) = workflow["jobs"].values()
        if path.endswith("approval.yml"):
            assert workflow["permissions"] == {}
            assert job["permissions"] == {"contents": "write", "pull-requests": "read"}
            # Only main's own file may sign, and only it sees the key.
            assert workflow["on"] == {"push": {"branches": ["main"]}}
            assert job["environment"] == "csctl-approval"
        else:
            assert workflow["permissions"] == {"contents": "read"}
            assert "permissions" not in job
            assert "secrets." not in (founded / path).read_text(encoding="utf-8")


def test_no_file_names_a_host(founded: Path) -> None:
    for path in founded.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"://|\b[\w-]+\.(com|org|io|net|cn)\b", text), path


@pytest.mark.parametrize("name", GIT_PLATFORMS)
def test_every_platform_checks_renders_keeps_and_watches(founded: Path, name: str) -> None:
    paths = files_of(PLATFORMS[name])
    texts = "\n".join((founded / path).read_text(encoding="utf-8") for path in paths)
    pipelines = [path for path in paths if path.endswith(".yml")]
    called = "\n".join((founded / path).read_text(encoding="utf-8") for path in pipelines)
    scripts = {Path(path).name for path in paths if path.startswith(SCRIPTS)}
    assert set(re.findall(r"bash \.csctl/ci/(\S+\.sh)", called)) == scripts
    assert 'judge --against "$BASE"' in texts
    assert 'csctl validate "$@" --format "$style"' in texts
    assert "csctl fmt --check" in texts
    assert "csctl due" in texts
    style = "gitlab gl-code-quality-report.json" if name == "gitlab" else "github"
    assert f"check.sh {style}\n" in called
    assert re.search(r"cache", called)
    assert re.search(r"schedule", called)
    assert f"due.sh {name}\n" in called
    assert re.search(r"\bforms/?\b", called)
    request = next(text for path, text in read(founded, paths) if path.lower().endswith(".md"))
    assert "审核人" in request
    assert request.index("审核人") < request.index("Reviewer")


def read(root: Path, paths: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for path in paths:
        if "merge_message" not in path:
            yield path, (root / path).read_text(encoding="utf-8")


# --- written -------------------------------------------------------------------------------------


def test_the_names_are_those_of_the_options() -> None:
    assert tuple(PLATFORMS) == GIT_PLATFORMS


def test_what_is_there_stays_and_is_named(tmp_path: Path) -> None:
    platform = PLATFORMS["gitlab"]
    assert find_platforms(tmp_path) == []
    write(tmp_path, ".gitlab-ci.yml", "stages: [build]\n")
    changes, kept = find_pipeline(tmp_path, platform, "main")
    assert kept == [".gitlab-ci.yml"]
    assert {each.path for each in changes} == set(files_of(platform)) - set(kept)
    for change in changes:
        write(tmp_path, change.path, change.after.replace(b"\n", b"\r\n"))
    assert find_pipeline(tmp_path, platform, "main") == ([], kept)
    assert find_platforms(tmp_path) == [platform]
    (tmp_path / ".gitlab-ci.yml").unlink()
    (tmp_path / ".gitlab-ci.yml").mkdir()
    with pytest.raises(CsctlError, match="cannot be read"):
        find_pipeline(tmp_path, platform, "main")


def test_a_companys_own_template_comes_first(tmp_path: Path) -> None:
    write(tmp_path, "templates/ci/request.md", "我们的 {platform}\n")
    changes, _kept = find_pipeline(tmp_path, PLATFORMS["github"], "main")
    texts = {each.path: each.after.decode() for each in changes}
    assert texts[".github/pull_request_template.md"] == "我们的 github\n"


# --- the main branch -----------------------------------------------------------------------------


@pytest.mark.parametrize("main", ["trunk", "1.0", "主线", "release/2026"])
def test_every_pipeline_watches_the_main_branch_whatever_its_name(
    tmp_path: Path, main: str
) -> None:
    for name in GIT_PLATFORMS:
        put(tmp_path, name, main)
    for folder in (".github", ".gitea"):
        workflow = data(tmp_path, f"{folder}/workflows/csctl.yml")
        assert workflow["on"]["push"] == {"branches": [main]}
        (job,) = workflow["jobs"].values()
        assert job["env"]["MAIN"] == main
        approval = data(tmp_path, f"{folder}/workflows/csctl-approval.yml")
        assert approval["on"] == {"push": {"branches": [main]}}
    triggers = data(tmp_path, ".workflow/csctl.yml")["triggers"]
    assert [triggers[each]["branches"]["precise"] for each in ("push", "pr")] == [[main], [main]]
    assert (
        data(tmp_path, ".gitlab/csctl.yml")[".csctl"]["variables"]["MAIN"] == "$CI_DEFAULT_BRANCH"
    )
    for path in tmp_path.rglob("*.yml"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?<![\w'-])main\b(?!分支| branch)", text), path


def test_the_check_tells_git_which_branch_is_the_main_one(company: Company, shell: Shell) -> None:
    company.git("update-ref", "refs/remotes/origin/trunk", "HEAD")
    company.git("update-ref", "refs/remotes/origin/main", "HEAD")
    done = shell("bash .csctl/ci/check.sh github", MAIN="trunk")
    assert done.returncode == 0, done.stderr
    assert company.git("rev-parse", "--abbrev-ref", "origin/HEAD") == "origin/trunk"


def test_the_main_branch_is_the_remotes_then_the_usual_one_then_the_one_in_use(
    tmp_path: Path,
) -> None:
    remote, here = tmp_path / "remote", tmp_path / "here"
    repo = gitrepo.init(here)
    run_git(here, "checkout", "--quiet", "-b", "werk")
    assert main_branch(repo) == "werk"
    write(here, "a.txt", "a")
    run_git(here, "add", "a.txt")
    run_git(here, "commit", "--quiet", "-m", "a")
    run_git(here, "branch", "master")
    assert main_branch(repo) == "master"
    run_git(tmp_path, "init", "--quiet", "--bare", str(remote))
    run_git(here, "remote", "add", "origin", str(remote))
    assert main_branch(repo) == "master"
    run_git(here, "push", "--quiet", "origin", "werk:trunk")
    run_git(here, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    assert main_branch(repo) == "trunk"
    run_git(here, "branch", "it's")
    run_git(here, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/it's")
    run_git(here, "update-ref", "refs/remotes/origin/it's", "HEAD")
    with pytest.raises(UsageError, match="cannot name the main branch 'it's'"):
        main_branch(repo)


# --- merge messages ------------------------------------------------------------------------------


def trailers(message: str) -> list[str]:
    done = subprocess.run(
        ["git", "interpret-trailers", "--parse"],
        input=message, check=True, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    return done.stdout.splitlines()


def test_merge_messages_carry_the_approvals_as_trailers(founded: Path) -> None:
    text = (founded / ".gitlab/merge_commit_template.txt").read_text(encoding="utf-8")
    for word, value in {
        "source_branch": "case/CC-2026-0007", "target_branch": "main", "title": "3D",
        "reference": "g/r!7", "reviewed_by": "Reviewed-by: Li Na <ln@e.example>",
        "approved_by": "Approved-by: Zhang Wei <zw@e.example>",
    }.items():  # fmt: skip
        text = text.replace(f"%{{{word}}}", value)
    assert "%{" not in text
    assert trailers(text) == [
        "Reviewed-by: Li Na <ln@e.example>", "Approved-by: Zhang Wei <zw@e.example>",
    ]  # fmt: skip
    for name in ("MERGE", "SQUASH", "REBASE-MERGE"):
        path = founded / f".gitea/default_merge_message/{name}_TEMPLATE.md"
        text = path.read_text(encoding="utf-8")
        for word, value in {
            "PullRequestTitle": "3D", "PullRequestReference": "#7",
            "ReviewedOn": "Reviewed-on: place/7",
            "ReviewedBy": "Reviewed-by: Zhang Wei <zw@e.example>",
        }.items():  # fmt: skip
            text = text.replace(f"${{{word}}}", value)
        assert "${" not in text
        assert trailers(text)[-1] == "Reviewed-by: Zhang Wei <zw@e.example>"


# --- run -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pin", "wanted"),
    [
        ("'>=0.1,<1'", "0.9.0"),
        ("'>=0.1, <0.5'  # why", "0.2.0"),
        ('"==1.0.0"', "1.0.0"),
        ("'>=1'", "1.4.0"),
    ],
)
def test_csctl_is_installed_as_the_repository_wants_it(
    company: Company, shell: Shell, tmp_path: Path, pin: str, wanted: str
) -> None:
    for version in ("0.0.9", "0.2.0", "0.9.0", "1.0.0", "1.4.0"):
        write_wheel(tmp_path / "wheels", version)
    config = company.root / "csctl.yaml"
    text = re.sub(r"^csctl:.*$", f"csctl: {pin}", config.read_text(encoding="utf-8"), flags=re.M)
    config.write_text(text, encoding="utf-8")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "wheels")}
    done = shell("bash .csctl/ci/install.sh", PIP_TARGET=str(tmp_path / "site"), **offline)
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "site").glob("*.dist-info")] == [
        f"csctl-{wanted}.dist-info"
    ]


def test_a_sound_repository_passes(shell: Shell) -> None:
    done = shell("bash .csctl/ci/check.sh github")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_a_wrong_record_is_annotated_and_fails(company: Company, shell: Shell) -> None:
    company.write(COMPLAINT, "qty_defective: 3", "qty_defective: 3\nqty_checked: 2")
    done = shell("bash .csctl/ci/check.sh github", BASE="0" * 40)
    assert done.returncode == 1
    path = f"records/complaints/2026/00/{COMPLAINT}.yaml"
    assert re.search(rf"^::error file={path},line=\d+,col=1,title=CMP-QTY::", done.stdout, re.M)
    assert "CODEOWNERS" not in done.stdout


def test_a_record_in_another_form_fails_alone(company: Company, shell: Shell) -> None:
    company.write(COMPLAINT, "qty_defective: 3", "qty_defective:   3")
    done = shell("bash .csctl/ci/check.sh")
    assert done.returncode == 1
    assert done.stdout == f"records/complaints/2026/00/{COMPLAINT}.yaml\n"


def test_gitlab_gets_a_code_quality_report(company: Company, shell: Shell) -> None:
    report = company.root / "report.json"
    assert shell("bash .csctl/ci/check.sh gitlab report.json").returncode == 0
    assert json.loads(report.read_bytes()) == []
    company.write(COMPLAINT, "qty_defective: 3", "qty_defective: 3\nqty_checked: 2")
    done = shell("bash .csctl/ci/check.sh gitlab report.json")
    assert (done.returncode, "CMP-QTY" in done.stdout) == (1, False)
    (row,) = json.loads(report.read_bytes())
    assert row["check_name"] == "CMP-QTY"
    assert row["location"]["path"] == f"records/complaints/2026/00/{COMPLAINT}.yaml"
    assert (row["severity"], len(row["fingerprint"])) == ("major", 64)


def test_a_change_without_a_base_is_not_passed_over(shell: Shell) -> None:
    done = shell("bash .csctl/ci/check.sh github", BASE="1" * 40)
    assert done.returncode == 1
    assert "The change has no base here" in done.stderr
    assert shell("bash .csctl/ci/forms.sh forms", BASE="1" * 40).returncode


def knows_against() -> bool:
    done = subprocess.run(
        [sys.executable, "-m", "csctl", "validate", "--help"],
        cwd=SOURCE, check=True, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    return "--against" in done.stdout


@pytest.mark.skipif(not knows_against(), reason="validate does not judge changes yet")
def test_the_change_is_judged_against_its_base(company: Company, shell: Shell) -> None:
    base = company.git("rev-parse", "HEAD")
    company.write(COMPLAINT, "qty_defective: 3", "qty_defective: 4")
    company.commit(f"complaint {COMPLAINT}: qty_defective")
    assert shell("bash .csctl/ci/check.sh github", BASE=base).returncode == 0
    company.file(COMPLAINT).unlink()
    company.commit("gone")
    done = shell("bash .csctl/ci/check.sh github", BASE=base)
    assert done.returncode == 1
    assert re.search(rf"^::error file=\S*{COMPLAINT}\.yaml", done.stdout, re.M)


def test_the_forms_a_change_touches_are_rendered(company: Company, shell: Shell) -> None:
    base = company.git("rev-parse", "HEAD")
    assert shell("bash .csctl/ci/forms.sh forms", BASE="").returncode == 0
    assert shell("bash .csctl/ci/forms.sh forms", BASE=base).returncode == 0
    assert not (company.root / "forms").exists()
    company.write(COMPLAINT, "qty_defective: 3", "qty_defective: 4")
    company.commit("one")
    write(company.root, f"records/8ds/2026/00/{READY_3D}/照片 1.txt", "x")
    company.file("CC-2026-0021").unlink()
    company.write("li-na", "name:", "#\nname:")
    company.commit("two")
    done = shell("bash .csctl/ci/forms.sh forms", BASE=base)
    assert done.returncode == 0, done.stderr
    forms = {path.name: path.read_bytes() for path in (company.root / "forms").iterdir()}
    assert set(forms) == {f"{COMPLAINT}.pdf", f"{READY_3D}.pdf"}
    assert all(content.startswith(b"%PDF-") for content in forms.values())


def test_the_daily_job_tells_what_is_overdue_and_who_left(company: Company, shell: Shell) -> None:
    assert not (company.root / ".gitee/CODEOWNERS").exists()
    write_owners(shell, "gitee")
    done = shell("bash .csctl/ci/due.sh gitee", CSCTL_NOW=EARLY)
    assert (done.returncode, "CODEOWNERS" in done.stdout) == (0, False), done.stdout + done.stderr
    done = shell("bash .csctl/ci/due.sh gitee", CSCTL_NOW="2026-08-01T09:00+08:00")
    assert (done.returncode, COMPLAINT in done.stdout) == (1, True)
    write(company.root, ".gitee/CODEOWNERS", "* @who-left\n")
    done = shell("bash .csctl/ci/due.sh gitee", CSCTL_NOW=EARLY)
    assert (done.returncode, "-* @who-left" in done.stdout) == (1, True)


def write_owners(shell: Shell, platform: str) -> None:
    done = shell(f"csctl codeowners --write --platform {platform}")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", WORKFLOWS[::3])
def test_the_steps_of_a_workflow_run_one_after_the_other(
    company: Company, shell: Shell, tmp_path: Path, path: str
) -> None:
    write_wheel(tmp_path / "wheels", "0.1.0")
    offline = {
        "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "wheels"),
        "PIP_TARGET": str(tmp_path / "site"), "BASE": "",
    }  # fmt: skip
    for step in steps(company.root, path):
        if "run" in step:
            done = shell(step["run"], **offline)
            assert done.returncode == 0, done.stderr


def test_the_jobs_of_gitlab_run(company: Company, shell: Shell, tmp_path: Path) -> None:
    write_wheel(tmp_path / "wheels", "0.1.0")
    env = {
        "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "wheels"),
        "PIP_TARGET": str(tmp_path / "site"), "CI_COMMIT_BEFORE_SHA": "0" * 40,
    }  # fmt: skip
    write_owners(shell, "gitlab")
    jobs = data(company.root, ".gitlab/csctl.yml")
    for name, now in {"csctl check": NOW, "csctl forms": NOW, "csctl due": EARLY}.items():
        text = "\n".join(jobs[".csctl"]["before_script"] + jobs[name]["script"])
        done = shell(text, **env, CSCTL_NOW=now)
        assert done.returncode == 0, f"{name}\n{done.stdout}{done.stderr}"
    (report,) = jobs["csctl check"]["artifacts"]["reports"].values()
    assert json.loads((company.root / report).read_bytes()) == []


def test_gitee_fetches_what_a_shallow_clone_lacks(company: Company, tmp_path: Path) -> None:
    origin = tmp_path / "origin.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(company.root), str(origin)], check=True)
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", "--depth=1", origin.as_uri(), str(clone)], check=True)
    write_wheel(tmp_path / "wheels", "0.1.0")
    (step,) = data(clone, ".workflow/csctl.yml")["stages"][0]["steps"]
    *before, check = step["commands"]
    env = {
        "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "wheels"),
        "PIP_TARGET": str(tmp_path / "site"),
    }  # fmt: skip
    done = bash("\n".join(before), clone, runner(tmp_path / "bin", **env))
    assert done.returncode == 0, done.stderr
    assert run_git(clone, "rev-parse", "--is-shallow-repository") == "false"
    assert check == "bash .csctl/ci/check.sh github"


# --- approval tags -------------------------------------------------------------------------------

TOKEN = "t0ken"
PULL = {"number": 7, "user": {"login": "author"}, "merged_at": "2026-06-01T02:00:00Z"}


class Desk:
    """A company with a bare remote, a merged pull request 7, and a key that vouches."""

    def __init__(self, company: Company, folder: Path) -> None:
        self.company, self.git, self.folder = company, company.git, folder
        self.remote = folder / "remote.git"
        subprocess.run(["git", "init", "--quiet", "--bare", str(self.remote)], check=True)
        text = company.text("zhang-wei").replace(
            "roles:", "handles: {github: zw, gitea: zw}\n\nroles:", 1
        )
        company.file("zhang-wei").write_text(text, encoding="utf-8")
        company.commit("handles")
        self.git("remote", "add", "origin", str(self.remote))
        self.before = self.git("rev-parse", "HEAD")
        self.git("switch", "-q", "-c", "case/CC")
        company.write(COMPLAINT, "qty_defective: 3", "qty_defective: 4")
        company.commit("the change")
        self.head = self.git("rev-parse", "HEAD")
        self.git("switch", "-q", "-")
        self.git("merge", "-q", "--no-ff", "-m", "merge", "case/CC")
        self.after = self.git("rev-parse", "HEAD")
        self.git("push", "-q", "origin", f"{self.head}:refs/pull/7/head", "HEAD:refs/heads/main")
        subprocess.run(
            [tool("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")],
            check=True,
        )

    def answers(self, platform: str, reviews: list[dict[str, Any]]) -> dict[str, Any]:
        base = "/repos/o/r"
        found = [PULL] if platform == "github" else PULL
        commits = "pulls" if platform == "github" else "pull"
        return {
            f"{base}/commits/{self.after}/{commits}": found,
            f"{base}/pulls/7/reviews": reviews,
        }

    def review(self, login: str, state: str, at: str = "01") -> dict[str, Any]:
        at = f"2026-06-01T01:{at}:00Z"
        return {
            "user": {"login": login}, "state": state, "commit_id": self.head, "submitted_at": at,
        }  # fmt: skip

    def run(
        self, platform: str, answers: dict[str, Any], before: str = "", key: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        secret = (self.folder / "key").read_text(encoding="utf-8") if key is None else key
        with serving(answers, TOKEN) as address:
            env = runner(
                self.folder / "bin", GITHUB_API_URL=address, GITHUB_REPOSITORY="o/r",
                GITHUB_TOKEN=TOKEN, CSCTL_APPROVAL_KEY=secret.rstrip("\n"),
                BEFORE=before or self.before, GITHUB_SHA=self.after,
            )  # fmt: skip
            *_others, step = steps(self.company.root, f".{platform}/workflows/csctl-approval.yml")
            return bash(step["run"], self.company.root, env)

    def tags(self) -> str:
        return subprocess.run(
            ["git", "tag"], cwd=self.remote, check=True, capture_output=True, encoding="utf-8"
        ).stdout.strip()


@pytest.fixture
def desk(company: Company, tmp_path: Path) -> Desk:
    missing = [each for each in ("curl", "jq", "ssh-keygen") if not shutil.which(each)]
    if missing:
        pytest.skip(f"runners have {', '.join(missing)}; this machine has not")
    return Desk(company, tmp_path)


@pytest.mark.parametrize("platform", ["github", "gitea"])
def test_an_approval_becomes_a_signed_tag(desk: Desk, platform: str) -> None:
    reviews = [
        desk.review("zw", "REQUEST_CHANGES" if platform == "gitea" else "CHANGES_REQUESTED", "01"),
        desk.review("zw", "APPROVED", "02"), desk.review("zw", "COMMENTED", "03"),
        desk.review("someone", "APPROVED"), desk.review("author", "APPROVED"),
    ]  # fmt: skip
    answers = desk.answers(platform, reviews)
    done = desk.run(platform, answers)
    assert done.returncode == 0, done.stderr
    assert desk.tags() == f"approval/{desk.head}"
    assert TOKEN not in done.stdout + done.stderr
    run_git(desk.remote, "cat-file", "-e", f"approval/{desk.head}^{{commit}}")
    assert run_git(desk.remote, "rev-parse", f"approval/{desk.head}^{{}}") == desk.head
    public = (desk.folder / "key.pub").read_text(encoding="utf-8")
    signers = write(desk.folder, "signers", f"csctl-approval {public}")
    known = ("-c", f"gpg.ssh.allowedSignersFile={signers}", "-c", "gpg.format=ssh")
    run_git(desk.remote, *known, "verify-tag", f"approval/{desk.head}")
    text = run_git(desk.remote, "cat-file", "tag", f"approval/{desk.head}")
    message = text.partition("\n\n")[2].partition("-----BEGIN SSH SIGNATURE")[0]
    assert trailers(message) == [
        "Pull-request: 7",
        "Pull-request-author: author",
        "Approved-by: someone",
        "Approved-by: zhang-wei <zhang.wei@example.com>",
    ]
    object_before = run_git(desk.remote, "rev-parse", f"approval/{desk.head}")
    assert desk.run(platform, answers).returncode == 0  # a second run moves nothing
    assert run_git(desk.remote, "rev-parse", f"approval/{desk.head}") == object_before


@pytest.mark.parametrize(
    "states",
    [
        [],
        [("zw", "APPROVED"), ("zw", "CHANGES_REQUESTED")],
        [("zw", "APPROVED"), ("zw", "DISMISSED")],
        [("author", "APPROVED")],
        [("zw", "COMMENTED")],
    ],
)
def test_what_is_no_approval_is_not_signed(desk: Desk, states: list[tuple[str, str]]) -> None:
    reviews = [desk.review(who, state, f"{n:02}") for n, (who, state) in enumerate(states)]
    done = desk.run("github", desk.answers("github", reviews))
    assert (done.returncode, desk.tags()) == (0, ""), done.stderr


def test_a_push_without_a_pull_request_is_not_signed(desk: Desk) -> None:
    assert desk.run("gitea", {}, before="0" * 40).returncode == 0
    answers = desk.answers("github", [desk.review("zw", "APPROVED")])
    answers[f"/repos/o/r/commits/{desk.after}/pulls"] = [{**PULL, "merged_at": None}]
    assert desk.run("github", answers).returncode == 0
    assert desk.tags() == ""


def test_what_the_platform_refuses_fails_the_job(desk: Desk) -> None:
    answers = desk.answers("github", [desk.review("zw", "APPROVED")])
    done = desk.run("github", {**answers, f"/repos/o/r/commits/{desk.after}/pulls": 500})
    assert (done.returncode != 0, "HTTP 500" in done.stderr) == (True, True)
    done = desk.run("github", {**answers, "/repos/o/r/pulls/7/reviews": 403})
    assert (done.returncode != 0, "HTTP 403" in done.stderr) == (True, True)
    assert desk.run("github", answers, key="").returncode == 1
    assert desk.run("github", answers, key="no key").returncode
    assert desk.tags() == ""
