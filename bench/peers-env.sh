#!/usr/bin/env bash
# Make a Python environment with the peers that the benches compare with, at exactly
# the versions of bench/program/requirements.txt:
#
#   bench/peers-env.sh [FOLDER]      .venv-bench in the repository if no FOLDER is given
#
# and use it with
#
#   go run ./bench/program -python FOLDER/bin/python
#
# It takes about 6 GB, since PyPI's PyTorch for Linux brings CUDA along. PYTHON names
# another interpreter, 3.11 or newer.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$repository/.venv-bench}

suits() { "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; }

interpreter=
for candidate in ${PYTHON:+"$PYTHON"} python3.12 python3.11 python3.13 python3 "$HOME"/.pyenv/versions/3.1[123].*/bin/python; do
	if suits "$candidate"; then
		interpreter=$candidate
		break
	elif [ "$candidate" = "${PYTHON:-}" ]; then
		echo "$PYTHON is not a Python from 3.11 to 3.13 with venv and pip" >&2
		exit 1
	fi
done
if [ -z "$interpreter" ]; then
	echo "no Python from 3.11 to 3.13 with venv and pip was found; name one in PYTHON" >&2
	exit 1
fi

"$interpreter" -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check -r "$repository/bench/program/requirements.txt"
"$folder/bin/python" - <<'EOF'
import clarabel, cvxpy, scs, sklearn, torch, scnn.optimize
from importlib.metadata import version
print(", ".join(f"{name} {version(name)}" for name in ("torch", "scikit-learn", "cvxpy", "clarabel", "scs", "pyscnn")))
EOF
