#!/usr/bin/env bash
# Builds the Debian packages for another Debian than this machine's, inside a minimal root of it, into build/deb-SUITE.
#   packaging/build_elsewhere.sh trixie      (called by build_deb.sh; needs root and mmdebstrap)
set -euo pipefail
cd "$(dirname "$0")/.."
suite=$1
top=$PWD
say() { echo "deb: $*"; }
[ "$(id -u)" = 0 ] || { echo "deb: root is needed to build for $suite on another Debian" >&2; exit 1; }
command -v mmdebstrap >/dev/null || { echo "deb: mmdebstrap is missing" >&2; exit 1; }
mkdir -p build
base=$top/build/builder-$suite.tar root=$top/build/builder-$suite
if [ ! -s "$base" ]; then
  say "fetching a Debian that can build ($suite)"
  mmdebstrap --quiet --format=tar --variant=minbase \
    --include=debhelper,dpkg-dev,python3,python3-venv,binutils,xz-utils,ca-certificates "$suite" "$base.part"
  mv "$base.part" "$base"
fi
rm -rf "$root"
mkdir -p "$root"
tar -x -C "$root" -f "$base"
mkdir "$root/source"
git ls-files -z | tar -c --null -T - | tar -x -C "$root/source"
# It fetches the wheels by the names and the authorities of this machine.
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
mount --bind /proc "$root/proc"
trap 'umount "$root/proc" 2>/dev/null || true' EXIT
key=()
if [ -n "${PERIGEE_RELEASE_KEY:-}" ]; then
  cp "$PERIGEE_RELEASE_KEY" "$root/release.key"
  key=(PERIGEE_RELEASE_KEY=/release.key)
fi
chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 PIP_DEFAULT_TIMEOUT="${PIP_DEFAULT_TIMEOUT:-60}" \
  SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}" "${key[@]}" /source/packaging/build_deb.sh
umount "$root/proc"
rm -rf "$top/build/deb-$suite"
mv "$root/source/build/deb" "$top/build/deb-$suite"
rm -rf "$root"
say "build/deb-$suite"
