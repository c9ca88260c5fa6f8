#!/usr/bin/env bash
# Publishes every crate of the workspace whose version is not on crates.io yet, in the order of their dependencies.
# Leaving out what is there makes a release that stopped halfway repeatable. Needs CARGO_REGISTRY_TOKEN and jq.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."

options=()
missing=0
while read -r name version; do
    # From outside the workspace, where cargo would answer with the local crate.
    if (cd / && cargo info --quiet --registry crates-io "$name@$version" >/dev/null 2>&1); then
        echo "$name $version is already published"
        options+=(--exclude "$name")
    else
        missing=$((missing + 1))
    fi
done < <(cargo metadata --no-deps --format-version 1 --locked |
    jq -r '.packages[] | select(.publish == null) | "\(.name) \(.version)"')

if ((missing == 0)); then
    echo "nothing to publish"
    exit 0
fi
cargo publish --workspace --locked "${options[@]+"${options[@]}"}"
