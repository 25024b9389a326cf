//! What columns say about themselves.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::kind::Column;

/// Published descriptions of fields by `Type.field`. They are part of the wire format, unlike those of the schema table,
/// which are only read by people.
static DESCRIPTIONS: LazyLock<BTreeMap<&'static str, String>> =
    LazyLock::new(|| parse(include_str!("../../schema/columns.descriptions")));

/// The description of a column. Where the column shows a field it is the field's, as upstream publishes it.
pub fn describe(column: &Column) -> &str {
    match column.description.strip_prefix("D:") {
        Some(place) => DESCRIPTIONS.get(place).map_or("", String::as_str),
        None => column.description,
    }
}

fn parse(text: &'static str) -> BTreeMap<&'static str, String> {
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    let rows = rows.filter_map(|line| {
        let (place, quoted) = line.split_once(' ')?;
        Some((place, serde_json::from_str(quoted).ok()?))
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_read() {
        let text = include_str!("../../schema/columns.descriptions");
        let n_rows = text.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(parse(text).len(), n_rows, "a row is not well-formed, or there twice");
    }
}
