#![doc = include_str!("../README.md")]

mod api;
pub mod rules;
mod store;

pub use api::routes;
pub use rules::holdout::{draw, held_out};
pub use store::{
    Line, Segment, Step, Waterfall, WaterfallAsk, add_segment, change_segment, count, count_rule, customers,
    freeze, list_segments, members, open, remove_segment, rule_of, salt, segment_by_name, waterfall,
};
