#!/bin/sh
# Installs the Debian packages whose programs the tests run, and with `bench` those that are measured as well, with
# `release` what runs the binary of the other architecture.
# Idempotent, and quiet where nothing is missing.
# Starts no service: of Apache only the server program is taken, and policy-rc.d denies the rest.
# Where it cannot install, it says so and goes on: the tests that miss a program say what they skip.
set -u
PATH="$PATH:/usr/sbin:/sbin"

missing=
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need apache2 apache2-bin
need chattr e2fsprogs
need chromium chromium
need curl curl
need lighttpd "lighttpd lighttpd-mod-webdav"
need ip iproute2
need jq jq
need logrotate logrotate
need mandoc mandoc
need mkfs.ext4 e2fsprogs
need mkfs.xfs xfsprogs
need nginx nginx-light
need openssl openssl
need promtool prometheus
need rsync rsync
need shellcheck shellcheck
need slowhttptest slowhttptest
need sslscan sslscan
need strace strace
need systemd-nspawn systemd-container
need unshare util-linux
need zstd zstd
need zsh zsh
if [ "${1-}" = bench ]; then
  need rsyslogd rsyslog
  need socat socat
  [ -e /usr/share/doc/rsyslog-relp ] || missing="$missing rsyslog-relp"
fi
if [ "${1-}" = release ]; then
  need qemu-aarch64-static qemu-user-static
  [ -e /usr/aarch64-linux-gnu/lib/libstdc++.so.6 ] || missing="$missing libc6-arm64-cross libstdc++6-arm64-cross"
fi
[ -n "$missing" ] || exit 0

skip() {
  echo "needs:$missing: skipped: $1"
  exit 0
}
[ "$(id -u)" = 0 ] || skip "not root"
command -v apt-get >/dev/null 2>&1 || skip "no apt-get"

log=$(mktemp)
policy=/usr/sbin/policy-rc.d
if [ -e "$policy" ]; then policy=; else
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
trap 'rm -f "$log" ${policy:+"$policy"}' EXIT
trap 'exit 1' HUP INT TERM

install() {
  # shellcheck disable=SC2086 # a list of words
  DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >>"$log" 2>&1 </dev/null
}
if install || { apt-get update -qq >>"$log" 2>&1 && install; }; then
  echo "needs:$missing: installed"
else
  tail -n 5 "$log" >&2
  skip "apt-get failed"
fi
