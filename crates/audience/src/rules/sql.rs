//! A rule as SQL, all values bound.
//!
//! A condition over many rows (orders, contacts, consents, reactions) becomes a set of customers that is made once, so that
//! `or` and `not` cost no more than `and`. The set's text is the same on both engines; how it is asked is not: SQLite always
//! makes `IN (…)` once and may join a derived table row by row, PostgreSQL hashes a join and may run `IN (…)` row by row.
//! Every condition is true or false, never NULL, so that `not` means not.
//!
//! `CROSS JOIN … WHERE` is an order to SQLite (goods, then their lines, then the orders: 8 s became 0.5 s on 250,000 orders)
//! and an ordinary join to PostgreSQL.

use std::fmt::Write;

use basis::fold;
use store::{Engine, Value};

use super::{
    fields::Op,
    language::{Condition, Operand, Rule},
};

/// What a rule is seen from.
#[derive(Debug, Clone)]
pub struct Frame {
    pub engine: Engine,
    pub workspace: i64,
    /// Today at the shop, days since 1970-01-01.
    pub today: i64,
    /// Of the amounts that are summed.
    pub currency: String,
    /// Ids of sources whose declared basis carries marketing, by channel: email, sms, call.
    pub sources: [(&'static str, Vec<i64>); 3],
}

/// The parts of a statement; `$1` is the workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    pub joins: String,
    pub predicate: String,
    pub args: Vec<Value>,
}

impl Compiled {
    /// `SELECT <columns> FROM the customers of the rule <tail>`; the tail may go on numbering from `$n+1`.
    pub fn select(&self, columns: &str, tail: &str) -> String {
        // A base without its profiles is counted from one index.
        let profiles = if columns.contains("p.") || self.predicate.contains("p.") {
            " LEFT JOIN profiles p ON p.workspace_id = c.workspace_id AND p.customer_id = c.id"
        } else {
            ""
        };
        format!(
            "SELECT {columns} FROM customers c{profiles}{} WHERE c.workspace_id = $1 AND {}{tail}",
            self.joins, self.predicate
        )
    }

    pub fn next_arg(&self) -> usize {
        self.args.len() + 1
    }
}

pub fn compile(rule: &Rule, frame: &Frame) -> Compiled {
    let mut maker = Maker { frame, joins: String::new(), sets: 0, args: vec![Value::Int(frame.workspace)] };
    let predicate = maker.rule(rule);
    Compiled { joins: maker.joins, predicate, args: maker.args }
}

struct Maker<'a> {
    frame: &'a Frame,
    joins: String,
    sets: usize,
    args: Vec<Value>,
}

/// The person who an id of any time means now.
const NOW_ID: &str = "COALESCE(a.current_id, x.customer_id)";
const ALIAS: &str =
    "LEFT JOIN customer_aliases a ON a.workspace_id = x.workspace_id AND a.customer_id = x.customer_id";

