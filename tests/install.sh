#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs a build folder somewhere, moves the result elsewhere, and checks that the program runs there and takes the files
# beside it, not those of the source tree.
set -eu
build=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
unset WEFT_DATA

cmake --install "$build" --prefix "$folder/first" >/dev/null
mv "$folder/first" "$folder/second"
weft=$folder/second/bin/weft

"$weft" --version
test -f "$folder/second/share/weft/hardware/eyeriss.yaml"
"$weft" hardware show eyeriss >/dev/null
rm "$folder/second/share/weft/hardware/eyeriss.yaml"
if "$weft" hardware show eyeriss >/dev/null 2>&1; then
  echo "the installed program takes its files from the source tree" >&2
  exit 1
fi
