//! The analysis commands as a script sees them.

use clap::Parser;
use insight::cli::AnalysisCommand;
use serde_json::Value;
use std::path::{Path, PathBuf};

#[derive(Parser)]
struct Program {
    #[command(subcommand)]
    command: AnalysisCommand,
}

struct Ran {
    code: u8,
    out: String,
    error: String,
    notes: String,
}

/// 2012-01-31: after every order of the test data but the ones meant to be in the future.
const TODAY: i32 = 15_370;

fn run(arguments: &[&str]) -> Ran {
    let parsed = match Program::try_parse_from(std::iter::once("otklik").chain(arguments.iter().copied())) {
        Ok(parsed) => parsed,
        Err(error) => {
            return Ran { code: 2, out: String::new(), error: error.to_string(), notes: String::new() };
        }
    };
    let (mut out, mut notes) = (Vec::new(), Vec::new());
    let result = parsed.command.run(TODAY, &mut out, &mut notes);
    let (code, error) = match result {
        Ok(()) => (0, String::new()),
        Err(error) => (error.exit_code(), error.to_string()),
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code, out: text(out), error, notes: text(notes) }
}

#[track_caller]
fn json(arguments: &[&str]) -> Value {
    let ran = run(arguments);
    assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.error);
    serde_json::from_str(&ran.out).unwrap()
}

#[track_caller]
fn close(value: &Value, expected: f64) {
    let actual = value.as_f64().unwrap_or_else(|| panic!("{value} is not a number"));
    assert!((actual - expected).abs() < 1e-6 * expected.abs().max(1.0), "{actual} is not {expected}");
}

fn data(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name).display().to_string()
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path: PathBuf = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }
}

const ORDERS: [&str; 6] = ["--customer", "sample_id", "--date", "date", "--amount", "amount"];

#[test]
fn fit_from_a_summary_and_from_orders_agree() {
    let summary = json(&["fit", "bg-nbd", &data("cdnow_sample_summary.csv")]);
    assert_eq!(summary["model"], "bg-nbd");
    assert_eq!(summary["customers"], 2357);
    assert_eq!(summary["converged"], true);
    let orders = json(
        &[
            &["fit", "bg-nbd", &data("cdnow_sample_transactions.csv"), "--transactions"],
            &ORDERS[..],
            &["--calibration-end", "1997-09-30", "--unit", "week"],
        ]
        .concat(),
    );
    for (name, value) in [("r", 0.243), ("alpha", 4.414), ("a", 0.793), ("b", 2.426)] {
        for fit in [&summary, &orders] {
            let parameter = fit["parameters"][name].as_f64().unwrap();
            assert!((parameter - value).abs() < 5.1e-4, "{name} {parameter}");
            assert!(fit["standard_errors"][name].as_f64().unwrap() > 0.0);
        }
    }
    assert!((orders["log_likelihood"].as_f64().unwrap() + 9582.4).abs() < 0.05);
    // In days the estimates of times are seven times larger, the rest is the same.
    let days = json(
        &[
            &["fit", "bg-nbd", &data("cdnow_sample_transactions.csv"), "--transactions"],
            &ORDERS[..],
            &["--calibration-end", "1997-09-30", "--unit", "day"],
        ]
        .concat(),
    );
    close(&days["parameters"]["r"], orders["parameters"]["r"].as_f64().unwrap());
    close(&days["parameters"]["alpha"], 7.0 * orders["parameters"]["alpha"].as_f64().unwrap());
}

#[test]
fn gamma_gamma_from_orders() {
    let fit = json(
        &[
            &["fit", "gamma-gamma", &data("cdnow_sample_transactions.csv"), "--transactions"],
            &ORDERS[..],
            &["--calibration-end", "1997-09-30"],
        ]
        .concat(),
    );
    assert_eq!(fit["customers"], 946);
    for (name, value) in [("p", 6.25), ("q", 3.74), ("gamma", 15.44)] {
        assert!((fit["parameters"][name].as_f64().unwrap() - value).abs() < 5.1e-3, "{fit}");
    }
}

