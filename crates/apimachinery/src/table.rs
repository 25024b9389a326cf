//! Tables, and objects reduced to their metadata: the two forms other than its own in which a client may ask for
//! an object (`meta.k8s.io/v1` `Table`, `PartialObjectMetadata`).

mod partial;
#[cfg(test)]
mod tests;

pub use partial::{
    list_instead_of_object, object_instead_of_list, partial_object_metadata, partial_object_metadata_list,
};

use serde_json::{Map, Value, json};

use crate::field::{FieldError, Path};
use crate::options::Query;
use crate::status::Status;

/// A column of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ColumnDefinition {
    /// The heading.
    pub name: String,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    pub column_type: String,
    /// What the value is beyond its type; `name` marks the column that names the row.
    pub format: String,
    /// What the column says.
    pub description: String,
    /// 0 for columns that are always shown, more for those that are shown when asked for.
    pub priority: i32,
}

impl ColumnDefinition {
    /// A column that is always shown.
    pub fn new(name: &str, column_type: &str, description: &str) -> Self {
        Self {
            name: name.to_owned(),
            column_type: column_type.to_owned(),
            description: description.to_owned(),
            ..Self::default()
        }
    }

    /// The column that names the row.
    pub fn naming(name: &str, description: &str) -> Self {
        Self { format: "name".to_owned(), ..Self::new(name, "string", description) }
    }

    /// The same column, shown only when asked for.
    #[must_use]
    pub fn wide(self) -> Self {
        Self { priority: 1, ..self }
    }

    fn to_document(&self) -> Value {
        json!({
            "name": self.name,
            "type": self.column_type,
            "format": self.format,
            "description": self.description,
            "priority": self.priority,
        })
    }
}

/// A row that looks different from others, such as that of a pod that has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowCondition {
    /// What holds of the row: `Completed`.
    pub condition_type: String,
    /// Why.
    pub reason: String,
    /// Why, for people.
    pub message: String,
}

/// A row of a table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// One value per column.
    pub cells: Vec<Value>,
    /// What holds of the row.
    pub conditions: Vec<RowCondition>,
}

impl Row {
    /// A row without conditions.
    pub fn new(cells: Vec<Value>) -> Self {
        Self { cells, conditions: Vec::new() }
    }
}

/// What a row has of its object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IncludeObject {
    /// Nothing.
    None,
    /// Its metadata.
    #[default]
    Metadata,
    /// All of it.
    Object,
}

/// What a client asks of a table (`meta.k8s.io/v1` `TableOptions`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableOptions {
    /// What rows have of their objects.
    pub include_object: IncludeObject,
    /// Whether the columns are left out, as in all events of a watch but the first.
    pub no_headers: bool,
}

impl TableOptions {
    /// Reads the options. Fails with a bad request where `includeObject` is something unknown.
    pub fn decode(query: Query<'_>) -> Result<Self, Box<Status>> {
        let include_object = match query.get("includeObject").unwrap_or_default() {
            "" | "Metadata" => IncludeObject::Metadata,
            "None" => IncludeObject::None,
            "Object" => IncludeObject::Object,
            unknown => {
                let message = "must be 'Metadata', 'Object', 'None', or empty";
                let error = FieldError::invalid(&Path::new("includeObject"), unknown, message);
                let message = format!("Unable to convert to Table as requested: {error}");
                return Err(Box::new(Status::bad_request(message)));
            }
        };
        Ok(Self { include_object, no_headers: query.boolean("noHeaders").unwrap_or_default() })
    }
}

/// A table of objects. `metadata` is that of the list, or of the single object: of it only what lists have is
/// kept. `rows` are the rows with the objects that they are about.
pub fn table<'o>(
    columns: &[ColumnDefinition],
    metadata: &Value,
    rows: impl IntoIterator<Item = (Row, &'o Value)>,
    options: TableOptions,
) -> Value {
    let columns: Value = if options.no_headers {
        Value::Null
    } else {
        columns.iter().map(ColumnDefinition::to_document).collect()
    };
    let rows: Value =
        rows.into_iter().map(|(row, object)| row_document(row, object, options.include_object)).collect();
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": list_metadata(metadata),
        "columnDefinitions": columns,
        "rows": rows,
    })
}

/// The members of metadata that lists have.
fn list_metadata(metadata: &Value) -> Value {
    let names = ["resourceVersion", "continue", "remainingItemCount"];
    let kept = names.iter().filter_map(|name| {
        let value = metadata.get(name).filter(|value| !value.is_null())?;
        Some(((*name).to_owned(), value.clone()))
    });
    kept.collect::<Map<_, _>>().into()
}

fn row_document(row: Row, object: &Value, include_object: IncludeObject) -> Value {
    let object = match include_object {
        IncludeObject::None => Value::Null,
        IncludeObject::Metadata => partial_object_metadata(object),
        IncludeObject::Object => object.clone(),
    };
    let mut document = json!({"cells": row.cells, "object": object});
    if !row.conditions.is_empty() {
        document["conditions"] = row
            .conditions
            .iter()
            .map(|condition| {
                json!({
                    "type": condition.condition_type,
                    "status": "True",
                    "reason": condition.reason,
                    "message": condition.message,
                })
            })
            .collect();
    }
    document
}
