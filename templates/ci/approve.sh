#!/usr/bin/env bash
# 合并之后，把平台上的批准写成签名标签approval/<被批准的提交>：approve.sh PLATFORM BEFORE AFTER。
# After a merge, write the platform's approvals as signed tags approval/<approved commit>.
# Needs GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN, and CSCTL_APPROVAL_KEY, an SSH private key.
set -euo pipefail
cd "$(dirname "$0")/../.."
platform=$1 before=$2 after=$3
tagger=csctl-approval@localhost
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if [[ -z ${CSCTL_APPROVAL_KEY:-} ]]; then
  echo "没有签名密钥，批准不会被证明；见csctl的CI文档。" >&2
  echo "There is no signing key, so approvals stay unproven; see the page on CI." >&2
  exit 1
fi
printf '%s\n' "$CSCTL_APPROVAL_KEY" >"$work/key"
chmod 600 "$work/key"
printf '%s %s\n' "$tagger" "$(ssh-keygen -y -f "$work/key")" >"$work/signers"
basic=$(printf 'x-access-token:%s' "$GITHUB_TOKEN" | base64 | tr -d '\n')
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=http.extraHeader
export GIT_CONFIG_VALUE_0="Authorization: Basic $basic"

# 平台的回答；没有时为空。The platform's answer; nothing where it has none.
ask() {
  local code
  printf 'header = "Authorization: Bearer %s"\n' "$GITHUB_TOKEN" >"$work/curl"
  code=$(curl --silent --show-error --config "$work/curl" --output "$work/answer" \
    --write-out '%{http_code}' "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/$1")
  case $code in
    200) cat "$work/answer" ;;
    404) echo null ;;
    *) echo "HTTP $code: $1" >&2 && return 1 ;;
  esac
}

# 合并请求的编号与作者。Number and author of the pull requests that brought a commit.
requests_of() {
  if [[ $platform == github ]]; then
    ask "commits/$1/pulls"
  else
    ask "commits/$1/pull"
  fi | jq -r '[.] | flatten | map(select(. != null and .merged_at != null))
    | .[] | [.number, .user.login] | @tsv'
}

# 每人的最后一次意见若是批准：提交与账号。Whose last word is an approval: commit and login.
approvals_of() {
  ask "pulls/$1/reviews?per_page=100&limit=100" | jq -r --arg author "$2" '[.[]?
    | select(.state == "APPROVED" or .state == "DISMISSED" or (.state | test("CHANGES")))]
    | group_by(.user.login) | map(max_by(.submitted_at))
    | .[] | select(.state == "APPROVED" and (.dismissed | not) and .user.login != $author)
    | [.commit_id, .user.login] | @tsv'
}

# 账号对应的人；没有时为账号本身。The person who has a login; the login itself if nobody has.
person_of() {
  csctl person list --where "handles.$platform=$1" --column id --column email --format json |
    jq -r --arg login "$1" '[.data[] | select((.email // "") != "") | "\(.id) <\(.email)>"]
      | if length == 1 then .[0] else $login end'
}

tag_request() {
  local number=$1 author=$2 sha login
  approvals_of "$number" "$author" | sort -u >"$work/approvals"
  cut -f 1 "$work/approvals" | sort -u >"$work/commits"
  if [[ -s $work/commits ]]; then
    git fetch --quiet origin "refs/pull/$number/head"
  fi
  while read -r sha; do
    if [[ -n $(git ls-remote origin "refs/tags/approval/$sha") ]]; then
      continue
    fi
    {
      printf 'approval of %s\n\nPull-request: %s\n' "$sha" "$number"
      printf 'Pull-request-author: %s\n' "$(person_of "$author")"
      while IFS=$'\t' read -r _ login; do
        printf 'Approved-by: %s\n' "$(person_of "$login")"
      done < <(grep "^$sha" "$work/approvals")
    } >"$work/message"
    git -c gpg.format=ssh -c user.signingkey="$work/key" -c user.name=csctl-approval \
      -c user.email="$tagger" tag -s -F "$work/message" "approval/$sha" "$sha"
    # git有时签名失败也算成功。git may make the tag and not sign it.
    git -c gpg.format=ssh -c gpg.ssh.allowedSignersFile="$work/signers" verify-tag "approval/$sha"
    git push --quiet origin "refs/tags/approval/$sha"
    echo "approval/$sha"
  done <"$work/commits"
}

if [[ $before =~ ^0*$ ]]; then
  echo "$after" >"$work/merged"
else
  git rev-list --first-parent "$before..$after" >"$work/merged"
fi
while read -r commit; do
  requests_of "$commit"
done <"$work/merged" | sort -u >"$work/requests"
while IFS=$'\t' read -r number author; do
  tag_request "$number" "$author"
done <"$work/requests"
