#!/usr/bin/env bash
# 核对：check.sh [FORMAT [REPORT]]。BASE是变更之前的提交，空着时只核对现状；MAIN是主分支名。
# Check the records: check.sh [FORMAT [REPORT]]. BASE is the commit before the change; without it
# only the state is judged. MAIN is the name of the main branch. Exit code 1 if anything is wrong,
# after everything was looked at.
set -euo pipefail
cd "$(dirname "$0")/../.."
style=${1:-text}
report=${2:-}
failed=0

# 平台的克隆不记主分支。Clones that platforms make do not say which branch is the main one.
if [[ -n ${MAIN:-} ]]; then
  git symbolic-ref refs/remotes/origin/HEAD "refs/remotes/origin/$MAIN"
fi

judge() {
  if [[ -n $report ]]; then
    csctl validate "$@" --format "$style" >"$report"
  else
    csctl validate "$@" --format "$style"
  fi
}

csctl fmt --check || failed=1
if [[ ${BASE:-} =~ ^0*$ ]]; then
  judge || failed=1
else
  # 编号重复等问题只有看合并后的全部记录才知道。A number taken twice shows in the whole only.
  csctl validate || failed=1
  if ! git merge-base HEAD "$BASE" >/dev/null; then
    echo "找不到变更的起点：主分支被改写，或克隆不完整。" >&2
    echo "The change has no base here: the main branch was rewritten, or the clone is shallow." >&2
    exit 1
  fi
  judge --against "$BASE" || failed=1
fi
exit "$failed"
