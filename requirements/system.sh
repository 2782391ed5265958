#!/bin/sh
# What the tests need of the system: Chromium, R with haven, PSPP, age, nginx, systemd. As root with
# apt-get what is missing is installed; otherwise it is named, and the tests that need it skip. In
# CI that fails.
set -eu
has() { command -v "$1" >/dev/null 2>&1; }
has_chromium() { has chromium || has chromium-browser || has google-chrome; }
has_haven() { has Rscript && Rscript -e 'quit(status = !requireNamespace("haven", quietly = TRUE))' >/dev/null 2>&1; }
has_pspp() { has pspp; }
has_age() { has age; }
has_nginx() { has nginx || [ -x /usr/sbin/nginx ]; }
has_systemd() { has systemd-analyze; }

updated=
install() {
    [ "$(id -u)" = 0 ] && has apt-get || return 0
    echo "Installing $* …"
    export DEBIAN_FRONTEND=noninteractive
    [ -n "$updated" ] || { apt-get update -qq && updated=yes; } >/dev/null 2>&1 || return 0
    apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1 || return 0
}

has_chromium || install chromium fonts-dejavu-core
has_haven || install r-base-core r-cran-haven
has_pspp || install pspp
has_age || install age
has_nginx || install nginx
has_systemd || install systemd

missing=
has_chromium || "$1/playwright" install chromium || missing="$missing Chromium (chromium);"
has_haven || missing="$missing R with haven (r-base-core, r-cran-haven);"
has_pspp || missing="$missing PSPP (pspp);"
has_age || missing="$missing age (age);"
has_nginx || missing="$missing nginx;"
has_systemd || missing="$missing systemd-analyze (systemd);"
[ -z "$missing" ] && exit 0
echo "Not found:$missing tests that need it skip. Install it with your system's packages." >&2
[ "${CI:-}" != true ]
