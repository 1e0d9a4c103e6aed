#!/usr/bin/env bash
# OCI images of both servers in build/image, from the packages of build/deb; needs mmdebstrap and root, no daemon.
#   podman load -i build/image/perigee-satellite.tar    (or: skopeo copy oci-archive:… docker-daemon:…)
set -euo pipefail
cd "$(dirname "$0")/.."
here=$(. /etc/os-release && echo "$VERSION_CODENAME")
suite=${SUITE:-$here}
deb=build/deb
[ "$suite" = "$here" ] || deb=build/deb-$suite
command -v mmdebstrap >/dev/null || { echo "image: mmdebstrap is missing" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "image: run it as root: the files of the image belong to it" >&2; exit 1; }
compgen -G "$deb/*.deb" >/dev/null || SUITE=$suite packaging/build_deb.sh
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || stat -c %Y pyproject.toml)
export SOURCE_DATE_EPOCH
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
mkdir -p build/image
for server in satellite central; do
  echo "image: perigee-$server ($suite)"
  mmdebstrap --quiet --variant=minbase --include=python3,procps,ca-certificates,systemd-standalone-sysusers \
    --customize-hook='mkdir -p "$1/tmp/perigee"' \
    --customize-hook="copy-in $(ls "$deb"/perigee-common_*.deb) $deb/perigee-${server}_${version}_all.deb /tmp/perigee" \
    --customize-hook='chroot "$1" sh -c "dpkg -i /tmp/perigee/*.deb"' \
    --customize-hook='rm -rf "$1/tmp/perigee" "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*.bin "$1"/var/log/*.log "$1"/var/log/apt' \
    "$suite" "build/image/$server-root.tar"
  /usr/bin/python3 packaging/oci.py "build/image/$server-root.tar" "build/image/perigee-$server.tar" \
    --name "perigee-$server:$version" --user "perigee-$server" --volume "/var/lib/perigee-$server" \
    --port "$([ $server = satellite ] && echo 8444 || echo 8443)" -- "/usr/bin/$server" serve
  rm "build/image/$server-root.tar"
done
ls -l build/image/*.tar
