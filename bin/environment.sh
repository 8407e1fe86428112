# shellcheck shell=bash
# Sourced by the scripts in bin/. Makes the Python environment .venv from uv.lock, whose hashes are checked.
#
#   ensure_environment run    what the service and the journey need
#   ensure_environment dev    that, and what tests, checks and benchmarks need
#
# When nothing changed since the last time it only compares a digest, so a second start costs nothing.

environment_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
environment_venv=$environment_root/.venv
environment_tools=$environment_root/.tools
# without byte code every start would compile all libraries anew, which takes longer than the start itself
unset PYTHONDONTWRITEBYTECODE

ensure_environment() {
    local level=$1 digest
    digest=$(environment_digest)
    environment_is_ready "$level" "$digest" && return
    if ! mkdir -p "$environment_tools" 2>/dev/null || [[ ! -w $environment_tools || ! -w $environment_root ]]; then
        environment_refuse "cannot write to $environment_root" \
            "use a checkout that belongs to you: git clone it into your home folder"
    fi
    (
        # two scripts started at once must not build the same folder
        if command -v flock >/dev/null; then flock 9; fi
        environment_is_ready "$level" "$digest" || environment_make "$level" "$digest"
    ) 9>"$environment_tools/lock"
}

# What the environment depends on: the lock file, the project file and where the checkout lies.
environment_digest() {
    { cat "$environment_root/uv.lock" "$environment_root/pyproject.toml"; echo "$environment_root"; } | sha256sum | cut -d' ' -f1
}

environment_is_ready() {
    local level=$1 digest=$2 made_level='' made_digest=''
    [[ -x $environment_venv/bin/python && -f $environment_venv/made-from ]] || return 1
    read -r made_level made_digest <"$environment_venv/made-from" || return 1
    [[ $made_digest == "$digest" && ($made_level == "$level" || $made_level == dev) ]]
}

environment_make() {
    local level=$1 digest=$2 python uv groups=() made_level=''
    python=$(environment_python) || return 1
    uv=$(environment_uv "$python") || return 1
    # an environment for development stays one when the lock file changes
    if [[ -f $environment_venv/made-from ]]; then read -r made_level _ <"$environment_venv/made-from" || true; fi
    if [[ $level == dev || $made_level == dev ]]; then
        level=dev
        groups=(--all-groups)
    fi
    environment_leave_moved_one
    echo "Making the environment ($level) from uv.lock ..." >&2
    if ! (
        cd "$environment_root"
        unset VIRTUAL_ENV
        # networks with a certificate authority of their own install it in the system's list
        if [[ -r /etc/ssl/certs/ca-certificates.crt ]]; then export UV_SYSTEM_CERTS=true; fi
        UV_PROJECT_ENVIRONMENT=$environment_venv UV_PYTHON_DOWNLOADS=never \
            "$uv" sync --locked --compile-bytecode --python "$python" ${groups[@]+"${groups[@]}"} >&2
    ); then
        environment_refuse "the environment could not be made (see above)" \
            "check that this machine reaches its package index, then start again"
    fi
    echo "$level $digest" >"$environment_venv/made-from"
}

# An environment holds the path of its checkout; after a move it is made anew.
environment_leave_moved_one() {
    local script=$environment_venv/bin/yizheng
    if [[ -f $script ]] && ! grep -qF "$environment_venv/" "$script"; then rm -rf "$environment_venv"; fi
}

environment_python() {
    local name
    for name in python3.11 python3.12 python3.13 python3 python; do
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then
            "$name" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    environment_refuse "Python 3.11, 3.12 or 3.13 was not found" \
        "as root, apt-get update && apt-get install -y python3 python3-venv"
}

# The installer `uv`: one that is there already, or the version of bin/uv.txt in a private place.
environment_uv() {
    local python=$1 place=$environment_tools/uv uv
    for uv in "$place/bin/uv" uv; do
        if "$uv" --version >/dev/null 2>&1; then
            command -v "$uv"
            return
        fi
    done
    if "$python" -m pip --version >/dev/null 2>&1; then
        environment_fetch_uv "$python" "$place"
    elif "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        if "$python" -m venv "$environment_tools/pip" >&2; then
            environment_fetch_uv "$environment_tools/pip/bin/python" "$place"
        fi
    else
        environment_refuse "Python has neither pip nor venv" "as root, apt-get update && apt-get install -y python3-venv"
    fi
    "$place/bin/uv" --version >/dev/null 2>&1 ||
        environment_refuse "the installer uv could not be fetched (see above)" \
            "check that this machine reaches its package index, then start again"
    echo "$place/bin/uv"
}

environment_fetch_uv() {
    local python=$1 place=$2
    echo "Fetching the installer uv into .tools/ ..." >&2
    # --target leaves the system's Python alone, so Debian's "externally managed" mark does not apply
    "$python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --root-user-action=ignore \
        --target "$place" --upgrade --require-hashes -r "$environment_root/bin/uv.txt" >&2 || true
}

environment_refuse() {
    printf 'Cannot start: %s. Remedy: %s\n' "$1" "$2" >&2
    exit 1
}
