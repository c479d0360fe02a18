"""Approvals given on the platform: by whom, over which content, and which key vouches for them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Final, NamedTuple

from csctl.approval.keys import PLATFORM, Keys, build_keys
from csctl.errors import CsctlError
from csctl.git import merges
from csctl.git.gitrepo import GitRepo
from csctl.git.merges import Merge, Tag, Trailers
from csctl.git.rewrites import APPROVAL
from csctl.git.signatures import Signature, verify_commits, verify_tags
from csctl.index.index import Index
from csctl.record import Record
from csctl.times.moments import format_moment

TAGS: Final = APPROVAL
_APPROVED: Final = ("approved-by", "reviewed-by")
_AUTHOR: Final = ("pull-request-author",)
# Elsewhere whoever presses the button words the message that the platform signs.
_WRITES_TRAILERS: Final = ("gitlab", "gitea")
_PERSON: Final = re.compile(
    r"(?:.*<(?P<email>[^<>\s]+)>|.*\(@(?P<named>[^()\s]+)\)|@?(?P<handle>\S+))"
)


class Approval(NamedTuple):
    """An approval of a change of a record.

    `reference` is the merge commit or the tag that says so, `commit` the one that brought it to
    the main branch, `record` what was approved and came there unchanged. It is `proven` when a
    key of the platform or CI vouches for it.
    """

    reviewer: str
    at: datetime
    reference: str
    commit: str
    record: Record
    proven: bool

    def source(self, zone: tzinfo) -> dict[str, str]:
        """Return what a sign-off taken over from this approval says of it."""
        at = format_moment(self.at.astimezone(zone))
        return {"approval": self.reference, "by": self.reviewer, "at": at}


class _Claim(NamedTuple):
    """What a merge or a tag says, before anybody has looked who approved what."""

    reference: str
    head: str
    landed: str
    base: str
    at: datetime
    trailers: Trailers


def find_approvals(record: Record, index: Index) -> list[Approval]:
    """Return the approvals of a record on the platform, newest first; none without a platform.

    An approval counts where the record and its attachments are the same, byte for byte, in the
    approved commit and on the main branch, by somebody else than the author of the change.
    Only the merges and tags that concern this record are verified.
    """
    repository = index.store.repository
    if repository.config.platform in ("", "none"):
        return []
    git, keys = repository.git, build_keys(index)
    main = merges.find_main(git)
    if main is None or merges.is_replaced(git):
        return []
    paths = (record.path, record.attachment_folder())
    merged = merges.merges_of(git, main, paths)
    claims = [_Claim(m.sha, m.head, m.sha, m.base, m.at, m.trailers) for m in merged]
    tags = {tag.name: tag for tag in merges.tags_below(git, TAGS)}
    claims += _tagged(git, main, record, merged, tags)
    vouched = _vouched(git, index, keys, claims, tags)
    found: list[Approval] = []
    for claim in _unchanged(git, claims, paths):
        if claim.reference in vouched:
            found += _approvals(claim, record, index, vouched[claim.reference])
    return sorted(found, key=lambda each: each.at, reverse=True)


def paths_spoken_of(index: Index) -> dict[str, set[str]]:
    """Return the files that may have been approved, each with the merges and tags that say so.

    Nobody has looked who vouches for them; of a file that is not here `find_approvals` finds none.
    """
    repository = index.store.repository
    git = repository.git
    main = merges.find_main(git)
    if repository.config.platform in ("", "none") or main is None or merges.is_replaced(git):
        return {}
    merged = merges.merges_on(git, main)
    tags = [each for each in merges.tags_below(git, TAGS) if each.name == TAGS + each.target]
    on_main = merges.history_of(git, main) if tags else set()
    by_head = {each.head: (each.sha, each.base) for each in merged}
    places = {
        each.sha: (each.sha, each.base)
        for each in merged
        if merges.values_of(each.trailers, _APPROVED)
    }
    for tag in tags:
        if tag.target in on_main:
            places[tag.sha] = by_head.get(tag.target, (tag.target, ""))
    changed = merges.changed_paths(git, set(places.values()))
    squashed = {each.target: each.sha for each in tags if each.target not in on_main}
    found = [(name, changed[sha]) for name, (sha, _base) in places.items()]
    unmerged = merges.unmerged_paths(git, squashed, main)
    found += [(squashed[target], paths) for target, paths in unmerged.items()]
    spoken: dict[str, set[str]] = {}
    for name, paths in found:
        for path in paths:
            spoken.setdefault(path, set()).add(name)
    return spoken


# --- claims ------------------------------------------------------------------------------------


def _tagged(
    git: GitRepo, main: str, record: Record, merged: list[Merge], tags: Mapping[str, Tag]
) -> Iterator[_Claim]:
    """Yield what tags say of commits that held the record as it came to the main branch."""
    right = [tag for tag in tags.values() if tag.name == TAGS + tag.target]
    if not right:
        return
    versions = [commit.sha for commit in git.log(record.path)]
    versions = [*dict.fromkeys([*versions, *(each.sha for each in merged)])]
    versions = [each for each in versions if merges.is_ancestor(git, each, main)]
    places = [*((tag.target, record.path) for tag in right), *((v, record.path) for v in versions)]
    ids = merges.ids_at(git, places)
    landed: dict[str, str] = {}
    for version in versions:
        landed[ids[version, record.path]] = version
    by_head = {each.head: each for each in merged}
    for tag in right:
        version = landed.get(ids[tag.target, record.path] or "none", "")
        if tag.target in by_head:
            merge = by_head[tag.target]
            yield _Claim(tag.name, tag.target, merge.sha, merge.base, tag.at, tag.trailers)
        elif version and merges.is_ancestor(git, tag.target, main):
            yield _Claim(tag.name, tag.target, tag.target, f"{tag.target}^@", tag.at, tag.trailers)
        elif version:  # squashed or rebased: the approved commit itself never came to main
            yield _Claim(tag.name, tag.target, version, main, tag.at, tag.trailers)


def _unchanged(git: GitRepo, claims: list[_Claim], paths: tuple[str, str]) -> Iterator[_Claim]:
    """Yield the claims whose record and attachments are on main what they were when approved."""
    ids = merges.ids_at(
        git, [(rev, path) for each in claims for rev in (each.head, each.landed) for path in paths]
    )
    for each in claims:
        approved, landed = ([ids[rev, path] for path in paths] for rev in (each.head, each.landed))
        if approved == landed and approved[0]:
            yield each


# --- who vouches -------------------------------------------------------------------------------


def _vouched(
    git: GitRepo, index: Index, keys: Keys, claims: list[_Claim], tags: Mapping[str, Tag]
) -> dict[str, bool]:
    """Return which claims are proven by a signature; those that are only trusted are False.

    Where csctl.yaml names keys of the platform, what none of them signed is left out. Where it
    names none, the merges of the platform are trusted, which proves nothing.
    """
    config = index.store.repository.config
    stating = [each for each in claims if merges.values_of(each.trailers, _APPROVED)]
    commits = [each.reference for each in stating if each.reference not in tags]
    if not config.platform_keys:
        return dict.fromkeys(commits, False)
    signed: dict[str, Signature] = {}
    if config.platform in _WRITES_TRAILERS:
        signed.update(verify_commits(git, commits, keys.texts))
    named = {tags[each.reference].sha: tags[each.reference] for each in stating
             if each.reference in tags}  # fmt: skip
    by_tag = verify_tags(git, {sha: tag.at for sha, tag in named.items()}, keys.texts)
    signed.update({named[sha].name: signature for sha, signature in by_tag.items()})
    zone = config.site.zone
    return {
        name: True
        for name, signature in signed.items()
        if keys.holders(signature) == {PLATFORM} and keys.is_valid(signature, zone)
    }


# --- who approved ------------------------------------------------------------------------------


def _approvals(claim: _Claim, record: Record, index: Index, proven: bool) -> Iterator[Approval]:
    git = index.store.repository.git
    paths = (record.path, record.attachment_folder())
    wrote = merges.authors(git, claim.head, claim.base, paths)
    if not wrote:
        return  # the approved change was about something else
    content = git.show(claim.landed, record.path)
    try:
        approved = index.store.build(record.path, content or b"")
    except CsctlError:
        return
    named = merges.values_of(claim.trailers, _AUTHOR) or [f"<{email}>" for email in wrote]
    authors = [people_named(index, each) for each in named]
    if not all(authors):
        return  # nobody knows who the author is, so nobody knows that it is not the reviewer
    for value in dict.fromkeys(merges.values_of(claim.trailers, _APPROVED)):
        reviewers = people_named(index, value)
        if len(reviewers) == 1 and not any(reviewers & each for each in authors):
            who = next(iter(reviewers))
            yield Approval(who, claim.at, claim.reference, claim.landed, approved, proven)


def people_named(index: Index, value: str) -> set[str]:
    """Return the people whom a trailer names by e-mail or account; two may share an e-mail."""
    match = _PERSON.fullmatch(value.strip())
    if match is None:
        return set()
    email, account = match["email"], match["named"] or match["handle"]
    wanted = (email or account).casefold()
    platform = index.store.repository.config.platform
    return {
        person.id
        for person in index.people()
        if wanted in ([_folded(person.value("email"))] if email else _accounts(person, platform))
    }


def _accounts(person: Record, platform: str) -> list[str]:
    """Return a person's account on the platform; on any of them where none is configured."""
    handles = person.value("handles")
    held = handles.items() if isinstance(handles, dict) else ()
    return [_folded(handle) for name, handle in held if platform in ("", name)]


def _folded(value: object) -> str:
    return str(value or "").casefold()