#[test]
fn other_models_from_their_files() {
    let donors = json(&["fit", "bg-bb", &data("donations_1995_cohort.csv")]);
    assert_eq!(donors["customers"], 11104);
    let folder = Folder::new();
    let survivors = folder.write("sbg.csv", "survivors\n1000\n631\n468\n382\n326\n289\n262\n241\n");
    let sbg = json(&["fit", "sbg", &survivors]);
    assert!((sbg["parameters"]["alpha"].as_f64().unwrap() - 0.704).abs() < 5e-4);
    let fit_file = folder.write("fit.json", &sbg.to_string());
    let next = json(&["predict", "sbg", "--fit", &fit_file, "--T", "7", "--horizon", "1"]);
    // Renewal rate at t + 1: (beta + t) / (alpha + beta + t).
    let (a, b) = (sbg["parameters"]["alpha"].as_f64().unwrap(), sbg["parameters"]["beta"].as_f64().unwrap());
    close(&next["p_alive"], (b + 7.0) / (a + b + 7.0));
}

#[test]
fn predictions_for_one_and_for_many() {
    let params = "r=0.243,alpha=4.414,a=0.793,b=2.426";
    let one = json(&[
        "predict",
        "bg-nbd",
        "--params",
        params,
        "--x",
        "2",
        "--t-x",
        "30.43",
        "--T",
        "38.86",
        "--horizon",
        "39",
    ]);
    // Fader, Hardie & Lee 2005: customer 0001 of CDNOW, 1.226 expected.
    assert!((one["expected_purchases"].as_f64().unwrap() - 1.226).abs() < 5e-4, "{one}");
    let new = json(&["predict", "bg-nbd", "--params", params, "--new", "--horizon", "52"]);
    assert!(new.get("p_alive").is_none());
    let folder = Folder::new();
    let summary = folder.write("s.csv", "id,x,t_x,T\na,0,0,38.86\nb,2,30.43,38.86\n");
    let out = folder.path("o.csv");
    json(&["predict", "bg-nbd", "--params", params, "--summary", &summary, "--horizon", "39", "--out", &out]);
    let text = std::fs::read_to_string(out).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "id,x,t_x,T,expected_purchases,p_alive");
    assert!(lines[1].starts_with("a,0,0,38.86,0.") && lines[1].ends_with(",1"));
    assert!(lines[2].contains(&one["expected_purchases"].to_string()));
    let value = json(&[
        "predict",
        "gamma-gamma",
        "--params",
        "p=6.25,q=3.74,gamma=15.44",
        "--x",
        "1",
        "--m-x",
        "25.52",
    ]);
    // E(M | 25.52, 1) = p(γ + x·m) / (p·x + q − 1).
    close(&value["expected_value"], 6.25 * (15.44 + 25.52) / (6.25 + 2.74));
}

#[test]
fn summary_equals_the_published_one() {
    let folder = Folder::new();
    let out = folder.path("summary.csv");
    let report = json(
        &[
            &["summary", &data("cdnow_sample_transactions.csv")],
            &ORDERS[..],
            &["--until", "1997-09-30", "--unit", "week", "--out", &out, "--json"],
        ]
        .concat(),
    );
    assert_eq!(report["rows"], 2357);
    let mut ours = csv::Reader::from_path(out).unwrap();
    let mut theirs = csv::Reader::from_path(data("cdnow_sample_summary.csv")).unwrap();
    assert_eq!(ours.headers().unwrap(), &vec!["customer", "x", "t_x", "T", "m_x"]);
    let mut rows = 0;
    for (a, b) in ours.records().zip(theirs.records()) {
        let (a, b) = (a.unwrap(), b.unwrap());
        let number = |r: &csv::StringRecord, i: usize| r[i].parse::<f64>().unwrap();
        assert_eq!((&a[0], &a[1]), (&b[0], &b[1]));
        assert!((number(&a, 2) - number(&b, 2)).abs() < 1e-4 && (number(&a, 3) - number(&b, 3)).abs() < 1e-4);
        assert!((number(&a, 4) - number(&b, 5)).abs() < 1e-3, "{a:?} {b:?}");
        rows += 1;
    }
    assert_eq!(rows, 2357);
}

