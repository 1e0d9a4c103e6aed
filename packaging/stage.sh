#!/usr/bin/env bash
# Puts everything into the package folders below DEBIAN: environments from the wheelhouse, commands, pages. No network.
#   packaging/stage.sh DEBIAN      (called by debian/rules in a copy of the source with `wheels/`)
set -euo pipefail
debian=$1
python=/usr/bin/python3
export PIP_NO_INDEX=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
unset PIP_FIND_LINKS

# environment PACKAGE FOLDER REQUIREMENTS WHEEL: the locked libraries and the project itself, ready for its final place
environment() {
  local root=$debian/$1 at=$2 venv=$debian/$1$2
  mkdir -p "$(dirname "$venv")"
  "$python" -m venv --without-pip "$venv"
  build/tools/bin/pip --python "$venv/bin/python" install --quiet --no-compile --require-hashes --only-binary :all: --find-links wheels -r "$3"
  build/tools/bin/pip --python "$venv/bin/python" install --quiet --no-compile --no-deps --find-links wheels "$4"
  rm -f "$venv"/bin/activate* "$venv"/bin/Activate.ps1
  find "$venv/bin" -type f ! -name 'central' ! -name 'satellite' ! -name 'agent' ! -name 'exchange' -delete
  # What names the folder of the build names the place on the machine instead.
  sed -i "1s|^#!.*|#!$at/bin/python|" "$venv"/bin/{central,satellite,agent,exchange}
  sed -i "s|^command = .*|command = $python -m venv $at|" "$venv/pyvenv.cfg"
  find "$venv" -name direct_url.json -o -name REQUESTED -o -name RECORD -o -name INSTALLER | xargs -r rm
  find "$venv" -depth -type d -name tests -path '*/site-packages/*' -exec rm -r {} +
  # Dates and numbers of the languages that the pages have; the others are a third of everything.
  find "$venv" -path '*/babel/locale-data/*.dat' ! -name 'root.dat' ! -name 'en*.dat' ! -name 'de*.dat' -delete
  # Tables of symbols are for whoever builds the library. What its maker has repaired already (`*.libs`) stays as it is.
  find "$venv" -name '*.so' -not -path '*.libs/*' -print0 | while IFS= read -r -d '' library; do
    if readelf -S "$library" | grep '\.symtab' >/dev/null; then strip --strip-unneeded "$library"; fi
  done
  # The compiler's files are equal in two builds: they name the final path and are checked by content, not by time.
  "$python" -m compileall -q --invalidation-mode unchecked-hash -s "$root" -p / "$venv"/lib
}

# What the agent stands on is a part of the same lock.
packaging/part_of_lock.sh requirements/runtime.txt cryptography cffi pycparser >build/agent.txt

environment perigee-common /usr/lib/perigee requirements/runtime.txt perigee
environment perigee-agent /usr/lib/perigee-agent build/agent.txt perigee
rm -r "$debian"/perigee-agent/usr/lib/perigee-agent/lib/python3*/site-packages/{central,satellite,serverkit}
rm "$debian"/perigee-agent/usr/lib/perigee-agent/bin/{central,satellite}
# The agent's `exchange` is that of the common package where both are installed.
rm "$debian"/perigee-agent/usr/lib/perigee-agent/bin/exchange

# command PACKAGE NAME FOLDER: the program in the search path
command_link() {
  mkdir -p "$debian/$1/usr/bin"
  ln -s "../lib/${3#/usr/lib/}/bin/$2" "$debian/$1/usr/bin/$2"
}
command_link perigee-common exchange /usr/lib/perigee
command_link perigee-agent agent /usr/lib/perigee-agent

for server in satellite central; do
  package=perigee-$server
  install -D -m 755 packaging/"$server".sh "$debian/$package/usr/bin/$server"
  install -D -m 644 packaging/etc/"$server".toml "$debian/$package/etc/perigee/$server.toml"
done

mkdir -p "$debian"/perigee-common/usr/share/perigee
cp -r packaging/monitoring packaging/nginx "$debian"/perigee-common/usr/share/perigee/
# The vendor's public key, by which the machine believes later updates.
if [ -n "${PERIGEE_RELEASE_KEY:-}" ]; then
  openssl pkey -in "$PERIGEE_RELEASE_KEY" -pubout -out "$debian"/perigee-common/usr/share/perigee/release.pem
fi

tool() { "$debian/perigee-common/usr/lib/perigee/bin/python" -P "$@"; }
mkdir -p "$debian"/perigee-common/usr/share/doc/perigee-common
cp -r docs/admin docs/format "$debian"/perigee-common/usr/share/doc/perigee-common/
PYTHONPATH=. tool -m tools.man "$debian"
tool tools/third_party.py "$debian"/perigee-common/usr/lib/perigee >"$debian"/perigee-common/usr/share/doc/perigee-common/THIRD-PARTY.txt
PYTHONPATH=. tool -m tools.sbom >"$debian"/perigee-common/usr/share/doc/perigee-common/sbom.json
mkdir -p "$debian"/perigee-agent/usr/share/doc/perigee-agent
tool tools/third_party.py "$debian"/perigee-agent/usr/lib/perigee-agent >"$debian"/perigee-agent/usr/share/doc/perigee-agent/THIRD-PARTY.txt
