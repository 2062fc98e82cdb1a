#!/bin/sh
# Makes .venv and fills it from a lock: `sh scripts/setup.sh run` (to serve) or `dev` (to test as well).
#
# Called by `make run` and `make test`. The second call costs a few milliseconds: a stamp in .venv holds a
# checksum of the lock, of pyproject.toml and of this folder's name (a moved clone needs a new .venv, because
# the scripts in it carry its address). Wheels only, each with its hash: nothing is compiled, nothing is
# fetched that the lock does not name.
set -eu

profile=${1:-run}
case $profile in
  run) lock=requirements.lock ;;
  dev) lock=requirements-dev.lock ;;
  *) echo "setup: say 'run' or 'dev', not '$profile'." >&2; exit 2 ;;
esac
cd "$(dirname "$0")/.."

stamp_of() { { cat "$1" pyproject.toml; pwd -P; } | cksum; }
stamped() { [ "$(cat ".venv/.heard-$1" 2>/dev/null)" = "$(stamp_of "$2")" ]; }

# The dev lock holds the run lock's pins, so a folder set up for tests can serve too.
if [ -x .venv/bin/heard ]; then
  if stamped dev requirements-dev.lock; then exit 0; fi
  if [ "$profile" = run ] && stamped run requirements.lock; then exit 0; fi
fi

stop() { printf '\nHeard cannot be set up yet: %s\n' "$1" >&2; exit 1; }

install_line() { # $1 Debian and Ubuntu, $2 Fedora, $3 Homebrew
  if command -v apt-get >/dev/null; then echo "sudo apt-get install -y $1"
  elif command -v dnf >/dev/null; then echo "sudo dnf install -y $2"
  elif command -v brew >/dev/null; then echo "brew install $3"
  else echo "(install $1 the way your system does)"
  fi
}

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

python=
for candidate in ${PYTHON:-} python3 python3.13 python3.12 python3.11 python3.14 python; do
  if new_enough "$candidate"; then python=$candidate; break; fi
done

began=$(date +%s)
uv=
if command -v uv >/dev/null && uv --version >/dev/null 2>&1; then uv=uv; fi

# A .venv whose Python no longer runs, is too old, or was made for another folder, is made again.
if [ -d .venv ]; then
  here=$(.venv/bin/python -c 'import sys; print(sys.prefix)' 2>/dev/null || true)
  if [ "$here" != "$(pwd -P)/.venv" ] && [ "$here" != "$(pwd)/.venv" ] || ! new_enough .venv/bin/python; then
    echo "The .venv here belongs to another folder or Python: making it again."
    rm -rf .venv
  fi
fi

if [ ! -d .venv ]; then
  if [ -n "$uv" ]; then
    uv venv -q --python "${python:-3.11}" .venv || stop "uv could not make .venv (its words stand above)."
  elif [ -z "$python" ]; then
    stop "it needs Python 3.11 or newer. Type:
    $(install_line "python3 python3-venv" python3 python@3.13)"
  elif ! said=$("$python" -m venv .venv 2>&1); then
    rm -rf .venv
    case $said in
      *ensurepip*) stop "this Python came without venv. Type:
    $(install_line "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')" python3-pip python@3.13)" ;;
      *) stop "Python could not make .venv: $said" ;;
    esac
  fi
fi

echo "Setting up ($profile): $(grep -c '==' "$lock") libraries into .venv, once. A minute or so on a fair connection."
if [ -n "$uv" ]; then
  uv pip install -q --python .venv/bin/python --require-hashes --only-binary :all: -r "$lock" ||
    stop "uv could not install the libraries (its words stand above). Check the connection, then type the same again."
  uv pip install -q --python .venv/bin/python --offline --no-deps --no-build-isolation -e . ||
    stop "Heard itself could not be put into .venv (uv's words stand above)."
else
  quiet="-qq --disable-pip-version-check --no-input"
  if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    .venv/bin/python -m ensurepip -U >/dev/null 2>&1 || stop "the .venv here has no pip. Type:
    rm -r .venv && $(install_line python3-venv python3-pip python@3.13)"
  fi
  # shellcheck disable=SC2086  # the words of $quiet are meant to be split
  .venv/bin/python -m pip install $quiet --require-hashes --only-binary :all: -r "$lock" ||
    stop "pip could not install the libraries (its words stand above). Check the connection, then type the same again."
  # shellcheck disable=SC2086
  .venv/bin/python -m pip install $quiet --no-index --no-deps --no-build-isolation -e . ||
    stop "Heard itself could not be put into .venv (pip's words stand above)."
fi

stamp_of "$lock" > ".venv/.heard-$profile"
echo "Set up in $(($(date +%s) - began)) s."
