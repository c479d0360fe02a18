#!/usr/bin/env bash
# 每天一次：due.sh PLATFORM。有逾期，或CODEOWNERS与角色不符时，任务失败，平台会通知。
# Once a day: due.sh PLATFORM. The job fails, and the platform tells, if anything is overdue or
# CODEOWNERS is not what the roles say.
set -euo pipefail
cd "$(dirname "$0")/../.."
failed=0
csctl due --within 3d || failed=1
csctl codeowners --check --platform "$1" || failed=1
exit "$failed"
