#!/usr/bin/env bash
# Fails if a Markdown file links to a path of this repository that does not exist.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."

broken=0
while IFS= read -r file; do
    while IFS= read -r target; do
        target=${target%%#*}
        [[ -z $target || $target == *://* || $target == mailto:* ]] && continue
        if [[ ! -e $(dirname "$file")/$target ]]; then
            echo "$file: $target does not exist" >&2
            broken=$((broken + 1))
        fi
    done < <(awk '/^ *```/ { code = !code } !code' "$file" | grep -oE '\]\([^) ]+\)' | sed 's/^](//; s/)$//' || true)
done < <(git ls-files --cached --others --exclude-standard '*.md')

((broken == 0))
