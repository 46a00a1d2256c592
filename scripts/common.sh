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

# Which of the packages named are not installed.
not_installed() {
    for package; do
        case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) in
        installed) ;;
        *) echo "$package" ;;
        esac
    done
}

# Does this suite have all the packages named?
suite_has() {
    for package; do
        apt-cache show "$package" >/dev/null 2>&1 || return 1
    done
}

# The packages of the lists given that are not there, into $missing. A line that begins with
# "optional" is wanted where the suite has all of it.
find_missing() {
    missing=
    while read -r line; do
        # shellcheck disable=SC2086
        set -- ${line%%#*}
        case ${1:-} in
        optional)
            shift
            suite_has "$@" || continue
            ;;
        esac
        for package in $(not_installed "$@"); do
            missing="$missing $package"
        done
    done <<END
$(cat -- "$@")
END
}

# Installs the packages of the lists given that are not there yet. Says and
# does nothing when all are, so that it works offline.
install_missing() {
    find_missing "$@"
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null || die "needs Debian's apt-get, or these packages:$missing"
    can_be_root || say_what_to_type
    echo "Installing:$missing"
    log=$(mktemp)
    # Only with the suite's lists it is known what it has.
    # shellcheck disable=SC2086
    if ! { as_root apt-get update && find_missing "$@" &&
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
    mkdir -p "$build" 2>/dev/null && [ -w "$build" ] ||
        die "cannot write to $build; build in a folder of your own:
    DEEP_PROFILE_BUILD=\$HOME/deep-profile-build $0"
    [ -f "$build/build.ninja" ] || meson setup "$build" "$root"
    ninja -C "$build"
}

# What only tests need: Meson 1.7 and later leave it out of "all".
build_tests() {
    if ninja -C "$build" -t query meson-test-prereq >/dev/null 2>&1; then
        ninja -C "$build" meson-test-prereq
    fi
}
