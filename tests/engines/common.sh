# What the scripts beside this file have in common: a made-up log in parts, its replay, and a comparison.
# They run from a clean checkout, as root on Debian or where their tools are, and use no network but loopback, except
# to install what is missing.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [[ -z ${HTTPMON:-} ]]; then
    (cd "$here/../.." && cargo build --quiet --release --locked)
    HTTPMON=$here/../../target/release/httpmon
fi
HTTPMON=$(realpath "$HTTPMON")
export HTTPMON
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# Ends where something cannot be installed: then nothing was found out.
left_out() {
    echo "$(basename "$0" .sh): left out, as $1 cannot be installed here"
    exit 77
}

install_package() {
    export DEBIAN_FRONTEND=noninteractive
    apt-get -qq update && apt-get -qq install -y --no-install-recommends "$1" >/dev/null || left_out "$1"
}

# The programs of Debian's packages: `need COMMAND PACKAGE`.
need() {
    command -v "$1" >/dev/null || install_package "$2"
}

# A Python with these packages of PyPI: `python`.
need_python() {
    need python3 python3
    python3 -c 'import ensurepip' 2>/dev/null || install_package python3-venv
    local venv=${ENGINES_VENV:-$work/venv}
    [[ -x $venv/bin/python ]] || python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "$@" || left_out "$*"
    PATH=$venv/bin:$PATH
}

# An hour with two bursts, by the second, as log.0 to log.7 and the whole: whole.log.
make_log() {
    "$HTTPMON" simulate --format nginx_timed --seed 7 --rates 8,14,6,25,7 --durations 20m,5m,20m,3m,12m >whole.log
    split --number=r/8 --numeric-suffixes --suffix-length=1 whole.log log.
}

# The rollups of the parts: log.0.rollup to log.7.rollup.
make_rollups() {
    local part
    for part in log.?; do
        "$HTTPMON" --replay --report rollup "$part" >"$part.rollup"
    done
}

# What one replay over the whole says, and whether a file is that: `same FILE`.
replay=(--replay --report json --interval 5m)
same() {
    [[ -f expected.json ]] || "$HTTPMON" "${replay[@]}" whole.log >expected.json
    cmp "$1" expected.json
}
