//! The parameters of a workload, which op-codes refer to as `$name`.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::SIZE_MAX;
use super::opcodes::TemplateParams;
use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;

/// Named values, and which of them have been asked for.
pub(super) struct Params {
    values: BTreeMap<String, Value>,
    used: RefCell<BTreeSet<String>>,
}

impl Params {
    pub(super) fn new(values: BTreeMap<String, Value>) -> Params {
        Params { values, used: RefCell::default() }
    }

    /// The value of a reference such as `$initNodes`.
    pub(super) fn get(&self, field: &str, reference: &str) -> Result<&Value> {
        let Some(name) = reference.strip_prefix('$') else {
            bail!("{field}: {reference:?} must begin with $, such as $initNodes");
        };
        self.value(name).ok_or_else(|| anyhow!("{field}: the workload has no parameter {name:?}"))
    }

    /// The value of a name, if there is one.
    pub(super) fn value(&self, name: &str) -> Option<&Value> {
        self.used.borrow_mut().insert(name.to_owned());
        self.values.get(name)
    }

    /// A number that stands in `field` or, if `field`Param is given, in the parameter it names.
    pub(super) fn count(
        &self,
        field: &str,
        given: Option<u64>,
        reference: Option<&str>,
    ) -> Result<Option<u64>> {
        let (field, number) = match reference {
            None => (field.to_owned(), given),
            Some(reference) => {
                let field = format!("{field}Param");
                let value = self.get(&field, reference)?;
                let number =
                    value.as_u64().or_else(|| value.as_f64().filter(|n| *n >= 0.0).map(|n| n as u64));
                if number.is_none() {
                    bail!("{field}: parameter {reference} is {value}, which is no count");
                }
                (field, number)
            }
        };
        match number {
            Some(number) if number > SIZE_MAX => {
                bail!("{field}: {number} is more than fits into any memory; the most is {SIZE_MAX}")
            }
            number => Ok(number),
        }
    }

    /// As [`Params::count`], for what must be given.
    pub(super) fn required_count(
        &self,
        field: &str,
        given: Option<u64>,
        reference: Option<&str>,
    ) -> Result<u64> {
        let count = self.count(field, given, reference)?;
        count.with_context(|| format!("{field} or {field}Param must be given"))
    }

    /// A truth value.
    pub(super) fn flag(&self, field: &str, given: bool, reference: Option<&str>) -> Result<bool> {
        let Some(reference) = reference else { return Ok(given) };
        let field = format!("{field}Param");
        let value = self.get(&field, reference)?;
        value
            .as_bool()
            .with_context(|| format!("{field}: parameter {reference} is {value}, not true or false"))
    }

    /// A span of time such as `10s`.
    pub(super) fn duration(
        &self,
        field: &str,
        given: Option<&str>,
        reference: Option<&str>,
    ) -> Result<Option<std::time::Duration>> {
        let (field, text) = match reference {
            None => (field.to_owned(), given),
            Some(reference) => {
                let field = format!("{field}Param");
                let value = self.get(&field, reference)?;
                let Some(text) = value.as_str() else {
                    bail!("{field}: parameter {reference} is {value}, not a duration such as \"10s\"");
                };
                (field, Some(text))
            }
        };
        let Some(text) = text else { return Ok(None) };
        let duration: wire::config::Duration = text.parse().with_context(|| field.clone())?;
        let duration = duration.to_std().with_context(|| format!("{field}: {text} is negative"))?;
        Ok(Some(duration))
    }

    /// Values for a template, with those of the workload in the place of `$name`.
    pub(super) fn for_template(&self, given: &TemplateParams) -> Result<TemplateParams> {
        let resolved = given.iter().map(|(name, value)| {
            let value = match value.as_str() {
                Some(text) if text.starts_with('$') => self.get("templateParams", text)?.clone(),
                _ => value.clone(),
            };
            Ok((name.clone(), value))
        });
        resolved.collect()
    }

    /// The parameters that nobody has asked for.
    pub(super) fn unused(&self) -> Vec<&str> {
        let used = self.used.borrow();
        self.values.keys().filter(|name| !used.contains(*name)).map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn params() -> Params {
        let values = json!({"nodes": 5, "duration": "1m30s", "steady": true, "word": "x"});
        Params::new(serde_json::from_value(values).expect("a map"))
    }

    #[test]
    fn references_are_resolved_and_the_rest_is_unused() {
        let params = params();
        assert_eq!(params.count("count", Some(1), Some("$nodes")).expect("a count"), Some(5));
        assert_eq!(params.count("count", Some(1), None).expect("a count"), Some(1));
        assert!(params.flag("steadyState", false, Some("$steady")).expect("a flag"));
        let duration = params.duration("duration", None, Some("$duration")).expect("a duration");
        assert_eq!(duration, Some(std::time::Duration::from_secs(90)));
        assert_eq!(params.unused(), ["word"]);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_field() {
        let params = params();
        let check = |result: Result<Option<u64>>, wanted: &str| {
            assert_eq!(result.expect_err("an error").to_string(), wanted);
        };
        check(
            params.count("count", None, Some("nodes")),
            "countParam: \"nodes\" must begin with $, such as $initNodes",
        );
        check(
            params.count("count", None, Some("$pods")),
            "countParam: the workload has no parameter \"pods\"",
        );
        check(
            params.count("count", None, Some("$word")),
            "countParam: parameter $word is \"x\", which is no count",
        );
        let missing = params.required_count("count", None, None).expect_err("an error");
        assert_eq!(missing.to_string(), "count or countParam must be given");
        let no_time = params.duration("duration", Some("5"), None).expect_err("an error");
        assert!(format!("{no_time:#}").starts_with("duration: "), "{no_time:#}");
    }
}