#[test]
fn rfm_and_cohorts_of_cdnow() {
    let folder = Folder::new();
    let (rfm, cohorts) = (folder.path("rfm.csv"), folder.path("cohorts.csv"));
    json(
        &[&["rfm", &data("cdnow_sample_transactions.csv")], &ORDERS[..], &["--out", &rfm, "--json"]].concat(),
    );
    let mut fifths = [[0; 6]; 3];
    let mut total = 0i64;
    for row in csv::Reader::from_path(&rfm).unwrap().records() {
        let row = row.unwrap();
        total += row[3].parse::<i64>().unwrap();
        for (axis, column) in [4, 5, 6].into_iter().enumerate() {
            fifths[axis][row[column].parse::<usize>().unwrap()] += 1;
        }
    }
    assert_eq!(fifths, [[0, 472, 472, 471, 471, 471]; 3]);
    // 6,919 orders of the sample.
    assert_eq!(total, 24_409_194);
    json(
        &[&["cohorts", &data("cdnow_sample_transactions.csv")], &ORDERS[..], &["--out", &cohorts, "--json"]]
            .concat(),
    );
    let text = std::fs::read_to_string(cohorts).unwrap();
    assert!(text.starts_with("cohort_month,month_index,customers\n1997-01,0,781\n"), "{text}");
    let first: u64 = text
        .lines()
        .filter(|l| l.contains(",0,"))
        .map(|l| l.rsplit(',').next().unwrap().parse::<u64>().unwrap())
        .sum();
    assert_eq!(first, 2357);
}

#[test]
fn input_that_cannot_be_used_names_its_place() {
    let folder = Folder::new();
    let bad = |name: &str, text: &str, arguments: &[&str], wanted: &str| {
        let path = folder.write(name, text);
        let arguments: Vec<&str> =
            arguments.iter().map(|a| if *a == "FILE" { path.as_str() } else { a }).collect();
        let ran = run(&arguments);
        assert_eq!(ran.code, 3, "{text}: {} {}", ran.error, ran.out);
        assert!(ran.error.contains(wanted), "{} lacks {wanted}", ran.error);
    };
    let fit = ["fit", "bg-nbd", "FILE"];
    bad("a.csv", "x,t_x,T\n1,2,3\n1,5,3\n", &fit, "a.csv, line 3, column t_x");
    bad("b.csv", "x,t_x,T\n1.5,2,3\n", &fit, "line 2, column x");
    bad("c.csv", "x,t_x,T\n0,0,n/a\n", &fit, "line 2, column T");
    bad("d.csv", "x,t_x\n0,0\n", &fit, "column T");
    bad("e.csv", "", &fit, "e.csv");
    bad("f.csv", "x,t_x,T\n", &fit, "no customers");
    bad("g.csv", "x,t_x,T\n1,2\n", &fit, "line 2");
    bad("h.csv", "x,t_x,T\n0,0,NaN\n", &fit, "not a finite number");
    bad("i.csv", "survivors\n10\n12\n", &["fit", "sbg", "FILE"], "line 3, column survivors");
    bad("j.csv", "frequency,recency,periods\n3,2,6\n", &["fit", "bg-bb", "FILE"], "line 2");
    let rfm = ["rfm", "FILE", "--customer", "c", "--date", "d", "--amount", "a", "--out", "/dev/null"];
    bad("k.csv", "c,d,a\n1,2024-02-31,5\n", &rfm, "line 2, column d");
    bad("l.csv", "c,d,a\n1,3/4/2024,5\n", &rfm, "--date-order");
    bad("m.csv", "c,d,a\n1,2024-02-01,free\n", &rfm, "line 2, column a");
    bad("n.csv", "c,d,a\n1,2024-02-01,-5\n,2024-02-01,5\n", &rfm, "1 without a customer, 1 negative");
    bad("o.csv", "c,d\n", &rfm, "no such column");
    bad("p.parquet", "PAR1 not really", &rfm, "not a Parquet file");
    assert_eq!(run(&["fit", "bg-nbd", "/nonexistent.csv"]).code, 3);
}

