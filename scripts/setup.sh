#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs what building Weft needs on Debian 12; with --tests also what `make test` needs (tools, and a Python environment
# in .venv). Safe to run again; says and does nothing when everything is there.
set -eu
cd "$(dirname "$0")/.."

build_packages="g++ cmake ninja-build ccache libfmt-dev libyaml-cpp-dev nlohmann-json3-dev libcli11-dev
  protobuf-compiler libprotobuf-dev libonnx-dev libjpeg-dev libpng-dev zlib1g-dev catch2 libbenchmark-dev"
test_packages="clang clang-tidy clang-format libclang-rt-14-dev git python3 python3-venv"

fail() {
  printf 'setup: %s\n' "$1" >&2
  exit 1
}

# The packages of the arguments that are not installed.
missing_packages() {
  for package in "$@"; do
    dpkg-query -W -f='${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' || printf '%s ' "$package"
  done
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "packages are missing, and this is neither root nor has it sudo. As root run: apt-get install $missing"
  fi
}

install_packages() {
  command -v dpkg-query >/dev/null || fail "this is not Debian; install by hand what stands for: $*"
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  printf 'setup: installing %s\n' "$missing" >&2
  log=$(mktemp)
  # shellcheck disable=SC2086
  if ! { as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
    --no-install-recommends -o DPkg::Lock::Timeout=120 $missing; } >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    rm -f "$log"
    fail "apt-get could not install the packages (see above)"
  fi
  rm -f "$log"
}

# The environment is complete when its stamp is a copy of the requirements.
make_environment() {
  requirements=tests/requirements.txt
  cmp -s "$requirements" .venv/weft-requirements.txt && return 0
  printf 'setup: making the Python environment .venv\n' >&2
  for python in /usr/bin/python3 python3; do
    rm -rf .venv
    if "$python" -m venv .venv >/dev/null 2>&1 &&
      .venv/bin/python -m pip install -q --disable-pip-version-check -r "$requirements" >&2; then
      cp "$requirements" .venv/weft-requirements.txt
      return 0
    fi
  done
  rm -rf .venv
  fail "could not make .venv with $(tr '\n' ' ' <"$requirements"); is the Python package index reachable?"
}

case "${1-}" in
  "") install_packages $build_packages ;;
  --tests)
    install_packages $build_packages $test_packages
    make_environment
    ;;
  *) fail "usage: scripts/setup.sh [--tests]" ;;
esac
