"""A records repository: its root, its configuration, and where schemas and templates are found."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from csctl.config import Config, build_config
from csctl.errors import CsctlError
from csctl.findings import Finding
from csctl.git.gitrepo import GitRepo
from csctl.index.cache import NO_CACHE, RepositoryCache, digest_of
from csctl.kinds.field import Text
from csctl.kinds.schemaload import Schemas
from csctl.messages import _
from csctl.places import CONFIG, get_repository, search_path
from csctl.yamlfile import yamlio


class Repository(NamedTuple):
    """A git repository with `csctl.yaml` and `records/`."""

    root: Path
    git: GitRepo
    config: Config
    schemas: Schemas

    def search_path(self, name: str) -> tuple[Path, ...]:
        """Return the folders `name` is looked up in: the repository's before the built-in one.

        Nothing else, so that two people get the same verdict on the same commit.
        """
        return search_path(self.root, name)

    @property
    def counts_roc_years(self) -> bool:
        """Whether the company counts years from 1912, as its numbering profile says."""
        return self.schemas.profile("years").get(self.config.numbering_profile) == "roc"

    def role_labels(self) -> Mapping[str, Text]:
        """Return what the roles are called: the company's own words over the shipped ones."""
        return {**self.schemas.profile("roles").get("roles", {}), **self.config.roles}


def open_repository(
    start: Path, *, check: bool = True, cache: RepositoryCache = NO_CACHE
) -> Repository:
    """Open the records repository around `start`; CsctlError if csctl.yaml is wrong."""
    root = get_repository(start)
    schemas = Schemas(search_path(root, "schemas"), cache)
    data = _checked_config(root, schemas, cache) if check else {}
    return Repository(root, GitRepo(root), build_config(data), schemas)


def _checked_config(root: Path, schemas: Schemas, cache: RepositoryCache) -> Mapping[str, object]:
    """Return the data of csctl.yaml, which is looked over once for all processes."""
    key = f"config {digest_of(_content(root), schemas.digest)}" if cache.works else ""
    known = cache.text(key)
    if known:
        remembered: dict[str, object] = json.loads(known)
        return remembered
    findings, data = read_config(root, schemas)
    if findings:
        raise CsctlError("\n".join(str(each) for each in findings))
    cache.keep(key, json.dumps(data))
    return data


def _content(root: Path) -> str:
    try:
        return (root / CONFIG).read_bytes().hex()
    except OSError:  # whoever reads it says so
        return ""


def read_config(root: Path, schemas: Schemas) -> tuple[list[Finding], dict[str, object]]:
    """Return what is wrong with csctl.yaml, and its data ({} if it cannot be read)."""
    # Few commands are the first after csctl.yaml was changed.
    from csctl.configcheck import RULE, check_config

    path = root / CONFIG
    try:
        document = yamlio.load(path.read_bytes())
    except yamlio.YamlError as error:
        return [
            Finding(CONFIG, error.line, error.column, RULE, "error", error.message, error.hint)
        ], {}
    except OSError as error:
        raise CsctlError(
            _("{file} cannot be read: {why}.").format(file=path, why=error.strerror)
        ) from error
    return list(check_config(document, schemas)), document.data
