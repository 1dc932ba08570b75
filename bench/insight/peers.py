"""CPU seconds of the peers on the same Parquet files: lifetimes, pymc-marketing, duckdb, polars.

Imports are not counted, reading the file is. `reference` is no peer: the optimum of the same likelihood
by numpy and scipy, started from the paper and polished until its gradient vanishes.

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


def read(path):
    import pandas as pd

    frame = pd.read_parquet(path)
    frame["t_x"] /= 7
    frame["T"] /= 7
    return frame


def cells_of(frame):
    return frame.groupby(["x", "t_x", "T"], as_index=False).size()


def fit(path, task):
    """lifetimes; `fit-cells`: its own weights, and only the fit is counted."""
    from lifetimes import BetaGeoFitter

    start = cpu()
    frame, weights = read(path), None
    if task == "fit-cells":
        frame = cells_of(frame)
        weights = frame["size"]
        start = cpu()
    fitter = BetaGeoFitter()
    fitter.fit(frame["x"], frame["t_x"], frame["T"], weights=weights)
    parameters = [float(fitter.params_[k]) for k in ("r", "alpha", "a", "b")]
    say(task, "lifetimes", cpu() - start, parameters=parameters, rows=len(frame))


def fit_pymc(path):
    """pymc-marketing's maximum a posteriori with flat priors, rows as they come."""
    import numpy as np
    import pymc as pm
    from pymc_marketing.clv import BetaGeoModel
    from pymc_extras.prior import Prior

    start = cpu()
    frame = read(path).rename(columns={"x": "frequency", "t_x": "recency"})
    frame["customer_id"] = np.arange(len(frame))
    flat = {name: Prior("HalfFlat") for name in ("r", "alpha", "a", "b")}
    model = BetaGeoModel(data=frame, model_config=flat)
    model.fit(method="map")
    found = model.idata.posterior
    parameters = [float(found[k].mean()) for k in ("r", "alpha", "a", "b")]
    say("fit", "pymc-map", cpu() - start, parameters=parameters, rows=len(frame))


def reference(path, task):
    import numpy as np
    from scipy.optimize import minimize
    from scipy.special import betaln, gammaln

    frame = read(path)
    if task == "fit":
        frame = cells_of(frame)
        w = frame["size"].to_numpy(float)
    else:
        w = np.ones(len(frame))
    x, t_x, t = (frame[k].to_numpy(float) for k in ("x", "t_x", "T"))
    counts, place = np.unique(x, return_inverse=True)
    n_of = np.bincount(place, w)
    some = x > 0
    x1, t_x1, t1, w1 = x[some], t_x[some], t[some], w[some]
    once, w0 = t[~some], w[~some]

    def loss(logs):
        r, alpha, a, b = np.exp(logs)
        by_count = gammaln(r + counts) - gammaln(r) + r * np.log(alpha)
        by_count += np.where(counts > 0, betaln(a, b + counts) - betaln(a, b), 0.0)
        odds = np.log(a / (b + x1 - 1)) + (r + x1) * np.log((alpha + t1) / (alpha + t_x1))
        total = (n_of * by_count).sum() - (w0 * r * np.log(alpha + once)).sum()
        total += (w1 * (np.logaddexp(0.0, odds) - (r + x1) * np.log(alpha + t1))).sum()
        return -total / w.sum()

    at = np.log([0.243, 4.414, 0.793, 2.426])
    at = minimize(loss, at, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-14, "maxiter": 2000}).x

    # Newton's method with differences of the fourth order, until a step is below 1e-9.
    h = 2e-3
    for _ in range(6):
        unit = np.eye(4) * h
        g = np.array([(8 * (loss(at + u) - loss(at - u)) - loss(at + 2 * u) + loss(at - 2 * u)) / (12 * h) for u in unit])
        hess = np.array([[(loss(at + u + v) - loss(at + u - v) - loss(at - u + v) + loss(at - u - v)) / (4 * h * h) for v in unit] for u in unit])
        step = np.linalg.solve(hess, g)
        at = at - step
        if np.abs(step).max() < 1e-8:
            break
    say(task, "reference", 0.0, parameters=list(np.exp(at)), log_likelihood=float(-loss(at) * w.sum()))


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
    con.execute("set memory_limit = '7GB'")
    con.execute(f"set temp_directory = '{path}.spill'")
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
        off = max((abs(a / b - 1) for a, b in zip(mine.get("parameters", []), r.get("parameters", []))), default=None)
        if r["peer"] == "reference":
            print(f"{key[0]:<12} {key[1] or '':<10} parameters within {off:.1e} of the reference optimum")
            continue
        ratio = r["cpu_seconds"] / max(mine["cpu_seconds"], 1e-9)
        line = f"{key[0]:<12} {key[1] or '':<10} otklik {mine['cpu_seconds']:>8.4f} s {mine['peak_mib']:>6} MiB   {r['peer']:<9} {r['cpu_seconds']:>8.2f} s {r['peak_mib']:>6} MiB   x {ratio:.1f}"
        if off is not None:
            line += f"   parameters differ by {off:.1e}"
        print(line)


if __name__ == "__main__":
    task, path = sys.argv[1:3]
    {
        "fit": lambda p: fit(p, "fit"),
        "fit-cells": lambda p: fit(p, "fit-cells"),
        "fit-exact": lambda p: fit(p, "fit-exact"),
        "fit-pymc": fit_pymc,
        "reference": lambda p: reference(p, "fit"),
        "reference-exact": lambda p: reference(p, "fit-exact"),
        "score": score,
        "summary-duckdb": duck_summary,
        "summary-polars": polars_summary,
        "rfm-duckdb": duck_rfm,
        "rfm-polars": polars_rfm,
        "refresh": lambda p: duck_summary(p, "refresh"),
        "compare": compare,
    }[task](path)
