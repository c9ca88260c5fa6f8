#!/usr/bin/env bash
# Prints the section of CHANGELOG.md for one version, without its heading. Fails if there is none or it is empty.
#
#     .github/scripts/release-notes.sh 0.1.0
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
version=${1:?usage: release-notes.sh VERSION}

notes=$(awk -v heading="## [$version]" '
    index($0, heading) == 1 { inside = 1; next }
    inside && (/^## / || /^\[[^]]*\]: /) { exit }
    inside { print }' CHANGELOG.md)

if [[ -z ${notes//[[:space:]]/} ]]; then
    echo "CHANGELOG.md has no notes under \"## [$version]\"" >&2
    exit 1
fi
printf '%s\n' "$notes"
