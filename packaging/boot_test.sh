#!/usr/bin/env bash
# Installs the packages into a fresh minimal Debian, boots it without a network, and takes it to a licensed device.
# Writes build/boot/report.json. Needs root, mmdebstrap and systemd-nspawn; PERIGEE_SKIP_BOOT_TEST=1 leaves it out.
set -euo pipefail
cd "$(dirname "$0")/.."
here=$(. /etc/os-release && echo "$VERSION_CODENAME")
suite=${SUITE:-$here}
deb=build/deb
[ "$suite" = "$here" ] || deb=build/deb-$suite
out=$PWD/build/boot
root=$out/root
say() { echo "boot-test: $*"; }

if [ -n "${PERIGEE_SKIP_BOOT_TEST:-}" ]; then say "left out on request"; exit 0; fi
[ "$(id -u)" = 0 ] || { echo "boot-test: root is needed to boot a container; PERIGEE_SKIP_BOOT_TEST=1 leaves it out" >&2; exit 1; }
missing=()
command -v mmdebstrap >/dev/null || missing+=(mmdebstrap)
command -v systemd-nspawn >/dev/null || missing+=(systemd-container)
if [ ${#missing[@]} -gt 0 ]; then
  say "installing ${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
compgen -G "$deb/*.deb" >/dev/null || SUITE=$suite packaging/build_deb.sh

mkdir -p "$out"
base=$out/base-$suite.tar
if [ ! -s "$base" ]; then
  say "fetching a minimal Debian ($suite)"
  mmdebstrap --quiet --format=tar --variant=minbase --include=systemd,systemd-sysv,python3,procps,ca-certificates "$suite" "$base.part"
  mv "$base.part" "$base"
fi
say "installing the packages into it"
rm -rf "$root"
mkdir -p "$root"
tar -x -C "$root" -f "$base"
mkdir -p "$root/root/packages"
cp "$deb"/*.deb "$root/root/packages/"
cp packaging/boot/trial.py "$root/root/"
# Two later versions, as the vendor signs them: one that serves and one that does not.
openssl genpkey -algorithm ed25519 -out "$out/release.key" 2>/dev/null
openssl pkey -in "$out/release.key" -pubout -out "$out/release.pem"
version=$(dpkg-deb -f "$(ls "$deb"/perigee-common_*.deb)" Version)
SUITE=$suite packaging/boot/next_version.sh "$deb" "$version.1" "$out/release.key" "$root/root/good.tar"
SUITE=$suite packaging/boot/next_version.sh "$deb" "$version.2" "$out/release.key" "$root/root/broken.tar" broken
# No service starts while the root is only a folder.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
mount --bind /proc "$root/proc"
trap 'umount "$root/proc" 2>/dev/null || true' EXIT
chroot "$root" sh -c 'dpkg -i /root/packages/*.deb' >"$out/install.log" 2>&1 || { tail -20 "$out/install.log"; exit 1; }
umount "$root/proc"
rm "$root/usr/sbin/policy-rc.d"
install -m 644 "$out/release.pem" "$root/etc/perigee/release.pem"
cat >"$root/etc/systemd/system/trial.service" <<'UNIT'
[Unit]
After=multi-user.target
[Service]
Type=oneshot
TimeoutStartSec=35min
ExecStart=/usr/bin/python3 /root/trial.py
ExecStopPost=/usr/bin/systemctl --no-block poweroff
StandardOutput=append:/root/trial.log
StandardError=append:/root/trial.log
UNIT
mkdir -p "$root/etc/systemd/system/perigee-satellite.service.d"
# The trial waits for the watchdog; two minutes would be long.
printf '[Service]\nWatchdogSec=20\n' >"$root/etc/systemd/system/perigee-satellite.service.d/trial.conf"
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -sf ../trial.service "$root/etc/systemd/system/multi-user.target.wants/trial.service"

for boot in 1 2; do
  [ "$boot" = 1 ] || [ -e "$root/root/trial.state" ] || break
  say "boot $boot, without a network"
  timeout 2400 systemd-nspawn -q -b -D "$root" --register=no --keep-unit --private-network >"$out/console-$boot.log" 2>&1 || true
done
python3 - "$root/root/trial.jsonl" "$out/report.json" <<'REPORT'
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
good = all(line["ok"] for line in lines) and [line["step"] for line in lines][-1] == "doctors"
json.dump({"ok": good, "steps": lines}, open(sys.argv[2], "w"), indent=1)
for line in lines:
    print(f"  {'ok  ' if line['ok'] else 'FAIL'} {line['step']} ({line['seconds']} s) {line['fault'] or ''}")
sys.exit(not good)
REPORT
say "report: build/boot/report.json"
