#![doc = include_str!("../README.md")]

pub mod export;
mod preview;
mod problem;
mod read;
pub mod rules;
mod table;

pub use preview::{Column, Preview, TableKind, Warning, sniff};
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
