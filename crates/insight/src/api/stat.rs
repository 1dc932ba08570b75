use crate::rules::stat::StatError;
use crate::rules::stat::mean::{Moments, cuped, lift, welch};
use crate::rules::stat::proportion::{
    Share, SizeMethod, newcombe, nps, probability_better, sample_size, smallest_difference, srm, wilson,
};
use crate::rules::stat::sequential::{Boundary, confidence_sequence, group_sequential, msprt};
use access::{Answer, need};
use axum::Json;
use axum::extract::Path;
use basis::Fault;
use serde_json::{Map, Value, json};

/// The numbers of a calculator, by name.
struct Given(Map<String, Value>);

impl Given {
    fn number(&self, name: &str) -> Result<f64, Fault> {
        self.optional(name)?.ok_or_else(|| {
            Fault::invalid("stat", format!("\"{name}\" is needed")).with_field(name, "a number is needed")
        })
    }

    fn optional(&self, name: &str) -> Result<Option<f64>, Fault> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_f64().filter(|v| v.is_finite()).map(Some).ok_or_else(|| {
                Fault::invalid("stat", format!("\"{name}\" must be a number"))
                    .with_field(name, "not a number")
            }),
        }
    }

    fn count(&self, name: &str) -> Result<u64, Fault> {
        let value = self.number(name)?;
        if value < 0.0 || value.fract() != 0.0 || value > 9e15 {
            let what = "must be a whole number, not negative";
            return Err(Fault::invalid("stat", format!("\"{name}\" {what}")).with_field(name, what));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked above")]
        Ok(value as u64)
    }

    fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    fn share(&self, x: &str, n: &str) -> Result<Share, Fault> {
        Share::new(self.count(x)?, self.count(n)?).map_err(invalid)
    }

    fn shares(&self) -> Result<(Share, Share), Fault> {
        Ok((self.share("x1", "n1")?, self.share("x2", "n2")?))
    }
}

fn invalid(error: StatError) -> Fault {
    Fault::invalid("stat", error.0)
}

/// The calculators of the command line: wilson, newcombe, sample-size, smallest-difference, srm, nps, welch, cuped, prob-better, msprt,
/// confidence-sequence, group-sequential; the same names of numbers, the same answers.
#[utoipa::path(post, path = "/api/stat/{name}", tag = "insight", params(("name" = String, Path)), request_body = Object, responses((status = 200, body = Object)))]
pub(super) async fn calculate(
    _who: need::Anyone,
    Path(name): Path<String>,
    Json(body): Json<Map<String, Value>>,
) -> Answer<Value> {
    let given = Given(body);
    Ok(Json(answer(&name, &given)?))
}

fn answer(name: &str, given: &Given) -> Result<Value, Fault> {
    let level = given.optional("level")?.unwrap_or(0.95);
    Ok(match name {
        "wilson" => json!(wilson(given.share("x", "n")?, level).map_err(invalid)?),
        "newcombe" => {
            let (one, two) = given.shares()?;
            json!(newcombe(one, two, level).map_err(invalid)?)
        }
        "sample-size" => {
            let (baseline, mde) = (given.number("baseline")?, given.number("mde")?);
            let effect = if given.flag("relative") { baseline * mde } else { mde };
            let method = if given.text("method") == Some("pooled") {
                SizeMethod::Pooled
            } else {
                SizeMethod::Unpooled
            };
            let alpha = given.optional("alpha")?.unwrap_or(0.05);
            let power = given.optional("power")?.unwrap_or(0.8);
            json!({ "per_arm": sample_size(baseline, effect, alpha, power, method).map_err(invalid)? })
        }
        "smallest-difference" => {
            let alpha = given.optional("alpha")?.unwrap_or(1.0 - level);
            let power = given.optional("power")?.unwrap_or(0.8);
            let (n1, n2) = (given.count("n1")?, given.count("n2")?);
            let found = smallest_difference(given.number("baseline")?, n1, n2, alpha, power);
            json!({ "difference": found.map_err(invalid)? })
        }
        "srm" => {
            let expected = match given.text("expected") {
                None => (1.0, 1.0),
                Some(text) => text
                    .split_once(':')
                    .and_then(|(a, b)| Some((a.trim().parse().ok()?, b.trim().parse().ok()?)))
                    .ok_or_else(|| Fault::invalid("stat", "\"expected\" must be a ratio like 9:1"))?,
            };
            json!(srm(given.count("n1")?, given.count("n2")?, expected).map_err(invalid)?)
        }
        "nps" => {
            let n = given.count("n")?;
            let score =
                nps(given.count("promoters")?, given.count("detractors")?, n, given.flag("adjusted"), level);
            json!(score.map_err(invalid)?)
        }
        "welch" => {
            let moments = |i: u8| -> Result<Moments, Fault> {
                Ok(Moments {
                    sum: given.number(&format!("sum{i}"))?,
                    sum_of_squares: given.number(&format!("sumsq{i}"))?,
                    n: given.count(&format!("n{i}"))? as f64,
                })
            };
            let (one, two) = (moments(1)?, moments(2)?);
            let d = if given.flag("relative") { lift(&one, &two, level) } else { welch(&one, &two, level) };
            json!(d.map_err(invalid)?)
        }
        "cuped" => {
            let column = |name: &str| -> Result<Vec<f64>, Fault> {
                let list = given.0.get(name).and_then(Value::as_array);
                list.and_then(|l| l.iter().map(Value::as_f64).collect::<Option<Vec<f64>>>())
                    .ok_or_else(|| Fault::invalid("stat", format!("\"{name}\" must be a list of numbers")))
            };
            let (x, y) = (column("x")?, column("y")?);
            if x.len() != y.len() {
                return Err(Fault::invalid("stat", "x and y must be equally long"));
            }
            json!(cuped(&x.into_iter().zip(y).collect::<Vec<_>>()).map_err(invalid)?)
        }
        "prob-better" => {
            let (one, two) = given.shares()?;
            json!({ "p": probability_better(one, two) })
        }
        "msprt" => {
            let m = msprt(
                given.count("n")?,
                given.number("difference")?,
                given.number("variance")?,
                given.number("tau2")?,
            );
            json!(m.map_err(invalid)?)
        }
        "confidence-sequence" => {
            let (one, two) = given.shares()?;
            let tuning = given.count("tuning")?;
            json!(confidence_sequence(one, two, given.flag("relative"), tuning, level).map_err(invalid)?)
        }
        "group-sequential" => {
            let boundary =
                if given.text("kind") == Some("pocock") { Boundary::Pocock } else { Boundary::ObrienFleming };
            let looks = u32::try_from(given.count("looks")?).unwrap_or(u32::MAX);
            json!({ "constant": group_sequential(looks, boundary, 1.0 - level).map_err(invalid)? })
        }
        other => return Err(Fault::not_found("stat", format!("There is no calculator \"{other}\"."))),
    })
}
