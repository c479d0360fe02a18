"""Where a pull request is made: derived from a server's address, without asking it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

_SCP: Final = re.compile(r"(?:[^@/\s]+@)?([^:/\s]{2,}):(?!//)(.+)")
_GITEA: Final = ("gitea", "forgejo", "codeberg")


def find_platform(url: str) -> str:
    """Return which platform an address names: github, gitlab, gitee, gitea, or ""."""
    host = _place(url)[1].casefold()
    for name in ("github", "gitlab", "gitee"):
        if name in host:
            return name
    return "gitea" if any(name in host for name in _GITEA) else ""


def request_url(url: str, branch: str, main: str) -> str:
    """Return the page where the request for a branch is made, "" where no platform is known."""
    platform = find_platform(url)
    scheme, host, path = _place(url)
    home, source, target = f"{scheme}://{host}/{path}", quote(branch), quote(main)
    if platform == "gitlab":
        words = {
            "merge_request[source_branch]": branch,
            "merge_request[target_branch]": main,
        }
        return f"{home}/-/merge_requests/new?{urlencode(words)}"
    if platform == "gitee":
        owner = path.partition("/")[0]
        return f"{home}/pull/new/{owner}:{source}...{owner}:{target}"
    if platform == "github":
        return f"{home}/compare/{target}...{source}?expand=1"
    return f"{home}/compare/{target}...{source}" if platform else ""


def push_options(url: str, main: str, *, by_itself: bool) -> list[str]:
    """Return what tells the server to open the request with the push, where it can."""
    if find_platform(url) != "gitlab":
        return []
    options = ["merge_request.create", f"merge_request.target={main}"]
    return [*options, *(["merge_request.merge_when_pipeline_succeeds"] if by_itself else [])]


def _place(url: str) -> tuple[str, str, str]:
    """Return scheme, host with port, and path of the pages; no host for a folder."""
    if "://" in url:
        parts = urlsplit(url)
        if parts.scheme == "file":
            return "file", "", parts.path
        scheme = parts.scheme if parts.scheme in ("http", "https") else "https"
        # The port of ssh is not the port of the pages.
        port = f":{parts.port}" if parts.port and parts.scheme in ("http", "https") else ""
        host = f"{parts.hostname or ''}{port}"
        return scheme, host, parts.path.strip("/").removesuffix(".git")
    match = _SCP.fullmatch(url)
    if match is None:
        return "", "", url
    return "https", match.group(1), match.group(2).strip("/").removesuffix(".git")
