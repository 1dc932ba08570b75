//! The few places where one SQL text cannot serve both engines.

use crate::{Engine, Tx};

/// Put behind the inner SELECT of a claim: PostgreSQL's workers pass over rows that another holds; SQLite has one writer.
pub fn skip_locked(tx: &Tx) -> &'static str {
    match tx.engine() {
        Engine::Postgres => " FOR UPDATE SKIP LOCKED",
        Engine::Sqlite => "",
    }
}

/// The `n`-th argument as a list of BIGINTs given as JSON text (`[1,2,3]`): one statement text for any length.
pub fn id_list(engine: Engine, n: usize) -> String {
    match engine {
        Engine::Postgres => {
            format!("(SELECT CAST(value AS BIGINT) FROM json_array_elements_text(CAST(${n} AS json)))")
        }
        Engine::Sqlite => format!("(SELECT value FROM json_each(${n}))"),
    }
}

/// The n-th argument as a list of texts given as JSON text (`["a","b"]`).
pub fn text_list(engine: Engine, n: usize) -> String {
    match engine {
        Engine::Postgres => format!("(SELECT value FROM json_array_elements_text(CAST(${n} AS json)))"),
        Engine::Sqlite => format!("(SELECT value FROM json_each(${n}))"),
    }
}
