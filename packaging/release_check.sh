#!/usr/bin/env bash
# Everything that has to be true before a version leaves: names what is not, and ends with 1 then.
#   QUICK=1 leaves out what builds: two equal builds of the packages, the bundle
set -uo pipefail
cd "$(dirname "$0")/.."
bad=0
check() { if "${@:2}" >/tmp/perigee-release.$$ 2>&1; then echo "ok    $1"; else echo "FAIL  $1"; tail -5 /tmp/perigee-release.$$; bad=1; fi; rm -f /tmp/perigee-release.$$; }
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
same_version() { [ "$(sed -n 's/^__version__ = "\(.*\)"/\1/p' "$1")" = "$version" ]; }
clean() { [ -z "$(git status --porcelain)" ]; }
twice() {
  packaging/build_deb.sh && cp build/deb/SHA256SUMS build/first-sums || return
  packaging/build_deb.sh && diff build/first-sums build/deb/SHA256SUMS
}
bundled() { [ -n "${PERIGEE_RELEASE_KEY:-}" ] && packaging/bundle.sh; }

check "nothing is left to commit" clean
for program in central satellite; do check "$program says version $version" same_version "$program/__init__.py"; done
check "CHANGELOG has a section of $version" grep -q "^## $version" CHANGELOG.md
check "the bill of materials can be made" "${PYTHON:-python3}" -m tools.sbom
if [ -z "${QUICK:-}" ]; then
  check "two builds of the packages are equal" twice
  check "the bundle is made and signed (PERIGEE_RELEASE_KEY)" bundled
fi
exit $bad
