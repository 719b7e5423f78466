#!/usr/bin/env bash
# Every check of the project, in the order in which failing is cheapest.
# `tools/run_checks.sh lint` stops after the static ones.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
bin=$(dirname "$(command -v "$python")")

"$bin/ruff" check .
"$bin/ruff" format --check .
"$python" -m mypy
"$bin/lint-imports"
"$bin/nbstripout" --verify notebooks/*.ipynb
[ "${1:-}" = lint ] && exit 0
"$python" tools/audit.py

"$python" -m pytest -q -n 2 --dist loadfile --doctest-modules socaccess tests
"$python" -m pytest -q -n 2 --nbmake notebooks
