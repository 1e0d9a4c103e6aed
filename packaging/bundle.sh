#!/usr/bin/env bash
# One file for a stick: the packages of build/deb, the Debian packages that they need, digests, signature, install.sh.
#   PERIGEE_RELEASE_KEY=FILE   private Ed25519 key in PEM form that signs it; UNSIGNED=1 leaves the signature out, for a trial
# It fits the Debian and the architecture of this machine. The same packages give the same bytes.
set -euo pipefail
cd "$(dirname "$0")/.."
top=$PWD
say() { echo "bundle: $*"; }
fail() { echo "bundle: $*" >&2; exit 1; }
key=${PERIGEE_RELEASE_KEY:-}
[ -n "$key" ] || [ -n "${UNSIGNED:-}" ] || fail "PERIGEE_RELEASE_KEY names no key; UNSIGNED=1 makes a bundle without a signature"
[ -z "$key" ] || [ -r "$key" ] || fail "the key $key cannot be read"
for tool in apt-get dpkg-scanpackages openssl; do command -v "$tool" >/dev/null || fail "$tool is missing: install apt, dpkg-dev, openssl"; done
compgen -G 'build/deb/*.deb' >/dev/null || packaging/build_deb.sh

version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y pyproject.toml)}
export SOURCE_DATE_EPOCH
name=perigee-$version-$(. /etc/os-release && echo "$VERSION_CODENAME")-$(dpkg --print-architecture)
folder=$top/build/bundle/$name
umask 022
rm -rf "$top/build/bundle"
mkdir -p "$folder/packages"
cp build/deb/*.deb "$folder/packages/"

say "fetching the Debian packages that they need"
# As on a machine that has nothing: whatever a small system lacks is there.
state=$top/build/bundle/state
mkdir -p "$state"
: >"$state/status"
options=(-o "Dir::State::status=$state/status" -o Debug::NoLocking=1 --no-install-recommends -y -qq)
# The client of OpenSSH is for copies of backups by SFTP; nothing else asks for it.
more=(openssh-client)
urls=$(apt-get "${options[@]}" --print-uris install "$folder"/packages/*.deb "${more[@]}" | sed -n "s/^'\(http[^']*\)' .*/\1/p")
[ -n "$urls" ] || fail "apt-get names no package; run apt-get update first"
mkdir -p "$folder/depends"
# By name, so that apt checks the signature of the archive and the digest of each.
names=$(apt-get "${options[@]}" -s install "$folder"/packages/*.deb "${more[@]}" | sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1=\2/p' | grep -v '^perigee-')
(cd "$folder/depends" && apt-get -qq -o APT::Sandbox::User=root download $names)
rm -rf "$state"

# What a machine compares with itself before an update; it is in the list of digests as every file.
printf '{"product": "perigee", "version": "%s", "debian": "%s", "architecture": "%s"}\n' \
  "$version" "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$(dpkg --print-architecture)" >"$folder/bundle.json"
cp packaging/install.sh "$folder/install.sh"
chmod 755 "$folder/install.sh"
(
  cd "$folder"
  dpkg-scanpackages --multiversion . /dev/null 2>/dev/null >Packages
  find . -type f ! -name 'SHA256SUMS*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum >SHA256SUMS
  if [ -n "$key" ]; then
    openssl pkeyutl -sign -rawin -inkey "$key" -in SHA256SUMS -out SHA256SUMS.sig
  fi
)
out=$top/build/bundle/$name.tar
tar -c --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -C "$top/build/bundle" -f "$out" "$name"
rm -r "$folder"
(cd "$top/build/bundle" && sha256sum "$name.tar" >"$name.tar.sha256")
say "$out ($(du -h "$out" | cut -f1))"
say "sum of its list of digests, for --sum: $(tar -xO -f "$out" "$name/SHA256SUMS" | sha256sum | cut -d' ' -f1)"
