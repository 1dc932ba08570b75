//! Templates, and what letters may say of the people they go to.

mod recipients;
mod templates;

pub use recipients::{Recipient, recipients, sample_customers, sender_of};
pub use templates::{Bodies, TemplateKind, add_template, change_template, list_templates, remove_template};
