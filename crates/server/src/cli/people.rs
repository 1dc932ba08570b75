//! Members, tokens, and the rights of a person whose data this is.

use std::io::Read;

use access::Role;
use basis::{CustomerId, Fault, Lang};
use clap::{Args, Subcommand};
use serde_json::json;

use super::Where;
use crate::exit;

#[derive(Debug, Subcommand)]
pub enum User {
    /// Adds a member; the password is read from stdin.
    Add(AddUser),
}

#[derive(Debug, Args)]
pub struct AddUser {
    #[command(flatten)]
    place: Where,
    #[arg(long)]
    email: String,
    /// administrator, marketer, supervisor, operator or client.
    #[arg(long)]
    role: Role,
    /// Shown to colleagues; the e-mail by default.
    #[arg(long)]
    name: Option<String>,
    /// Language of the pages: ru, uk or en; the workspace's by default.
    #[arg(long)]
    language: Option<Lang>,
}

impl User {
    pub async fn run(self) -> Result<(), Fault> {
        let Self::Add(add) = self;
        let op = add.place.op_or_first().await?;
        let mut password = String::new();
        std::io::stdin().read_to_string(&mut password).map_err(|e| {
            Fault::invalid("password", format!("the password cannot be read from stdin: {e}"))
        })?;
        let password = password.trim_end_matches(['\r', '\n']).to_owned();
        let name = add.name.unwrap_or_else(|| add.email.clone());
        let language = add.language.unwrap_or(op.workspace.language);
        let id = access::add_user(&op.app, op.ws(), &add.email, &name, add.role, language, password).await?;
        exit::say(&format!("otklik: {} is {} now", add.email, add.role));
        exit::print_json(&json!({ "user_id": id }))
    }
}

#[derive(Debug, Subcommand)]
pub enum Token {
    /// Makes an API token; it is shown this once.
    Add(AddToken),
}

#[derive(Debug, Args)]
pub struct AddToken {
    #[command(flatten)]
    place: Where,
    /// administrator, marketer, supervisor, operator or client.
    #[arg(long)]
    role: Role,
    /// What it is for.
    #[arg(long, default_value = "command line")]
    name: String,
}

impl Token {
    pub async fn run(self) -> Result<(), Fault> {
        let Self::Add(add) = self;
        let op = add.place.op_or_first().await?;
        let (_, token) = access::add_token(&op.app, op.ws(), &add.name, add.role).await?;
        exit::print_json(&json!({ "token": token }))
    }
}

#[derive(Debug, Args)]
pub struct Erase {
    #[command(flatten)]
    place: Where,
    customer_id: CustomerId,
}

impl Erase {
    pub async fn run(self) -> Result<(), Fault> {
        let op = self.place.op().await?;
        identity::erase(&op, self.customer_id).await?;
        crate::jobs::drain(&op.app).await?;
        exit::say("otklik: erased; the same file imported again does not bring the person back");
        exit::print_json(&json!({ "erased": self.customer_id }))
    }
}

#[derive(Debug, Args)]
pub struct Export {
    #[command(flatten)]
    place: Where,
    customer_id: CustomerId,
}

impl Export {
    pub async fn run(self) -> Result<(), Fault> {
        let op = self.place.op().await?;
        let known = identity::export_person(&op, self.customer_id).await?;
        exit::print_json(&known)
    }
}
