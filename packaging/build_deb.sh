#!/usr/bin/env bash
# Builds the Debian packages into build/deb, for the Debian and the Python of this machine. The same commit gives the same bytes.
#   SUITE=trixie     for another Debian, inside a minimal root of it, into build/deb-trixie; needs root and mmdebstrap
set -euo pipefail
cd "$(dirname "$0")/.."
top=$PWD
here=$(. /etc/os-release && echo "$VERSION_CODENAME")
if [ "${SUITE:-$here}" != "$here" ]; then exec packaging/build_elsewhere.sh "$SUITE"; fi
python=/usr/bin/python3
out=$top/build/deb
work=$top/build/deb-work

say() { echo "deb: $*"; }
missing=()
command -v dh >/dev/null || missing+=(debhelper)
command -v dpkg-buildpackage >/dev/null || missing+=(dpkg-dev)
"$python" -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
command -v strip >/dev/null || missing+=(binutils)
command -v xz >/dev/null || missing+=(xz-utils)
if [ ${#missing[@]} -gt 0 ]; then
  [ "$(id -u)" = 0 ] || { echo "deb: missing: ${missing[*]}; install them and run again" >&2; exit 1; }
  say "installing ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y pyproject.toml)}
export SOURCE_DATE_EPOCH=$epoch
umask 022
export PIP_DISABLE_PIP_VERSION_CHECK=1

rm -rf "$work" "$out"
mkdir -p "$work/source" "$out"
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
  git ls-files -z | tar -c --null -T - | tar -x -C "$work/source"
else
  tar -c --exclude=./build --exclude=./.venv . | tar -x -C "$work/source"
fi
cd "$work/source"
cp -r packaging/debian debian
# Whose name is `perigee-satellite.NAME.service` is a second unit of that package.
date=$(date -u -R -d "@$epoch")
printf 'perigee (%s) unstable; urgency=medium\n\n  * The changes are in CHANGELOG.md of the source.\n\n -- The Perigee authors <perigee@perigee.example>  %s\n' \
  "$version" "$date" >debian/changelog

say "fetching the locked wheels"
"$python" -m venv build/tools
packaging/part_of_lock.sh requirements/dev.txt hatchling packaging pathspec pluggy trove-classifiers tomlkit >build/build.txt
build/tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r build/build.txt
build/tools/bin/pip download --quiet --disable-pip-version-check --require-hashes --only-binary :all: --no-deps -d wheels -r requirements/runtime.txt
build/tools/bin/pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -w wheels .

say "building"
dpkg-buildpackage -b -us -uc -d >"$out/build.log" 2>&1 || { tail -40 "$out/build.log"; exit 1; }
mv "$work"/*.deb "$out/"
cd "$out"
sha256sum ./*.deb >SHA256SUMS
rm -rf "$work"
ls -l ./*.deb
