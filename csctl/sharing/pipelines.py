"""What a git platform runs over a records repository, and what it shows to who asks for a merge."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from csctl.errors import CsctlError, UsageError
from csctl.git.gitrepo import GitRepo
from csctl.git.remotes import find_commit, find_remote
from csctl.messages import _
from csctl.places import search_path
from csctl.store import Change

SCRIPTS: Final = ".csctl/ci"
_TEMPLATES: Final = "ci"
_MAINS: Final = ("main", "master")
_PLAIN: Final = re.compile(r"\w[\w./-]*")
_COMMON: Final = ("install.sh", "check.sh", "forms.sh", "due.sh")


@dataclass(frozen=True, slots=True)
class Platform:
    """A git platform: where it looks for its files, and from which template each is made.

    `files` maps a path in the repository to a template; `words` stand in templates in braces.
    """

    name: str
    codeowners: str
    files: Mapping[str, str]
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def pipeline(self) -> str:
        """The file that tells that the platform's pipeline was set up here."""
        return next(iter(self.files))


def _actions(name: str, folder: str, request: str, upload: str, **more: str) -> Platform:
    """Return a platform that runs GitHub's kind of workflows."""
    return Platform(
        name=name,
        codeowners=f"{folder}/CODEOWNERS",
        files={
            f"{folder}/workflows/csctl.yml": "actions-check.yml",
            f"{folder}/workflows/csctl-due.yml": "actions-due.yml",
            f"{folder}/workflows/csctl-approval.yml": "actions-approval.yml",
            f"{SCRIPTS}/approve.sh": "approve.sh",
            f"{folder}/{request}": "request.md",
            **{f"{folder}/{path}": template for path, template in more.items()},
        },
        words={"platform": name, "upload": upload},
    )


_GITEA_MERGES: Final = {
    f"default_merge_message/{each}_TEMPLATE.md": "gitea-merge.md"
    for each in ("MERGE", "SQUASH", "REBASE-MERGE")
}
PLATFORMS: Final[Mapping[str, Platform]] = {
    each.name: each
    for each in (
        _actions("github", ".github", "pull_request_template.md", "v4"),
        Platform(
            name="gitlab",
            codeowners=".gitlab/CODEOWNERS",
            files={
                ".gitlab/csctl.yml": "gitlab-pipeline.yml",
                ".gitlab-ci.yml": "gitlab-ci.yml",
                ".gitlab/merge_request_templates/Default.md": "request.md",
                ".gitlab/merge_commit_template.txt": "gitlab-merge-commit.txt",
            },
        ),
        # Gitea takes artefacts in the third version of their protocol only.
        _actions("gitea", ".gitea", "pull_request_template.md", "v3", **_GITEA_MERGES),
        Platform(
            name="gitee",
            codeowners=".gitee/CODEOWNERS",
            files={
                ".workflow/csctl.yml": "gitee-check.yml",
                ".workflow/csctl-due.yml": "gitee-due.yml",
                ".gitee/PULL_REQUEST_TEMPLATE.zh-CN.md": "request.md",
            },
        ),
    )
}


def files_of(platform: Platform) -> dict[str, str]:
    """Return path -> template of everything that a platform needs, CODEOWNERS aside."""
    return {**{f"{SCRIPTS}/{each}": each for each in _COMMON}, **platform.files}


def find_platforms(root: Path) -> list[Platform]:
    """Return the platforms whose pipelines are set up in a repository."""
    return [each for each in PLATFORMS.values() if (root / each.pipeline).is_file()]


def main_branch(git: GitRepo) -> str:
    """Return the name of the main branch: the remote's, else main or master, else the one in use.

    UsageError for a name that would mean something else in YAML, in a shell or as a pattern.
    """
    remote = find_remote(git)
    if remote is not None and remote.tip(remote.main):
        name = remote.main
    else:
        usual = (each for each in _MAINS if find_commit(git, f"refs/heads/{each}"))
        name = next(usual, "") or git.branch() or _MAINS[0]
    if not _PLAIN.fullmatch(name):
        raise UsageError(
            _("A pipeline cannot name the main branch '{name}'.").format(name=name),
            _("Rename it: git branch --move main"),
        )
    return name


def find_pipeline(root: Path, platform: Platform, main: str) -> tuple[list[Change], list[str]]:
    """Return the files still to be written at `root`, and the paths that differ and stay.

    `main` is the branch that the pipeline watches. A file that is there is the company's own: it
    is never overwritten. Templates in the repository's templates/ci replace those that ship.
    """
    folders = search_path(root, "templates")
    changes, kept = [], []
    for path, template in files_of(platform).items():
        wanted = render_file(folders, template, platform, main)
        held = _held(root / path)
        if held is None:
            changes.append(Change(path, None, wanted))
        elif held.replace(b"\r\n", b"\n") != wanted:
            kept.append(path)
    return changes, kept


def render_file(folders: Sequence[Path], template: str, platform: Platform, main: str) -> bytes:
    """Return a file of a platform, its template the first that the folders have."""
    text = read_template(folders, template)
    for word, value in {**platform.words, "main": main}.items():
        text = text.replace(f"{{{word}}}", value)
    return text.encode()


def read_template(folders: Sequence[Path], name: str) -> str:
    """Return the template of a generated file, the first that the folders have."""
    places = (folder / _TEMPLATES / name for folder in folders)
    return next(each for each in places if each.is_file()).read_text(encoding="utf-8")


def _held(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise CsctlError(
            _("{path} cannot be read: {why}.").format(path=path, why=error.strerror)
        ) from error
