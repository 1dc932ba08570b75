"""CPU seconds of the peers on the same Parquet files: lifetimes, duckdb, polars.

usage: peers.py TASK FILE     (one JSON line on stdout)
       peers.py compare RESULTS.jsonl
"""
import json
import resource
import sys


def cpu():
    u = resource.getrusage(resource.RUSAGE_SELF)
    return u.ru_utime + u.ru_stime


def say(task, peer, seconds, **more):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"task": task, "peer": peer, "cpu_seconds": round(seconds, 3), "peak_mib": peak, **more}), flush=True)


def bg(x, t_x, t, weights=None):
    from lifetimes import BetaGeoFitter

    fitter = BetaGeoFitter()
    fitter.fit(x, t_x, t, weights=weights)
    return fitter


def fit(path, compress):
    import pandas as pd

    frame = pd.read_parquet(path)
    frame["t_x"] /= 7
    frame["T"] /= 7
    weights = None
    start = 0.0
    if compress:
        frame = frame.groupby(["x", "t_x", "T"], as_index=False).size()
        weights = frame["size"]
        start = cpu()
    fitter = bg(frame["x"], frame["t_x"], frame["T"], weights)
    total = weights.sum() if compress else len(frame)
    say(
        "fit-cells" if compress else "fit",
        "lifetimes",
        cpu() - start,
        parameters=[float(fitter.params_[k]) for k in ("r", "alpha", "a", "b")],
        log_likelihood=float(-fitter._negative_log_likelihood_ * total) if hasattr(fitter, "_negative_log_likelihood_") else None,
        cells=len(frame),
    )


def score(path):
    import pandas as pd
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    frame = pd.read_parquet(path)
    fitter = BetaGeoFitter()
    fitter.params_ = pd.Series({"r": 0.243, "alpha": 30.898, "a": 0.793, "b": 2.426})
    fitter.predict = fitter.conditional_expected_number_of_purchases_up_to_time
    spend = GammaGammaFitter()
    spend.params_ = pd.Series({"p": 6.25, "q": 3.74, "v": 1544.0})
    start = cpu()
    alive = fitter.conditional_probability_alive(frame["x"], frame["t_x"], frame["T"])
    orders = fitter.predict(365, frame["x"], frame["t_x"], frame["T"])
    worth = spend.conditional_expected_average_profit(frame["x"], (frame["x"] > 0) * 3000.0)
    value = orders * worth
    say("score", "lifetimes", cpu() - start, customers=len(frame), alive=float(alive.sum()), value_minor=float(value.sum()))


SUMMARY = """
create table days as select customer_id, day, sum(amount_minor) m from '{f}' group by all;
create table summary as
select customer_id, count(*) - 1 x, max(day) - min(day) t_x, (select max(day) from days) - min(day) as "T",
       (sum(m) - arg_min(m, day)) / nullif(count(*) - 1, 0) m_x
from days group by customer_id;
"""


def duck_summary(path, task="summary"):
    import duckdb

    con = duckdb.connect()
    con.execute("set threads = 2")
    con.execute("set memory_limit = '12GB'")
    start = cpu()
    con.execute(SUMMARY.format(f=path))
    rows, repeats = con.execute("select count(*), sum(x) from summary").fetchone()
    say(task, "duckdb", cpu() - start, customers=rows, repeats=int(repeats))


def polars_summary(path):
    import polars as pl

    start = cpu()
    days = pl.scan_parquet(path).group_by("customer_id", "day").agg(pl.col("amount_minor").sum())
    out = days.group_by("customer_id").agg(
        (pl.len() - 1).alias("x"),
        (pl.col("day").max() - pl.col("day").min()).alias("t_x"),
        pl.col("day").min().alias("first"),
        pl.col("amount_minor").sum().alias("total"),
        pl.col("amount_minor").sort_by("day").first().alias("first_minor"),
    ).collect()
    say("summary", "polars", cpu() - start, customers=len(out), repeats=int(out["x"].sum()))


