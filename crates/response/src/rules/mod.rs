//! Pure rules: what a request or an incoming message means. No SQL, no HTTP, no clock.

pub mod answer;
pub mod credit;
pub mod inbound;
pub mod page;
pub mod texts;
pub mod verdict;
