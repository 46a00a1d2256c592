# Sourced by the scripts beside it: finds the tree, installs what is missing,
# configures and builds. Not to be run. Sets $root and $build.

set -eu
root=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
build=${DEEP_PROFILE_BUILD:-$root/build}

die() {
    echo "$(basename -- "$0"): $*" >&2
    exit 1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

can_be_root() {
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null
}

# What somebody else has to do.
say_what_to_type() {
    die "these packages are missing:$missing; as root, type:
    apt-get install --no-install-recommends$missing"
}

# Installs the packages of the lists given that are not there yet. Says and
# does nothing when all are, so that it works offline.
install_missing() {
    missing=
    for package in $(cat -- "$@" | sed 's/#.*//'); do
        case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) in
        installed) ;;
        *) missing="$missing $package" ;;
        esac
    done
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null || die "needs Debian's apt-get, or these packages:$missing"
    can_be_root || say_what_to_type
    echo "Installing:$missing"
    log=$(mktemp)
    # shellcheck disable=SC2086
    if ! { as_root apt-get update &&
        as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        [ "$(id -u)" -eq 0 ] || say_what_to_type
        die "apt-get failed"
    fi
    rm -f "$log"
}

build_all() {
    [ -f "$build/build.ninja" ] || meson setup "$build" "$root"
    ninja -C "$build"
}
