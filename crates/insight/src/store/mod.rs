//! SQL of this slice. Orders and customers are read, never written.

mod benchmarks;
mod campaigns;
mod changes;
mod dictionary;
mod inputs;
mod people;
mod profiles;
mod purchases;
mod reasons;
mod refusals;
mod state;
mod talks;
mod touches;

pub use benchmarks::{own_benchmarks, remove_benchmark, set_benchmark};
pub use campaigns::{AddressedRow, addressed, window_days};
pub use changes::{Change, customers_of_import, due, mark, mark_records, settle};
pub use dictionary::{add_reason, dictionary, set_reason};
pub use inputs::{InputRow, inputs, remove_input, set_input};
pub use people::{Face, contact_values, current_id, faces};
pub use profiles::{
    MoveCount, StageMove, StoredProfile, forget_profiles, log_moves, move_counts, moved, moves, moves_of,
    profile_count, profiles, profiles_of, write_profiles,
};
pub use purchases::{LeftOutOrders, left_out, purchases, purchases_of};
pub use reasons::{LeavingReason, leaving_reasons};
pub use refusals::refusals;
pub use state::{State, model, publish_model, set_state, state};
pub use talks::{TalkFilter, TalkRow, talks};
pub use touches::{TouchRow, touches};
