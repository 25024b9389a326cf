//! Objects as rows of a table.

use jiff::Timestamp;
use serde_json::Value;

/// A column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// `Ready`.
    pub name: &'static str,
    /// `string`, `integer`, `number`, `boolean`, `date`.
    pub ty: &'static str,
    /// `name` for the first column, or empty.
    pub format: &'static str,
    /// 0 is always shown, 1 with `-o wide`.
    pub priority: i32,
    /// What it is. `D:Type.field` stands for that field's description in the schema table (`D:name` and `D:age` for
    /// those of metadata's name and creationTimestamp).
    pub description: &'static str,
}

/// The columns of a kind and how to fill them.
#[derive(Clone, Copy)]
pub struct Columns {
    /// In order.
    pub columns: &'static [Column],
    /// The cells of an object of the storage version, one for each column. Ages are counted up to the time given.
    pub cells: fn(&Value, Timestamp) -> Vec<Value>,
}

impl Columns {
    /// For kinds without columns of their own: `Name` and `Created At`.
    pub const NONE: Columns = Columns { columns: &[], cells: |_, _| Vec::new() };

    /// Whether the kind has columns of its own.
    pub fn are_given(&self) -> bool {
        !self.columns.is_empty()
    }
}
