#!/bin/sh
# CPU seconds of the analysis kernels beside their peers, one run, same Parquet.
# usage: run.sh BENCH_BINARY PYTHON FOLDER [orders of the large summary, default 100000000]
# PYTHON has lifetimes 0.11.3, duckdb, polars, pandas and pyarrow from PyPI.
set -eu
bench=$1 python=$2 folder=$3 large=${4:-100000000}
here=$(dirname "$0")
results=$folder/results.jsonl
mkdir -p "$folder"
: > "$results"

note() { # adds the size to a JSON line
  sed "s/^{/{\"size\":\"$1\",/" >> "$results"
}

[ -f "$folder/summary10m.parquet" ] || "$bench" gen-summary 10000000 "$folder/summary10m.parquet"
[ -f "$folder/summary1m.parquet" ] || "$bench" gen-summary 1000000 "$folder/summary1m.parquet"
[ -f "$folder/orders10m.parquet" ] || "$bench" gen-orders 1000000 10000000 "$folder/orders10m.parquet"
[ -f "$folder/orders_large.parquet" ] || "$bench" gen-orders $((large / 10)) "$large" "$folder/orders_large.parquet"

for task in fit fit-cells fit-exact; do "$bench" $task "$folder/summary10m.parquet" | note 10M; done
"$bench" score "$folder/summary1m.parquet" | note 1M
for task in summary rfm-cohorts refresh; do "$bench" $task "$folder/orders10m.parquet" | note 10M; done
"$bench" summary "$folder/orders_large.parquet" | note large

"$python" "$here/peers.py" fit-cells "$folder/summary10m.parquet" | note 10M
"$python" "$here/peers.py" score "$folder/summary1m.parquet" | note 1M
for task in summary-duckdb summary-polars rfm-duckdb rfm-polars refresh; do
  "$python" "$here/peers.py" $task "$folder/orders10m.parquet" | note 10M
done
"$python" "$here/peers.py" summary-duckdb "$folder/orders_large.parquet" | note large
"$python" "$here/peers.py" summary-polars "$folder/orders_large.parquet" | note large || echo "polars could not: out of memory?" >&2
"$python" "$here/peers.py" fit "$folder/summary10m.parquet" | tee "$folder/raw.json" | note 10M
# The raw fit is the measure of exact times too.
sed 's/"task": "fit"/"task": "fit-exact"/' "$folder/raw.json" | note 10M

"$python" "$here/peers.py" compare "$results"
