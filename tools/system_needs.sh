#!/usr/bin/env bash
# Sees to the server programs that the tests use; says what it installs, or what is missing.
# system_needs.sh [cluster]: with `cluster` also those of `make cluster-test`.
set -euo pipefail
[ -z "${PERIGEE_SKIP_SYSTEM_TESTS:-}" ] || { echo "tests that need a system server are left out"; exit 0; }
missing=()
command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
command -v chronyd >/dev/null || [ -x /usr/sbin/chronyd ] || missing+=(chrony)
command -v chromium >/dev/null || missing+=(chromium fonts-liberation)
[ -x /usr/sbin/nginx ] || missing+=(nginx-light)
command -v promtool >/dev/null || missing+=(promtool)
if [ "${1:-}" = cluster ]; then
  command -v patroni >/dev/null || missing+=(patroni)
  command -v etcd >/dev/null || missing+=(etcd-server)
fi
command -v sftp >/dev/null || missing+=(openssh-client)
[ -x /usr/sbin/sshd ] || [ -x /usr/local/sbin/sshd ] || missing+=(sshd)
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "tests: installing ${missing[*]}"
  apt-get update -qq
  mkdir -p /etc/postgresql-common
  # The tests make clusters of their own; a server that starts by itself is not wanted.
  [ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  # Of some packages only a program: the package would start a server.
  take() { # PACKAGE PROGRAM TARGET
    local folder
    folder=$(mktemp -d)
    chmod 755 "$folder"
    (cd "$folder" && apt-get download -qq "$1" >/dev/null 2>&1 &&
      dpkg-deb --fsys-tarfile "$1"_*.deb | tar -x "./$2" && install -D -m 755 "$2" "$3") ||
      echo "tests: $3 could not be installed; its tests are skipped"
    rm -r "$folder"
  }
  packages=()
  for name in "${missing[@]}"; do
    case $name in
      promtool) take prometheus usr/bin/promtool /usr/local/bin/promtool ;;
      sshd)
        take openssh-server usr/sbin/sshd /usr/local/sbin/sshd
        packages+=(libwrap0)
        ;;
      *) packages+=("$name") ;;
    esac
  done
  # No package starts a service: the tests start what they need themselves.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  [ ${#packages[@]} -eq 0 ] || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
  exit 0
fi
echo "tests: missing: ${missing[*]}; install them, or set PERIGEE_SKIP_SYSTEM_TESTS=1" >&2
exit 1
