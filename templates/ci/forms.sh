#!/usr/bin/env bash
# 把变更涉及的表单渲染成PDF：forms.sh FOLDER。BASE是变更之前的提交。
# Render the forms that the change since BASE touches to PDF: forms.sh FOLDER.
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=${1:-forms}
if [[ ${BASE:-} =~ ^0*$ ]]; then
  exit 0
fi
base=$(git merge-base HEAD "$BASE")

# 记录本身或其附件变了，表单就变了。A record's file or one beside it: the form changes.
changed() {
  git -c core.quotePath=false diff --name-only "$base" HEAD -- records |
    sed -nE 's#^"?(records/[^/]+/[0-9]{4}/[0-9]{2,}/[^/.]+)[/.].*#\1#p' | sort -u
}

ids=()
while read -r path; do
  if [[ -f $path.yaml ]]; then
    ids+=("${path##*/}")
  fi
done < <(changed)
if ((${#ids[@]})); then
  mkdir -p "$folder"
  csctl render "${ids[@]}" --to pdf -o "$folder"
fi