def duck_rfm(path):
    import duckdb

    con = duckdb.connect()
    con.execute("set threads = 2")
    start = cpu()
    con.execute(
        f"""
        create table days as select customer_id, day, sum(amount_minor) m from '{path}' group by all;
        create table rfm as select customer_id, max(day) d, count(*) f, sum(m) m from days group by 1;
        create table scored as select customer_id,
          ntile(5) over (order by d, customer_id) r, ntile(5) over (order by f, customer_id) f,
          ntile(5) over (order by m, customer_id) m from rfm;
        create table firsts as select customer_id, date_trunc('month', min(day)) c from days group by 1;
        create table cohorts as select c, datediff('month', c, date_trunc('month', day)) i, count(distinct customer_id) n
          from days join firsts using (customer_id) group by all;
        """
    )
    best = con.execute("select count(*) from scored where r = 5 and f = 5 and m = 5").fetchone()[0]
    cells = con.execute("select count(*) from cohorts").fetchone()[0]
    say("rfm-cohorts", "duckdb", cpu() - start, best=best, cohort_cells=cells)


def polars_rfm(path):
    import polars as pl

    start = cpu()
    days = pl.scan_parquet(path).group_by("customer_id", "day").agg(pl.col("amount_minor").sum()).collect()
    rfm = days.group_by("customer_id").agg(pl.col("day").max().alias("d"), pl.len().alias("f"), pl.col("amount_minor").sum().alias("m"))
    n = len(rfm)
    scores = [
        rfm.sort(axis, "customer_id").with_row_index("i").with_columns((pl.col("i") * 5 // n + 1).alias("s_" + axis)).select("customer_id", "s_" + axis)
        for axis in ("d", "f", "m")
    ]
    scored = scores[0].join(scores[1], on="customer_id").join(scores[2], on="customer_id")
    firsts = days.group_by("customer_id").agg(pl.col("day").min().dt.truncate("1mo").alias("c"))
    cohorts = (
        days.join(firsts, on="customer_id")
        .with_columns(pl.col("day").dt.truncate("1mo").alias("mo"))
        .group_by("c", "mo")
        .agg(pl.col("customer_id").n_unique())
    )
    best = scored.filter((pl.col("s_d") == 5) & (pl.col("s_f") == 5) & (pl.col("s_m") == 5)).height
    say("rfm-cohorts", "polars", cpu() - start, best=best, cohort_cells=len(cohorts))


def compare(path):
    ours, rows = {}, []
    for line in open(path):
        r = json.loads(line)
        key = (r["task"], r.get("size"))
        if "peer" in r:
            rows.append((key, r))
        else:
            ours[key] = r
    for key, r in rows:
        mine = ours.get(key)
        if mine is None:
            continue
        ratio = r["cpu_seconds"] / max(mine["cpu_seconds"], 1e-9)
        line = f"{key[0]:<12} {key[1] or '':<6} otklik {mine['cpu_seconds']:>8.3f} s {mine['peak_mib']:>6} MiB   {r['peer']:<9} {r['cpu_seconds']:>8.2f} s {r['peak_mib']:>6} MiB   × {ratio:.1f}"
        if "parameters" in r:
            off = max(abs(a / b - 1) for a, b in zip(mine["parameters"], r["parameters"]))
            line += f"   parameters differ by {off:.1e}"
        print(line)


if __name__ == "__main__":
    task, path = sys.argv[1:3]
    {
        "fit": lambda p: fit(p, False),
        "fit-cells": lambda p: fit(p, True),
        "score": score,
        "summary-duckdb": duck_summary,
        "summary-polars": polars_summary,
        "rfm-duckdb": duck_rfm,
        "rfm-polars": polars_rfm,
        "refresh": lambda p: duck_summary(p, "refresh"),
        "compare": compare,
    }[task](path)
