#!/usr/bin/env bash
# Sees to the server programs that the tests use; says what it installs, or what is missing.
set -euo pipefail
[ -z "${PERIGEE_SKIP_SYSTEM_TESTS:-}" ] || { echo "tests that need a system server are left out"; exit 0; }
missing=()
command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql)
command -v chronyd >/dev/null || [ -x /usr/sbin/chronyd ] || missing+=(chrony)
command -v chromium >/dev/null || missing+=(chromium fonts-liberation)
[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "tests: installing ${missing[*]}"
  apt-get update -qq
  mkdir -p /etc/postgresql-common
  # The tests make clusters of their own; a server that starts by itself is not wanted.
  [ -e /etc/postgresql-common/createcluster.conf ] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  exit 0
fi
echo "tests: missing: ${missing[*]}; install them, or set PERIGEE_SKIP_SYSTEM_TESTS=1" >&2
exit 1