impl Maker<'_> {
    fn arg(&mut self, value: Value) -> String {
        self.args.push(value);
        format!("${}", self.args.len())
    }

    fn list(&mut self, values: impl IntoIterator<Item = Value>) -> String {
        let places: Vec<String> = values.into_iter().map(|value| self.arg(value)).collect();
        format!("({})", places.join(", "))
    }

    fn texts(&mut self, words: &[String]) -> String {
        self.list(words.iter().map(|word| Value::Text(word.clone())))
    }

    fn ids(&mut self, ids: &[i64]) -> String {
        self.list(ids.iter().map(|id| Value::Int(*id)))
    }

    fn rule(&mut self, rule: &Rule) -> String {
        match rule {
            Rule::All(parts) => self.joined(parts, " AND ", "1 = 1"),
            Rule::Any(parts) => self.joined(parts, " OR ", "1 = 0"),
            Rule::Not(inner) => format!("NOT ({})", self.rule(inner)),
            Rule::Is(condition) => self.condition(condition),
        }
    }

    fn joined(&mut self, parts: &[Rule], word: &str, empty: &str) -> String {
        if parts.is_empty() {
            return format!("({empty})");
        }
        let made: Vec<String> = parts.iter().map(|part| self.rule(part)).collect();
        format!("({})", made.join(word))
    }

    /// Whether a customer is in a set (`select` answers one column `id` without repeats).
    fn set(&mut self, select: &str) -> String {
        match self.frame.engine {
            Engine::Sqlite => format!("c.id IN ({select})"),
            Engine::Postgres => {
                self.sets += 1;
                let name = format!("s{}", self.sets);
                // Writing to a String does not fail.
                let _ = write!(self.joins, " LEFT JOIN ({select}) {name} ON {name}.id = c.id");
                format!("{name}.id IS NOT NULL")
            }
        }
    }

    fn condition(&mut self, condition: &Condition) -> String {
        let negated = matches!(condition.op, Op::NotIn | Op::Ne)
            && matches!(condition.operand, Operand::Texts(_) | Operand::Ids(_));
        let plain = self.positive(condition);
        if negated { format!("NOT ({plain})") } else { plain }
    }

    fn positive(&mut self, condition: &Condition) -> String {
        let Condition { field, op, operand, days, .. } = condition;
        match (field.key, operand) {
            ("stage", Operand::Texts(words)) => format!("COALESCE(p.stage, 'none') IN {}", self.texts(words)),
            ("language", Operand::Texts(words)) => {
                format!("COALESCE(c.language, 'unknown') IN {}", self.texts(words))
            }
            ("last_order", _) => self.day("p.last_day", *op, operand),
            ("first_order", _) => self.day("p.first_day", *op, operand),
            ("orders" | "revenue", _) if days.is_some() => self.windowed(condition),
            ("orders", _) => self.number("COALESCE(p.orders, 0)", *op, operand),
            ("revenue", _) => self.number("COALESCE(p.revenue_minor, 0)", *op, operand),
            ("average_order", _) => {
                let inner = self.number("p.revenue_minor / p.orders", *op, operand);
                // A CASE, because an engine may divide before it looks at the other half of an AND.
                format!("(CASE WHEN COALESCE(p.orders, 0) > 0 THEN {inner} ELSE 1 = 0 END)")
            }
            ("sent_back", _) => self.sent_back(condition),
            ("overdue", _) => {
                let today = self.arg(Value::Int(self.frame.today));
                let inner = self.number(
                    &format!("(CAST({today} AS DOUBLE PRECISION) - p.last_day) / p.mean_gap"),
                    *op,
                    operand,
                );
                // Who has bought once has no rhythm to be late by; a CASE, so that nothing is divided by nothing.
                format!("(CASE WHEN p.last_day IS NOT NULL AND p.mean_gap > 0 THEN {inner} ELSE 1 = 0 END)")
            }
            ("risk", _) => self.forecast("p.risk", *op, operand),
            ("p_alive", _) => self.forecast("p.p_alive", *op, operand),
            ("expected_orders", _) => self.forecast("p.expected_orders", *op, operand),
            ("expected_value", _) => self.forecast("p.expected_value_minor", *op, operand),
            ("name", Operand::Text(text)) => self.contains("c.search_key", text),
            ("city", Operand::Text(text)) => {
                let place = self.arg(Value::Text(text.clone()));
                format!("c.city {} {place}", if *op == Op::Ne { "<>" } else { "=" })
            }
            ("city", Operand::Texts(texts)) => format!("c.city IN {}", self.texts(texts)),
            ("city", _) => (if *op == Op::Set { "c.city <> ''" } else { "c.city = ''" }).to_owned(),
            ("birth_month", _) => self.birth_month(*op, operand),
            ("category" | "product", _) => self.bought(condition),
            ("contact", Operand::Texts(kinds)) => {
                let kinds = self.texts(kinds);
                self.set(&format!("SELECT DISTINCT x.customer_id AS id FROM contact_points x WHERE x.workspace_id = $1 AND x.kind IN {kinds}"))
            }
            ("reachable", Operand::Texts(channels)) => {
                let any: Vec<String> = channels.iter().map(|channel| self.reachable(channel)).collect();
                format!("({})", any.join(" OR "))
            }
            ("dead", Operand::Bool(yes)) => {
                let dead = self.set(&format!(
                    "SELECT DISTINCT {NOW_ID} AS id FROM dead_customers x {ALIAS} WHERE x.workspace_id = $1"
                ));
                if *yes { dead } else { format!("NOT ({dead})") }
            }
            ("interest", Operand::Ids(ids)) => {
                let ids = self.ids(ids);
                // A person of several former ids may have said both; the last word counts.
                self.set(&format!(
                    "SELECT DISTINCT y.id FROM (SELECT {NOW_ID} AS id, x.chosen, ROW_NUMBER() OVER (PARTITION BY {NOW_ID}, x.category_id ORDER BY x.at DESC) AS n
                     FROM preferences x {ALIAS} WHERE x.workspace_id = $1 AND x.category_id IN {ids}) y WHERE y.n = 1 AND y.chosen"
                ))
            }
            ("reaction", Operand::Texts(words)) => self.reaction(words, condition.campaign),
            (key, Operand::Texts(words)) => match key.strip_prefix("consent_") {
                Some(channel) => self.consent(channel, words),
                None => never(),
            },
            _ => never(),
        }
    }

    fn number(&mut self, expression: &str, op: Op, operand: &Operand) -> String {
        match operand {
            Operand::Number(n) => {
                let place = self.arg(Value::Float(*n));
                format!("{expression} {} {place}", sign(op))
            }
            Operand::Range(low, high) => {
                let (low, high) = (self.arg(Value::Float(*low)), self.arg(Value::Float(*high)));
                format!("{expression} BETWEEN {low} AND {high}")
            }
            Operand::Numbers(list) => {
                let list = self.list(list.iter().map(|n| Value::Float(*n)));
                format!("{expression} IN {list}")
            }
            _ => never(),
        }
    }

    /// A figure that may be missing: without it the condition is false.
    fn forecast(&mut self, column: &str, op: Op, operand: &Operand) -> String {
        let inner = self.number(column, op, operand);
        format!("({column} IS NOT NULL AND {inner})")
    }

    fn day(&mut self, column: &str, op: Op, operand: &Operand) -> String {
        let inner = match (op, operand) {
            (Op::Set, _) => return format!("{column} IS NOT NULL"),
            (Op::NotSet, _) => return format!("{column} IS NULL"),
            (Op::WithinDays, Operand::Ago(days)) => {
                let place = self.arg(Value::Int(self.frame.today - days));
                format!("{column} > {place}")
            }
            (_, Operand::Ago(days)) => {
                let place = self.arg(Value::Int(self.frame.today - days));
                format!("{column} <= {place}")
            }
            (_, Operand::Day(day)) => {
                let place = self.arg(Value::Int(*day));
                format!("{column} {} {place}", sign(op))
            }
            (_, Operand::Days(from, to)) => {
                let (from, to) = (self.arg(Value::Int(*from)), self.arg(Value::Int(*to)));
                format!("{column} BETWEEN {from} AND {to}")
            }
            _ => return never(),
        };
        format!("({column} IS NOT NULL AND {inner})")
    }

    fn contains(&mut self, column: &str, text: &str) -> String {
        // A search key holds letters, digits and single spaces only, so no sign of LIKE can be in it.
        let place = self.arg(Value::Text(format!("%{}%", fold(text))));
        format!("{column} LIKE {place}")
    }

    fn birth_month(&mut self, op: Op, operand: &Operand) -> String {
        let there = "(c.birth_date IS NOT NULL AND LENGTH(c.birth_date) = 10)";
        match op {
            Op::Set => there.to_owned(),
            Op::NotSet => format!("NOT {there}"),
            _ => {
                let inner = self.number("CAST(SUBSTR(c.birth_date, 6, 2) AS BIGINT)", op, operand);
                format!("(CASE WHEN {there} THEN {inner} ELSE 1 = 0 END)")
            }
        }
    }

    /// Orders or revenue of the last days. People without any order then are in no group, so a condition that zero fulfils
    /// is the opposite of its opposite.
    fn windowed(&mut self, condition: &Condition) -> String {
        let since = self.arg(Value::Int(self.frame.today - condition.days.unwrap_or(0)));
        let (figure, filter) = if condition.field.key == "orders" {
            ("COUNT(DISTINCT o.day)", String::new())
        } else {
            let currency = self.arg(Value::Text(self.frame.currency.clone()));
            ("CAST(SUM(o.amount_minor) AS BIGINT)", format!(" AND o.currency = {currency}"))
        };
        let holds = self.number(figure, condition.op, &condition.operand);
        let of_zero = zero_fulfils(condition.op, &condition.operand);
        let having = if of_zero { format!("NOT ({holds})") } else { holds };
        let set = self.set(&format!(
            "SELECT rc.customer_id AS id FROM orders o CROSS JOIN record_customers rc
             WHERE o.workspace_id = $1 AND rc.workspace_id = o.workspace_id AND rc.record_id = o.record_id AND o.status IN ('paid', 'new') AND o.day > {since}{filter} GROUP BY rc.customer_id HAVING {having}"
        ));
        if of_zero { format!("NOT ({set})") } else { set }
    }

    /// Orders that were cancelled or came back; who has none has zero of them.
    fn sent_back(&mut self, condition: &Condition) -> String {
        let since = condition.days.map(|days| {
            let place = self.arg(Value::Int(self.frame.today - days));
            format!(" AND o.day > {place}")
        });
        // Zero is a number too: what it fulfils is asked the other way round, of those who have some.
        let of_zero = zero_fulfils(condition.op, &condition.operand);
        let count = self.number("COUNT(*)", condition.op, &condition.operand);
        let having = if of_zero { format!("NOT ({count})") } else { count };
        let set = self.set(&format!(
            "SELECT rc.customer_id AS id FROM orders o CROSS JOIN record_customers rc
             WHERE o.workspace_id = $1 AND rc.workspace_id = o.workspace_id AND rc.record_id = o.record_id AND o.status IN ('cancelled', 'returned'){} GROUP BY rc.customer_id HAVING {having}",
            since.unwrap_or_default()
        ));
        if of_zero { format!("NOT ({set})") } else { set }
    }

    fn bought(&mut self, condition: &Condition) -> String {
        let what = match &condition.operand {
            Operand::Ids(ids) => format!("g.category_id IN {}", self.ids(ids)),
            Operand::Text(text) => self.contains("g.title_key", text),
            _ => return never(),
        };
        let since = condition.days.map(|days| {
            let place = self.arg(Value::Int(self.frame.today - days));
            format!(" AND o.day > {place}")
        });
        self.set(&format!(
            "SELECT DISTINCT rc.customer_id AS id
             FROM products g CROSS JOIN order_lines l CROSS JOIN orders o CROSS JOIN record_customers rc
             WHERE g.workspace_id = $1 AND l.workspace_id = g.workspace_id AND l.product_id = g.id
               AND o.workspace_id = l.workspace_id AND o.id = l.order_id
               AND rc.workspace_id = o.workspace_id AND rc.record_id = o.record_id AND {what} AND o.status IN ('paid', 'new'){}",
            since.unwrap_or_default()
        ))
    }

    /// A contact that works, with a basis, and no withdrawal. The stop-list holds hashes and is asked at launch.
    fn reachable(&mut self, channel: &str) -> String {
        let kind = if channel == "email" { "email" } else { "phone" };
        let sources =
            self.frame.sources.iter().find(|(name, _)| *name == channel).map(|(_, ids)| ids.clone());
        let sources = sources.unwrap_or_default();
        let declared =
            if sources.is_empty() { never() } else { format!("x.source_id IN {}", self.ids(&sources)) };
        let (given, withdrawn) = (self.said(channel, "given"), self.said(channel, "withdrawn"));
        let dead = self.set(&format!(
            "SELECT DISTINCT {NOW_ID} AS id FROM dead_customers x {ALIAS} WHERE x.workspace_id = $1"
        ));
        let works = |extra: &str| {
            format!(
                "SELECT DISTINCT x.customer_id AS id FROM contact_points x
                 LEFT JOIN contact_states t ON t.workspace_id = x.workspace_id AND t.kind = x.kind AND t.value = x.value
                 WHERE x.workspace_id = $1 AND x.kind = '{kind}' AND COALESCE(t.state, 'ok') IN ('ok', 'soft_bounced'){extra}"
            )
        };
        let any = self.set(&works(""));
        let by_source = self.set(&works(&format!(" AND {declared}")));
        format!("(NOT ({dead}) AND NOT ({withdrawn}) AND ({by_source} OR ({any} AND {given})))")
    }

    /// People whose last word on marketing through a channel is this one.
    fn said(&mut self, channel: &str, state: &str) -> String {
        let (channel, state) =
            (self.arg(Value::Text(channel.to_owned())), self.arg(Value::Text(state.to_owned())));
        let purpose = self.arg(Value::Text("marketing".to_owned()));
        self.last_word(&channel, &purpose, &state)
    }

    fn last_word(&mut self, channel: &str, purpose: &str, state: &str) -> String {
        self.set(&format!(
            "SELECT y.id FROM (SELECT {NOW_ID} AS id, x.state, ROW_NUMBER() OVER (PARTITION BY {NOW_ID} ORDER BY x.at DESC, x.id DESC) AS n
             FROM consents x {ALIAS} WHERE x.workspace_id = $1 AND x.purpose = {purpose} AND x.channel IN ({channel}, 'all')) y WHERE y.n = 1 AND y.state = {state}"
        ))
    }

    fn consent(&mut self, channel: &str, words: &[String]) -> String {
        let purpose = if channel == "auto_call" { "automatic_calls" } else { "marketing" };
        let mut any = Vec::new();
        for word in words {
            let state = |maker: &mut Self, state: &str| {
                let channel = maker.arg(Value::Text(channel.to_owned()));
                let purpose = maker.arg(Value::Text(purpose.to_owned()));
                let state = maker.arg(Value::Text(state.to_owned()));
                maker.last_word(&channel, &purpose, &state)
            };
            any.push(match word.as_str() {
                "none" => {
                    let (given, withdrawn) = (state(self, "given"), state(self, "withdrawn"));
                    format!("NOT ({given} OR {withdrawn})")
                }
                word => state(self, word),
            });
        }
        format!("({})", any.join(" OR "))
    }

    /// Reactions are read from the campaigns' own state: the circle closes in data, not in code.
    fn reaction(&mut self, words: &[String], campaign: Option<i64>) -> String {
        let tests: Vec<&str> = words
            .iter()
            .map(|word| match word.as_str() {
                "treated" => "NOT x.holdout",
                "holdout" => "x.holdout",
                "clicked" => "(NOT x.holdout AND x.clicked)",
                "subscribed" => "(NOT x.holdout AND x.outcome = 'subscribed')",
                "agreed" => "(NOT x.holdout AND x.outcome = 'agreed')",
                "refused" => "(NOT x.holdout AND x.outcome = 'refused')",
                "bought" => "(NOT x.holdout AND x.bought_at IS NOT NULL)",
                "dead" => "(NOT x.holdout AND x.dead)",
                "silent" => "(NOT x.holdout AND NOT x.dead AND NOT x.clicked AND x.outcome = 'none' AND x.bought_at IS NULL AND x.ended_at IS NULL)",
                _ => "1 = 0",
            })
            .collect();
        let only = campaign.map(|id| {
            let place = self.arg(Value::Int(id));
            format!(" AND x.campaign_id = {place}")
        });
        self.set(&format!(
            "SELECT DISTINCT {NOW_ID} AS id FROM campaign_members x {ALIAS} WHERE x.workspace_id = $1{} AND ({})",
            only.unwrap_or_default(),
            tests.join(" OR ")
        ))
    }
}

fn never() -> String {
    "1 = 0".to_owned()
}

fn sign(op: Op) -> &'static str {
    match op {
        Op::Ne => "<>",
        Op::Gt => ">",
        Op::Gte => ">=",
        Op::Lt => "<",
        Op::Lte => "<=",
        _ => "=",
    }
}

fn zero_fulfils(op: Op, operand: &Operand) -> bool {
    match (op, operand) {
        (Op::Eq, Operand::Number(n)) => *n == 0.0,
        (Op::Ne, Operand::Number(n)) => *n != 0.0,
        (Op::Gt, Operand::Number(n)) => *n < 0.0,
        (Op::Gte, Operand::Number(n)) => *n <= 0.0,
        (Op::Lt, Operand::Number(n)) => *n > 0.0,
        (Op::Lte, Operand::Number(n)) => *n >= 0.0,
        (_, Operand::Range(low, high)) => *low <= 0.0 && *high >= 0.0,
        _ => false,
    }
}
