#!/bin/sh
# Build the container: a Debian root by mmdebstrap, the pinned dependencies, the wheel; no registry of
# images is asked. build.sh WHEEL [SUITE], from the top of the checkout.
set -eu
wheel=$1 suite=${2:-bookworm}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/wheels"
cp deploy/container/Containerfile requirements/run.txt "$wheel" "$work/"
mv "$work/${wheel##*/}" "$work/wheels/"
[ -n "${ROOT_TAR:-}" ] && cp "$ROOT_TAR" "$work/root.tar" ||
    mmdebstrap --quiet --variant=minbase --include=python3,python3-venv "$suite" "$work/root.tar"
python3 -m pip download --quiet --require-hashes --only-binary=:all: --dest "$work/wheels" -r requirements/run.txt
buildah build --isolation "${ISOLATION:-oci}" --tag lacrima "$work"
