#!/usr/bin/env bash
# quickstart.sh - from a fresh Debian machine to a trained network.
#
#   ./quickstart.sh                     installs what is missing, builds, trains, evaluates
#   ./quickstart.sh test                installs what is missing, builds, runs every test
#   ./quickstart.sh install PACKAGE...  installs what is missing, these Debian packages too
#   ./quickstart.sh --help              prints this
#
# May be run again and again, and from any folder.
#
# SPDX-License-Identifier: MIT
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"

packages=(gcc g++ libc6-dev cmake ninja-build pkg-config ocl-icd-opencl-dev opencl-headers
    libjansson-dev libyaml-dev zlib1g-dev libclblast-dev libclfft-dev check pocl-opencl-icd dataset-fashion-mnist)
data=/usr/share/datasets/fashion-mnist

say() {
    echo "quickstart: $*" >&2
}

usage() {
    sed -n '2,/^# May be/s/^# \{0,1\}//p' quickstart.sh
}

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

install_missing() {
    local missing=() root=() package
    if ! command -v dpkg-query >/dev/null; then
        say "this is no Debian; it needs what Debian calls $*"
        return
    fi
    for package in "$@"; do
        installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            say "run this as root, for there is no sudo: apt-get install ${missing[*]}"
            exit 1
        fi
        root=(sudo)
    fi
    say "installing ${missing[*]} and what they need; this may take some minutes"
    "${root[@]}" apt-get update -qq
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
}

# A build folder keeps its generator, so that one made by hand serves too.
build() {
    local generator=()
    [ -e build/CMakeCache.txt ] || generator=(-G Ninja)
    say "building in $PWD/build"
    cmake -S . -B build "${generator[@]}" -DCMAKE_BUILD_TYPE=Release \
        -DFILIGREE_TESTS=ON -DFILIGREE_BENCH=ON >&2
    cmake --build build --parallel "$@" >&2
}

# The rate falls once, after two of the three epochs.
train() {
    mkdir -p out
    say "training; the checkpoint goes to out/quickstart.safetensors, the log to out/quickstart.csv"
    build/filigree train --model sparsenet-10-16 --data "$data" --epochs 3 --rate-steps 2 \
        --checkpoint out/quickstart.safetensors --log out/quickstart.csv --force
    say "evaluating on the 10,000 test images"
    build/filigree eval --checkpoint out/quickstart.safetensors --data "$data"
}

case "${1-}" in
'')
    install_missing "${packages[@]}"
    build --target filigree
    train
    ;;
test)
    install_missing "${packages[@]}"
    build
    ctest --test-dir build --output-on-failure --parallel 2
    ;;
install)
    install_missing "${packages[@]}" "${@:2}"
    ;;
-h | --help)
    usage
    ;;
*)
    usage >&2
    exit 2
    ;;
esac
