"""Whether a sign-off was really given: the commit that wrote it, and the key that signed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from csctl.approval.approvals import Approval, find_approvals
from csctl.approval.keys import Keys, build_keys
from csctl.approval.signoffs import digest
from csctl.git import merges
from csctl.git.history import Version, iter_versions
from csctl.git.signatures import Signature, verify_commits
from csctl.index.index import Index
from csctl.messages import _
from csctl.record import Record
from csctl.rules.fields import entries
from csctl.rules.shape import signoff_name

State = Literal["signed", "approved", "unverified", "uncommitted"]


class Proof(NamedTuple):
    """What stands behind a sign-off: `commit` is the commit or tag, `why` what is amiss."""

    state: State
    commit: str = ""
    why: str = ""

    @property
    def holds(self) -> bool:
        """Whether a key vouches for it."""
        return self.state in ("signed", "approved")


def prove(record: Record, index: Index) -> dict[str, Proof]:
    """Return what stands behind each sign-off of a record, by its key in `signoffs`.

    A sign-off is signed when the commit that wrote it carries a signature by the signer's own
    key, valid on that day; approved when it was taken over from a proven approval on the
    platform. Only these commits are verified.
    """
    given = dict(entries(record, "signoffs"))
    taken = {key: row for key, row in given.items() if "approval" in row}
    own = {key: row for key, row in given.items() if "approval" not in row}
    proofs: dict[str, Proof] = {}
    if taken:
        approvals = find_approvals(record, index)
        proofs |= {key: _approved(record, key, row, approvals, index) for key, row in taken.items()}
    if own:
        proofs |= _signed(record, own, index)
    return proofs


def _approved(
    record: Record, key: str, row: Mapping[str, Any], approvals: Sequence[Approval], index: Index
) -> Proof:
    zone = index.store.repository.config.site.zone
    signoff = record.kind.signoffs.get(signoff_name(key))
    for each in approvals:
        source = each.source(zone)
        if not each.proven or source != {name: row.get(name) for name in source}:
            continue
        if signoff and digest(each.record, signoff.covers) == row.get("digest"):
            return Proof("approved", each.reference)
    why = _("no proven approval {reference} by {by} over this content is there")
    return Proof("unverified", "", why.format(reference=row["approval"], by=row.get("by", "")))


def _signed(record: Record, given: Mapping[str, Any], index: Index) -> dict[str, Proof]:
    git = index.store.repository.git
    versions = list(iter_versions(git, record.path))
    writers = {key: _writer(versions, key, row) for key, row in given.items()}
    keys = build_keys(index)
    wanted = sorted({sha for sha in writers.values() if sha})
    signatures = verify_commits(git, wanted, keys.texts) if keys.texts else {}
    distrusted = frozenset(wanted) if merges.is_replaced(git) else merges.cut_off(git)
    proofs = {}
    for key, row in given.items():
        sha = writers[key]
        if not sha:
            proofs[key] = Proof("uncommitted", "", _("it is not committed yet"))
        elif sha in distrusted:
            why = _("this clone does not hold the whole history: git fetch --unshallow")
            proofs[key] = Proof("unverified", sha, why)
        else:
            why = _why_not(str(row.get("by", "")), signatures.get(sha), keys, index)
            proofs[key] = Proof("unverified" if why else "signed", sha, why)
    return proofs


def why_last_commit_proves_nothing(by: str, index: Index) -> str:
    """Return why the commit just made does not prove that somebody signed; "" if it does."""
    git, keys = index.store.repository.git, build_keys(index)
    last = git.head()
    found = verify_commits(git, [last], keys.texts) if last and keys.texts else {}
    return _why_not(by, found.get(last or ""), keys, index)


def _writer(versions: Sequence[Version], key: str, row: Mapping[str, Any]) -> str:
    """Return the last commit that wrote a sign-off as it is, "" if none did."""
    held = {each.commit.sha: _row(each, key) == row for each in versions}
    for each in versions:
        if held[each.commit.sha] and not any(held.get(sha) for sha in each.commit.parents):
            return each.commit.sha
    return ""


def _row(version: Version, key: str) -> Any:
    signoffs = (version.data or {}).get("signoffs")
    return signoffs.get(key) if isinstance(signoffs, Mapping) else None


def _why_not(by: str, signature: Signature | None, keys: Keys, index: Index) -> str:
    """Return why a signature does not prove that somebody signed; "" if it does."""
    doubt = keys.doubt(signature, by, index.store.repository.config.site.zone)
    if signature is None:
        return _("its commit is not signed with a key known here")
    if doubt == "other":
        holders = keys.holders(signature) - {by}
        others = ", ".join(sorted(each or _("the platform") for each in holders))
        return _("its commit is signed with the key of {others}").format(others=others)
    if doubt:
        return _("the key of {by} was not valid when it was signed").format(by=by)
    return ""
