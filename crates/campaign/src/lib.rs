#![doc = include_str!("../README.md")]

mod api;
mod file;
mod journey;
mod launch;
mod members;
mod restored;
pub mod rules;
mod store;
mod tick;

pub use api::{PreLaunch, routes};
pub use file::{FileDraft, parse_file};
pub use journey::{EnterJob, Entering, Whom, pass_by, preview, run_enter, send, step_taken, step_targets};
pub use launch::{check, launch, run_launch};
pub use members::{
    end_for_customer, forget_click, mark_dead, may_still, note_click, note_goal, record_order,
    record_reaction, running_campaigns_of, wave_targets,
};
pub use restored::{pause_restored, stop_due_of_restored};
pub use rules::variants::{Bodies, TextChange, VariantDraft, VariantNo, shares};
pub use rules::{
    Channel, Draft, Entry, Finding, Goal, Kind, LanguageRule, Outcome, Severity, State, Target, WaveDraft,
};
pub use store::{
    Campaign, Wave, WaveContent, WaveState, campaign, contact_expires_at, create, finish_wave, list,
    next_wave, pause, resume, stop, update, wave_content, waves,
};
pub use tick::tick;

/// The kind of the job that freezes the audience of a launched campaign.
pub const JOB_LAUNCH: &str = "campaign.launch";
/// The kind of the job that takes people into a journey.
pub const JOB_ENTER: &str = "campaign.enter";
/// The kind of the job that plans a wave's ledger rows; `channel` does it.
pub const JOB_PLAN_WAVE: &str = "channel.plan_wave";
