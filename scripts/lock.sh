#!/bin/sh
# Resolves requirements.lock (to serve) and requirements-dev.lock (to test) from pyproject.toml.
#
# One lock for every platform we name: each pin carries the hashes of all its wheels, and nothing but wheels is
# considered. Then each platform is resolved alone and must come to the same pins, so that a library whose
# wheel is missing somewhere is found here, not by a newcomer. Needs uv (>= 0.9) on PATH, or UV=/path/to/uv.
set -eu
cd "$(dirname "$0")/.."
uv=${UV:-uv}
command -v "$uv" >/dev/null || { echo "lock: needs uv on PATH (pip install uv)." >&2; exit 1; }

compile() {
  "$uv" pip compile -q --only-binary :all: --no-annotate --no-header --extra postgres "$@" pyproject.toml
}

compile --python-version 3.11 --universal --generate-hashes --no-emit-index-url --upgrade --group build -o requirements.lock
compile --python-version 3.11 --universal --generate-hashes --no-emit-index-url --upgrade --group build --group dev \
  --constraint requirements.lock -o requirements-dev.lock

found=$(mktemp)
trap 'rm -f "$found"' EXIT
# Alpine (musl) is not among them: ahocorasick-rs has no wheel for it.
for platform in x86_64-manylinux_2_28 aarch64-manylinux_2_28 aarch64-apple-darwin x86_64-apple-darwin; do
  for version in 3.11 3.12 3.13 3.14; do
    compile --python-platform "$platform" --python-version "$version" --group build > "$found"
    while IFS= read -r pin; do
      grep -q "^$pin\( \|\$\)" requirements.lock || {
        echo "lock: $platform with Python $version would need $pin, which the lock does not name." >&2
        exit 1
      }
    done < "$found"
  done
  echo "$platform: $(grep -c '==' "$found") pins, all in the lock"
done
