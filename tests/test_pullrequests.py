"""Where a pull request is made, from the address of the server alone."""

from __future__ import annotations

import pytest

from csctl.sharing.pullrequests import find_platform, push_options, request_url

BRANCH = "case/CC-2026-0007"


@pytest.mark.parametrize(
    ("url", "page"),
    [
        (
            "git@github.com:plant/records.git",
            "https://github.com/plant/records/compare/main...case/CC-2026-0007?expand=1",
        ),
        (
            "https://user:secret@gitlab.plant.example:8443/quality/cs/records.git",
            "https://gitlab.plant.example:8443/quality/cs/records/-/merge_requests/new"
            "?merge_request%5Bsource_branch%5D=case%2FCC-2026-0007"
            "&merge_request%5Btarget_branch%5D=main",
        ),
        (
            "https://gitee.com/plant/records.git",
            "https://gitee.com/plant/records/pull/new/plant:case/CC-2026-0007...plant:main",
        ),
        (
            "ssh://git@gitea.plant.example:2222/plant/records.git",
            "https://gitea.plant.example/plant/records/compare/main...case/CC-2026-0007",
        ),
        (
            "http://codeberg.org/plant/records",
            "http://codeberg.org/plant/records/compare/main...case/CC-2026-0007",
        ),
        ("git@git.plant.example:records.git", ""),
        ("/srv/git/records.git", ""),
        ("file:///srv/git/records.git", ""),
        (r"C:\git\records.git", ""),
    ],
)
def test_the_page_follows_from_the_address(url: str, page: str) -> None:
    assert request_url(url, BRANCH, "main") == page


@pytest.mark.parametrize("url", ["/srv/x.git", "../x.git", "file:///x", r"C:\x", "h2:x"])
def test_neither_a_folder_nor_any_host_is_a_platform(url: str) -> None:
    assert find_platform(url) == ""


def test_only_gitlab_is_told_to_open_the_request_with_the_push() -> None:
    url = "git@gitlab.com:plant/records.git"
    waiting = ["merge_request.create", "merge_request.target=main"]
    assert push_options(url, "main", by_itself=False) == waiting
    auto = [*waiting, "merge_request.merge_when_pipeline_succeeds"]
    assert push_options(url, "main", by_itself=True) == auto
    assert push_options("git@github.com:plant/records.git", "main", by_itself=True) == []
