#!/bin/sh
# Installs Perigee from this folder, without a network; nothing is installed before everything was verified.
#   install.sh --key FILE [satellite|central|agent]...   FILE: the vendor's public key, which came another way than this folder
#   install.sh --sum HEX [satellite|central|agent]...    HEX: SHA-256 of SHA256SUMS, as the vendor told it another way
#   sftp among the names adds the client of OpenSSH, which copies backups by SFTP.
#   --verify verifies only. Without a name, the satellite is installed.
set -eu
cd "$(dirname "$0")"
say() { echo "install: $*"; }
fail() { echo "install: $*" >&2; exit 1; }
key='' sum='' only='' names=''
while [ $# -gt 0 ]; do
  case $1 in
    --key) [ $# -gt 1 ] || fail "--key needs a file"; key=$2; shift ;;
    --sum) [ $# -gt 1 ] || fail "--sum needs a digest"; sum=$2; shift ;;
    --verify) only=yes ;;
    satellite | central | agent) names="$names perigee-$1" ;;
    sftp) names="$names openssh-client" ;;
    *) fail "unknown: $1 (see the first lines of this file)" ;;
  esac
  shift
done
[ -n "$key" ] || [ -n "$sum" ] || fail "name the vendor's public key with --key, or the digest that the vendor told with --sum"
[ -f SHA256SUMS ] || fail "SHA256SUMS is missing: this folder is not complete"

if [ -n "$sum" ]; then
  found=$(sha256sum SHA256SUMS | cut -d' ' -f1)
  [ "$found" = "$(printf %s "$sum" | tr 'A-F' 'a-f')" ] || fail "SHA256SUMS has another digest than the one you gave: the bundle was changed, or is another one"
fi
if [ -n "$key" ]; then
  command -v openssl >/dev/null || fail "openssl is missing here, and --key needs it; use --sum"
  [ -f SHA256SUMS.sig ] || fail "the bundle has no signature; use --sum"
  openssl pkeyutl -verify -rawin -pubin -inkey "$key" -in SHA256SUMS -sigfile SHA256SUMS.sig >/dev/null 2>&1 ||
    fail "the signature is not one of this key: the bundle was changed, or is another vendor's"
fi
sha256sum --quiet --strict -c SHA256SUMS >/dev/null 2>&1 || {
  sha256sum --quiet -c SHA256SUMS 2>&1 | head -5 >&2
  fail "a file was changed or is missing; nothing was installed"
}
# A file that no digest covers would be taken as unnoticed as one that was changed.
find . -type f ! -name 'SHA256SUMS*' | LC_ALL=C sort >"${TMPDIR:-/tmp}/perigee-found.$$"
cut -c67- SHA256SUMS | LC_ALL=C sort >"${TMPDIR:-/tmp}/perigee-listed.$$"
extra=$(comm -23 "${TMPDIR:-/tmp}/perigee-found.$$" "${TMPDIR:-/tmp}/perigee-listed.$$" | head -3)
rm -f "${TMPDIR:-/tmp}/perigee-found.$$" "${TMPDIR:-/tmp}/perigee-listed.$$"
[ -z "$extra" ] || fail "not in SHA256SUMS: $extra; nothing was installed"
say "verified: $(wc -l <SHA256SUMS) files"
[ -z "$only" ] || exit 0

[ "$(id -u)" = 0 ] || fail "run it as root"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial"
# The folder is the only source, and was verified above.
echo "deb [trusted=yes] file:$PWD ./" >"$work/bundle.list"
with() {
  DEBIAN_FRONTEND=noninteractive apt-get -qq -o "Dir::Etc::SourceList=$work/bundle.list" -o Dir::Etc::SourceParts=/dev/null \
    -o "Dir::State::Lists=$work/lists" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root "$@"
}
with update
with install -y --no-install-recommends --no-remove ${names:-perigee-satellite}
say "installed:${names:- perigee-satellite}. Go on as docs/admin/installation.md says (/usr/share/doc/perigee-common)."
