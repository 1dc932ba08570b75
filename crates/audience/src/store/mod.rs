//! Segments, frozen audiences, and who of them can be reached.

mod ads;
mod audiences;
mod customers;
mod segments;
mod waterfall;
mod words;

pub use ads::{AdAudience, ad_audience};
pub use audiences::{freeze, members, open, salt};
pub use customers::{Line, count, count_rule, customers, lines};
pub use segments::{
    Segment, add_segment, change_segment, list_segments, remove_segment, rule_of, segment_by_name,
};
pub use waterfall::{HOLDOUT, REMAINING, Step, Waterfall, WaterfallAsk, waterfall};
pub(crate) use words::{categories, cities, last_campaigns};
