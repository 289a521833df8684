#!/bin/sh
# SPDX-FileCopyrightText: 2026 The QJanitor Authors
# SPDX-License-Identifier: MIT

# Installs what is missing of the Debian packages that are named:  install-packages.sh PACKAGE...
# Does nothing, and needs no rights, if all are there. With no name: what it takes to build QJanitor,
# its tests and its examples.

set -eu

if [ $# -eq 0 ]; then
    set -- g++ cmake ninja-build qt6-base-dev qcoro-qt6-dev
    # The component Qml, its example, and what its tests need: a display without a display.
    set -- "$@" qt6-declarative-dev qt6-declarative-dev-tools qml6-module-qtqml \
        qml6-module-qtqml-models qml6-module-qtqml-workerscript qml6-module-qtquick \
        qml6-module-qtquick-controls qml6-module-qtquick-dialogs qml6-module-qtquick-layouts \
        qml6-module-qtquick-templates qml6-module-qtquick-window qml6-module-qttest \
        qml6-module-qt-labs-folderlistmodel xvfb libxcb1-dev fonts-dejavu-core
fi

is_installed() {
    [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

say() {
    printf 'install-packages: %s\n' "$*" >&2
}

if ! command -v dpkg-query >/dev/null; then
    say "this is no Debian; going on with what is there. Needed is what corresponds to: $*"
    exit 0
fi
missing=
for package in "$@"; do
    is_installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=
elif command -v sudo >/dev/null; then
    as_root=sudo
else
    say "not root, and there is no sudo. Please have this run: apt-get install$missing"
    exit 1
fi

say "installing$missing"
$as_root apt-get update
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
