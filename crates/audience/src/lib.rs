#![doc = include_str!("../README.md")]

mod api;
pub mod rules;
mod store;

pub use api::routes;
pub use rules::holdout::{draw, held_out};
pub use store::{
    AdAudience, Line, Segment, Step, Waterfall, WaterfallAsk, ad_audience, add_segment, change_segment,
    count, count_rule, customers, freeze, list_segments, members, open, remove_segment, rule_of, salt,
    segment_by_name, waterfall,
};