#[test]
fn dirty_orders_are_counted_not_lost() {
    let folder = Folder::new();
    let path = folder.write(
        "o.csv",
        "\u{feff}c;d;a\n7;13/1/2024;10,50\n7;13/1/2024;1\n7;14/1/2024;-10,50\n(blank);15/1/2024;3\n8;16/1/2024;\n9;1/2/2025;1\n",
    );
    let out = folder.path("s.csv");
    let ran = run(&[
        "summary",
        &path,
        "--customer",
        "c",
        "--date",
        "d",
        "--amount",
        "a",
        "--until",
        "2024-01-31",
        "--out",
        &out,
        "--json",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.error);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(report["left_out"].to_string(), r#"{"guests":1,"negative":1,"later":1,"blank":1}"#);
    assert!(ran.notes.contains("2 orders used"));
    assert_eq!(
        std::fs::read_to_string(out).unwrap(),
        "customer,x,t_x,T,m_x\n7,0,0,18,0\n9,0,0,0,0\n".replace("9,0,0,0,0\n", "")
    );
}

#[test]
fn what_the_data_does_not_hold_is_refused() {
    let folder = Folder::new();
    for (name, text) in [
        ("once.csv", "x,t_x,T\n0,0,10\n0,0,20\n0,0,30\n".to_string()),
        ("single.csv", "x,t_x,T\n2,30.43,38.86\n".to_string()),
    ] {
        let path = folder.write(name, &text);
        for model in ["bg-nbd", "mbg-nbd", "pareto-nbd"] {
            let ran = run(&["fit", model, &path]);
            assert_eq!(ran.code, 4, "{model} {name}: {}", ran.out);
            let fit: Value = serde_json::from_str(&ran.out).unwrap();
            assert_eq!(fit["converged"], false);
            assert!(!ran.out.contains("NaN"));
        }
    }
}

#[test]
fn wrong_usage() {
    assert_eq!(run(&["fit", "pareto"]).code, 2);
    assert_eq!(run(&["predict", "bg-nbd", "--params", "r=1", "--new", "--horizon", "1"]).code, 2);
    assert_eq!(
        run(&["predict", "bg-nbd", "--params", "r=1,alpha=1,a=1,b=-1", "--new", "--horizon", "1"]).code,
        2
    );
    assert_eq!(run(&["stat", "wilson", "5"]).code, 2);
    assert_eq!(run(&["stat", "wilson", "--", "-5", "10"]).code, 2);
    assert_eq!(run(&["stat", "wilson", "11", "10"]).code, 3);
    assert_eq!(run(&["stat", "wilson", "0", "0"]).code, 3);
}

#[test]
fn calculators() {
    let stat = |arguments: &[&str]| json(&[&["stat"], arguments, &["--json"]].concat());
    let wilson = stat(&["wilson", "81", "263"]);
    assert_eq!(wilson.as_object().unwrap().keys().collect::<Vec<_>>(), ["low", "high"]);
    close(&wilson["low"], 0.255_288_519_878_274_2);
    let newcombe = stat(&["newcombe", "56", "70", "48", "80"]);
    close(&newcombe["difference"], 0.2);
    assert_eq!(stat(&["sample-size", "--baseline", "0.2", "--mde", "0.05"])["per_arm"], 1030);
    assert_eq!(stat(&["sample-size", "--baseline", "0.2", "--mde", "0.25", "--relative"])["per_arm"], 1030);
    assert_eq!(
        stat(&["sample-size", "--baseline", "0.2", "--mde", "0.05", "--method", "pooled"])["per_arm"],
        1094
    );
    close(&stat(&["srm", "900", "100", "--expected", "9:1"])["p"], 1.0);
    close(&stat(&["nps", "60", "20", "100"])["standard_error"], 8.0);
    let welch = stat(&["welch", "15", "55", "5", "45", "445", "6"]);
    close(&welch["difference"], 4.5);
    close(&welch["p"], 0.065_188_334_792_226_95);
    let relative = stat(&["welch", "15", "55", "5", "45", "445", "6", "--relative"]);
    close(&relative["difference"], 1.5);
    close(&stat(&["prob-better", "10", "100", "10", "100"])["p"], 0.5);
    let lambda = (2.0f64 / 3.0).sqrt() * 0.75f64.exp();
    close(
        &stat(&["msprt", "--n", "100", "--difference", "-0.3", "--variance", "2", "--tau2", "0.01"])["lambda"],
        lambda,
    );
    let sequence = stat(&["confidence-sequence", "50", "500", "70", "500", "--tuning", "5000"]);
    close(&sequence["difference"], 0.04);
    let constant = &stat(&["group-sequential", "--looks", "5", "--kind", "obrien-fleming"])["constant"];
    assert!((constant.as_f64().unwrap() - 2.040).abs() < 5e-4);
    let folder = Folder::new();
    let pairs = folder.write("c.csv", "x,y\n1,3\n2,5\n3,7\n4,10\n");
    let cuped = stat(&["cuped", &pairs]);
    close(&cuped["theta"], 2.3);
    close(&cuped["mean"], 6.25);
    let sentence = run(&["stat", "wilson", "5", "10", "--level", "0.9"]);
    assert!(sentence.out.contains("90% interval"), "{}", sentence.out);
}

/// One slip of a year must not age everybody by it.
#[test]
fn orders_of_the_future_are_left_out_and_told() {
    let folder = Folder::new();
    let orders = folder.write(
        "o.csv",
        "customer,date,amount\na,2011-01-01,10\na,2011-03-02,10\nb,2011-02-01,5\nb,2030-01-01,5\n",
    );
    let out = folder.0.path().join("s.csv").display().to_string();
    let line = |more: &[&str]| {
        let arguments = [
            "summary",
            &orders,
            "--customer",
            "customer",
            "--date",
            "date",
            "--amount",
            "amount",
            "--json",
            "--out",
            &out,
        ];
        run(&[&arguments, more].concat())
    };
    let ran = line(&[]);
    assert_eq!(ran.code, 0, "{}", ran.error);
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((report["until"].as_str(), report["orders"].as_u64()), (Some("2011-03-02"), Some(3)));
    assert_eq!(report["left_out"]["later"], 1);
    assert!(ran.notes.contains("1 orders are dated after today"), "{}", ran.notes);
    let rows = std::fs::read_to_string(&out).unwrap();
    assert_eq!(rows, "customer,x,t_x,T,m_x\na,1,60,60,10\nb,0,0,29,0\n");
    // Whoever gives the end means it.
    let report: Value = serde_json::from_str(&line(&["--until", "2030-01-01"]).out).unwrap();
    assert_eq!(
        (report["until"].as_str(), report["left_out"]["later"].as_u64()),
        (Some("2030-01-01"), Some(0))
    );
}

/// Nobody of a hundred says little about the next hundred.
#[test]
fn an_early_sequence_is_never_certain() {
    let ran = json(&["stat", "confidence-sequence", "0", "100", "0", "900", "--tuning", "100", "--json"]);
    close(&ran["difference"], 0.0);
    assert!(ran["low"].as_f64().unwrap() < -0.02 && ran["high"].as_f64().unwrap() > 0.02, "{ran}");
}
