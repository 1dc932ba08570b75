#!/usr/bin/env bash
# CPU seconds (user + system) of the analysis kernels beside their peers: one run, one machine, the same
# Parquet files. The machine may be busy: wall time is not used.
#
# usage: ./dev bench insight [large = orders of the large summary, default 100000000]
#   OTKLIK_BENCH_DIR     folder for data, peers and results (default ~/.cache/otklik/bench-insight)
#   OTKLIK_BENCH_PYTHON  a Python with lifetimes, duckdb, polars, pandas, pyarrow; made in the folder if absent
#   OTKLIK_BENCH_PYMC    a Python with pymc-marketing; left out if absent
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
large=${1:-100000000}
folder=${OTKLIK_BENCH_DIR:-${OTKLIK_CACHE:-$HOME/.cache/otklik}/bench-insight}
mkdir -p "$folder"
python=${OTKLIK_BENCH_PYTHON:-$folder/venv/bin/python}
if ! [ -x "$python" ]; then
  python3 -m venv "$folder/venv"
  "$folder/venv/bin/pip" install -q lifetimes duckdb polars pandas pyarrow
fi
pymc=${OTKLIK_BENCH_PYMC:-$folder/pymc/bin/python}
cargo build --release --locked -q -p insight --example bench
bench=${CARGO_TARGET_DIR:-target}/release/examples/bench
results=$folder/results.jsonl
: > "$results"

size=10M
note() { sed "s/^{/{\"size\":\"$size\",/" | tee -a "$results"; }
peer() { "$python" "$here/peers.py" "$@" | note || echo "left out: $*" >&2; }
made() { [ -f "$folder/$1" ] || "$bench" "${@:2}" "$folder/$1"; }

made summary10m.parquet gen-summary 10000000
made exact10m.parquet gen-exact 10000000
made summary1m.parquet gen-summary 1000000
made orders10m.parquet gen-orders 1000000 10000000
made "orders$large.parquet" gen-orders $((large / 10)) "$large"

for task in fit fit-cells; do "$bench" $task "$folder/summary10m.parquet" | note; done
"$bench" fit-exact "$folder/exact10m.parquet" | note
for task in rfm-cohorts refresh summary; do "$bench" $task "$folder/orders10m.parquet" | note; done
for task in summary-duckdb summary-polars rfm-duckdb rfm-polars refresh; do
  peer $task "$folder/orders10m.parquet"
done
peer reference "$folder/summary10m.parquet"
peer reference-exact "$folder/exact10m.parquet"
peer fit-cells "$folder/summary10m.parquet"
size=1M
"$bench" score "$folder/summary1m.parquet" | note
peer score "$folder/summary1m.parquet"
size=$large
"$bench" summary "$folder/orders$large.parquet" | note
peer summary-duckdb "$folder/orders$large.parquet"
peer summary-polars "$folder/orders$large.parquet"
size=10M
[ -x "$pymc" ] && "$pymc" "$here/peers.py" fit-pymc "$folder/summary10m.parquet" | note
peer fit "$folder/summary10m.parquet"
peer fit-exact "$folder/exact10m.parquet"

"$python" "$here/peers.py" compare "$results" | tee "$folder/table.txt"
