#!/usr/bin/env bash
# Our engine and Splink 5 (PyPI) side by side: a generated base of a known truth and the FEBRL sets 1–4. CPU seconds are user + system
# time of each process, so a busy machine changes them little; ratios are of one run on one machine.
# usage: run.sh [--orders 100000] [--seed 7] [--no-peer] [--insert]
# 1,000,000 orders take the peer some minutes and 6 GB; above that only our engine runs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
orders=100000 seed=7 peer=1 insert=0
while [ $# -gt 0 ]; do
  case "$1" in
    --orders) orders=$2; shift 2 ;;
    --seed) seed=$2; shift 2 ;;
    --no-peer) peer=0; shift ;;
    --insert) insert=1; shift ;;
    *) echo "usage: ./dev bench identity [--orders N] [--seed N] [--no-peer] [--insert]" >&2; exit 2 ;;
  esac
done
[ "$orders" -le 1000000 ] || peer=0
cache=${XDG_CACHE_HOME:-$HOME/.cache}/otklik
python=$cache/venv-identity/bin/python
if [ ! -x "$python" ]; then python3 -m venv "$cache/venv-identity"; fi
"$python" -c 'import splink, recordlinkage' 2>/dev/null ||
  "$python" -m pip install -q 'splink>=5,<6' 'recordlinkage>=0.16' 'pandas<3'
cargo build --release --locked -q -p identity --example evaluate --example generate
target=${CARGO_TARGET_DIR:-target}/release/examples
data=$cache/bench-identity
base=$data/orders-$orders-$seed
mkdir -p "$base"
results=$base/results.jsonl
: > "$results"
[ -f "$base/truth.csv" ] || "$target/generate" "$base" --orders "$orders" --seed "$seed"

"$target/evaluate" "$base/orders.csv" "$base/truth.csv" | tee "$base/ours.txt"
"$target/evaluate" "$base/orders.csv" "$base/truth.csv" --json orders >> "$results"
[ "$peer" = 0 ] || "$python" bench/identity/peer_splink.py orders "$base/orders.csv" "$base/truth.csv" crates/identity/data/given_names.tsv >> "$results"
for n in 1 2 3 4; do
  [ -f "$data/febrl${n}_truth.csv" ] || "$python" bench/identity/peer_splink.py export "$n" "$data"
  "$target/evaluate" "$data/febrl$n.csv" "$data/febrl${n}_truth.csv" --json "febrl$n" >> "$results"
  [ "$peer" = 0 ] || "$python" bench/identity/peer_splink.py febrl "$n" >> "$results"
done
[ "$insert" = 0 ] || "$target/evaluate" "$base/orders.csv" "$base/truth.csv" --insert 10000
"$python" bench/identity/peer_splink.py compare "$results"
