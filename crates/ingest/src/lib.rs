#![doc = include_str!("../README.md")]

mod api;
pub mod export;
pub mod import;
mod preview;
mod problem;
mod read;
pub mod rules;
mod store;
mod table;
mod uploads;

pub use api::{ImportView, routes};
pub use import::{
    Change, Import, ImportState, NewFile, OrdersStep, PeopleStep, RUN_JOB, Steps, UNDO_JOB, begin_import,
    erased_hash, remembered_of, run_import, undo_import, write_reject_files,
};
pub use preview::{Column, Preview, TableKind, Warning, sniff, sniff_with};
pub use problem::{Cause, Reason, Reject, Unusable};
pub use read::Input;
pub use rules::{
    dates::DateOrder,
    items::{Item, product_key},
    mapping::{ConsentSection, Mapping, MappingFault},
    money::Decimal,
    record::Cells,
    role::Role,
    status::OrderStatus,
};
pub use table::{At, Row, Setting, Shape, Table, read_table};
pub use uploads::sweep_uploads;
