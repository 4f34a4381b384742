#!/usr/bin/env bash
# Installs what marking needs into a virtual environment beside this file, and tries it on the blank workbook.
# Gradescope runs it once, as root, when it builds the image; what it prints is shown to the instructor.
#
# AUTOGRADER_ROOT  stands for /autograder
# PYTHON           a Python to use, before those that are looked for
set -euo pipefail

root="${AUTOGRADER_ROOT:-/autograder}"
source="$root/source"
versions="$(cat "$source/pythons.txt")" # that will do, the best first

fail() {
    echo "sheetgen autograder, setup.sh: $1" >&2
    exit 1
}

will_do() { # a Python with venv and pip, of one of the versions
    local found
    found="$("$1" -c 'import ensurepip, venv, sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" || return 1
    grep -qxF "$found" <<<"$versions"
}

find_python() {
    local name
    for name in ${PYTHON:+"$PYTHON"} $(sed 's/^/python/' <<<"$versions") python3; do
        if command -v "$name" >/dev/null && will_do "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

install_python() {
    local version
    command -v apt-get >/dev/null || return 1
    apt-get update >&2 || return 1
    for version in $versions; do
        if DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
            "python$version" "python$version-venv" >&2; then
            return
        fi
    done
    return 1
}

python="$(find_python)" || {
    echo "sheetgen autograder: no Python of ${versions//$'\n'/, } here, apt-get is to install one" >&2
    install_python || true
    python="$(find_python)" || fail "it needs Python ${versions//$'\n'/ or }, and apt-get has none of them for this \
image; choose a newer base image (Ubuntu 22.04 or later) under Configure Autograder"
}
echo "sheetgen autograder: $("$python" --version), $python"

"$python" -m venv --clear "$source/venv" || fail "$python makes no virtual environment"
from=()
if [ -d "$source/wheels" ]; then
    from=(--no-index --find-links "$source/wheels")
fi
"$source/venv/bin/python" -m pip install --disable-pip-version-check --no-cache-dir --quiet \
    "${from[@]}" --requirement "$source/requirements.txt" ||
    fail "pip could not install requirements.txt, see above; without a network, make the zip with --wheels"

cd "$source"
SHEETGEN_CACHE="$source/cache" PYTHONPATH="$source" "$source/venv/bin/python" -m sheetgen.autograder --try ||
    fail "sheetgen could not mark the blank workbook, see above"
