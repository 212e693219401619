#!/bin/sh
# Make two Debian images' content in the directory $1: base.tar (Python, what our images stand on) and build.tar (the same with
# pip, for the stages that are thrown away). Needs root and debootstrap.
#
# Packages are fetched with this machine's apt settings (proxy and the like); DEBIAN_MIRROR names another mirror than debootstrap's
# own. What this machine trusts (SSL_CERT_FILE) is trusted by build.tar only: no setting of this machine is in base.tar.
set -eu
root=$1/root

# shellcheck disable=SC2086  # an absent mirror is no argument
debootstrap --variant=minbase --include=ca-certificates,python3 bookworm "$root" ${DEBIAN_MIRROR:-}

mirror=$(awk '$1 == "deb" { print $2; exit }' "$root/etc/apt/sources.list")
cat > "$root/etc/apt/sources.list" <<EOF
deb ${mirror%/} bookworm main
deb ${mirror%/} bookworm-updates main
deb ${mirror%/}-security bookworm-security main
EOF
apt-config dump Acquire > "$root/acquire.conf"
in_root() { chroot "$root" env APT_CONFIG=/acquire.conf DEBIAN_FRONTEND=noninteractive "$@"; }

# pack NAME: without what no container reads; the copyright notices stay
pack() {
    find "$root/usr/share/doc" -type f ! -name copyright -delete
    tar --create --file "$1" --directory "$root" --numeric-owner --exclude='./acquire.conf' --exclude='./etc/hostname' \
        --exclude='./etc/resolv.conf' --exclude='./proc/*' --exclude='./sys/*' --exclude='./dev/*' --exclude='./usr/share/info/*' \
        --exclude='./usr/share/locale/*' --exclude='./usr/share/man/*' --exclude='./var/cache/apt/*' --exclude='./var/cache/debconf/*' \
        --exclude='./var/lib/apt/lists/*' --exclude='./var/log/*' .
}

in_root apt-get -q update
in_root apt-get -q -y dist-upgrade
pack "$1/base.tar"
in_root apt-get -q -y install --no-install-recommends python3-pip
cp "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$root/etc/ssl/certs/ca-certificates.crt"
pack "$1/build.tar"
