#!/usr/bin/env bash
# 安装csctl：版本范围取自csctl.yaml。
# Install csctl in the versions that csctl.yaml names.
set -euo pipefail
cd "$(dirname "$0")/../.."
versions=$(sed -nE "s/^csctl:[[:space:]]*[\"']?([<>=!0-9][<>=!0-9., ]*).*/\1/p" csctl.yaml)
python3 -m pip install --quiet --disable-pip-version-check "csctl${versions// /}"
