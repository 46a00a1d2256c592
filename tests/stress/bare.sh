# Sourced by compilers and packages: bare folders of Debian's releases. Needs root.

mirror=${DEEP_PROFILE_MIRROR:-http://deb.debian.org/debian}

[ "$(id -u)" -eq 0 ] || {
    echo "$(basename -- "$0"): needs root, for debootstrap and chroot" >&2
    exit 1
}

# make_bare SUITE FOLDER: nothing where it is made already.
make_bare() {
    [ ! -e "$2/made" ] || return 0
    command -v debootstrap >/dev/null || apt-get install -y --no-install-recommends debootstrap
    # Releases are made alike: debootstrap need not know the name of this one.
    scripts=/usr/share/debootstrap/scripts
    script=$scripts/$1
    [ -e "$script" ] || script=$scripts/sid
    mkdir -p "$2"
    debootstrap --variant=minbase "$1" "$2" "$mirror" "$script"
    # debootstrap leaves it mounted; in_bare has one that ends with what runs there.
    ! mountpoint -q "$2/proc" || umount "$2/proc"
    # A mirror may hold an older state than the calendar says.
    echo 'Acquire::Check-Valid-Until "false";' >"$2/etc/apt/apt.conf.d/valid-until"
    touch "$2/made"
}

# in_bare FOLDER COMMAND...: in name spaces of its own, so that its mounts and what it starts end
# with it.
in_bare() {
    unshare --mount --pid --fork --kill-child sh -eu -c '
        folder=$1
        shift
        mount -t proc proc "$folder/proc"
        mount --rbind /dev "$folder/dev"
        exec chroot "$folder" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "$@"
    ' sh "$@"
}
