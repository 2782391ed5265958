#!/bin/sh
# A Chromium for the browser tests: the system's where there is one, else through apt as root,
# else the one Playwright brings. Says so and fails when none can be had.
set -eu
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Chromium …"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } >/dev/null 2>&1 && command -v chromium >/dev/null && exit 0
fi
"$1/playwright" install chromium || {
    echo "No Chromium: install it with your system's packages, then run make test again." >&2
    [ "${CI:-}" = true ] && exit 1
    exit 0
}
