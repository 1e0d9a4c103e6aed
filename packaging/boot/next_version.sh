#!/usr/bin/env bash
# Makes a next version of built packages for the trial: the same programs, which say a higher version, as a signed update file.
#   next_version.sh DEB-FOLDER VERSION KEY OUT.tar [broken]      broken: the satellite of that version does not start
set -euo pipefail
from=$1 version=$2 key=$3 out=$4 broken=${5:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
name=perigee-$version-$(. /etc/os-release && echo "${SUITE:-$VERSION_CODENAME}")-$(dpkg --print-architecture)
mkdir -p "$work/$name/packages" "$work/$name/depends"
for deb in "$from"/*.deb; do
  tree=$work/tree
  dpkg-deb -R "$deb" "$tree"
  old=$(dpkg-deb -f "$deb" Version)
  sed -i "s/^Version: .*/Version: $version/; s/(>= $old)/(>= $version)/g; s/(<< $old\.1~)/(<< $version.1~)/g" "$tree/DEBIAN/control"
  for program in satellite central; do
    for site in "$tree"/usr/lib/perigee/lib/python3*/site-packages/$program; do
      [ -d "$site" ] || continue
      sed -i "s/^__version__ = .*/__version__ = \"$version\"/" "$site/__init__.py"
      # The compiled files are not compared with their sources: those of this version are left out.
      rm -f "$site"/__pycache__/__init__.*.pyc
    done
  done
  if [ -n "$broken" ] && [ -d "$tree/usr/bin" ] && [ -e "$tree/usr/bin/satellite" ]; then
    printf '#!/bin/sh\n[ "$2" != upgrade ] || exec /usr/lib/perigee/bin/satellite --home /var/lib/perigee-satellite "$@"\nexit 1\n' >"$tree/usr/bin/satellite"
  fi
  rm -f "$tree/DEBIAN/md5sums"
  dpkg-deb --root-owner-group -Znone --build "$tree" "$work/$name/packages/$(dpkg-deb -f "$deb" Package)_${version}_$(dpkg-deb -f "$deb" Architecture).deb" >/dev/null
  rm -rf "$tree"
done
cd "$work/$name"
printf '{"product": "perigee", "version": "%s", "debian": "%s", "architecture": "%s"}\n' \
  "$version" "$(. /etc/os-release && echo "${SUITE:-$VERSION_CODENAME}")" "$(dpkg --print-architecture)" >bundle.json
dpkg-scanpackages --multiversion . /dev/null 2>/dev/null >Packages
find . -type f ! -name 'SHA256SUMS*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum >SHA256SUMS
openssl pkeyutl -sign -rawin -inkey "$key" -in SHA256SUMS -out SHA256SUMS.sig
cd "$work"
tar -c --sort=name --owner=0 --group=0 --numeric-owner -f "$out" "$name"
