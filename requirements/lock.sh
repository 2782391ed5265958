#!/bin/sh
# Pins every dependency with hashes, for all Pythons and platforms at once. No registry is named.
set -eu
cd "$(dirname "$0")/.."
pin() { uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock" "$@"; }
pin pyproject.toml --output-file requirements/run.txt
pin --group build --constraint requirements/run.txt --output-file requirements/build.txt
pin --group test --group check --group bench --constraint requirements/run.txt --constraint requirements/build.txt --output-file requirements/test.txt
pin --group docs --constraint requirements/run.txt --constraint requirements/test.txt --output-file requirements/docs.txt
# What benchmarks/anonymise compares with: a venv of its own, never the product's.
printf 'anjana\nanonypy\npycanon\n' | pin - --output-file requirements/peers.txt
# What make audit scans a server with: a venv of its own as well.
printf 'sqlmap\nwapiti3\n' | pin - --output-file requirements/scanners.txt
