//! Bodies without anything remarkable into objects, in one pass.
//!
//! Nearly all bodies are well-formed objects of their type in which nothing is repeated or unknown. They are read along
//! the type, straight into the document that [`Schema::decode_json`] would give, without the tree in between and
//! without the two walks over it. Whatever is out of the ordinary ends the attempt, and the body is read again in the
//! way that finds out what there is to say about it. So nothing here makes messages.

use apimachinery::members::member;
use serde_json::{Map, Value};

use super::super::json::Reader;
use super::super::normalise::is_zero;
use super::super::scalar::{canonical_quantity, decode_base64, encode_base64};
use super::super::{Field, Resolved, Schema, Ty, Type};
use super::walk::own_code;

/// Types with more fields are not read in this way.
const N_FIELDS_MAX: usize = 128;

impl Schema {
    /// Decodes a JSON text as an object of a type if there is nothing to say about it: the same as
    /// [`Schema::decode_json`] without strict errors. `None` says only that it has to be decoded in that way.
    pub fn decode_plain_json(&self, of: &Type, text: &[u8]) -> Option<Value> {
        let mut direct = Direct { schema: self, reader: Reader::new(text) };
        direct.reader.skip_blanks();
        let value = direct.value(&Ty::Named(of.id)).ok()??;
        direct.reader.skip_blanks();
        (value.is_object() && direct.reader.peek().is_none()).then_some(value)
    }
}

struct Direct<'t> {
    schema: &'t Schema,
    reader: Reader<'t>,
}

/// Something out of the ordinary.
struct Remarkable;

type Read<T> = Result<T, Remarkable>;

fn ordinary<T>(value: Option<T>) -> Read<T> {
    value.ok_or(Remarkable)
}

impl Direct<'_> {
    /// A value of a type, normalised; `None` is null.
    fn value(&mut self, ty: &Ty) -> Read<Option<Value>> {
        self.reader.skip_blanks();
        if self.reader.peek() == Some(b'n') {
            return match self.reader.node() {
                Some(super::super::json::Node::Null) => Ok(None),
                _ => Err(Remarkable),
            };
        }
        let schema = self.schema;
        let value = match schema.resolve(ty) {
            Resolved::Object(of, fields) => self.structure(of, fields)?,
            Resolved::Text(_) => Value::String(self.text()?),
            Resolved::Other(ty) => match ty {
                Ty::List(of) => self.list(of)?,
                Ty::Map(_, of) => self.map(of)?,
                Ty::Boolean => match ordinary(self.reader.node())? {
                    super::super::json::Node::Bool(value) => Value::Bool(value),
                    _ => return Err(Remarkable),
                },
                Ty::Int32 => {
                    let number = i32::try_from(ordinary(self.reader.whole_number())?);
                    Value::Number(number.map_err(|_| Remarkable)?.into())
                }
                Ty::Int64 => Value::Number(ordinary(self.reader.whole_number())?.into()),
                Ty::Bytes => {
                    let bytes = decode_base64(&self.text()?).map_err(|_| Remarkable)?;
                    Value::String(encode_base64(&bytes))
                }
                Ty::Quantity if self.reader.peek() == Some(b'"') => {
                    Value::String(canonical_quantity(&self.text()?).map_err(|_| Remarkable)?)
                }
                Ty::Float64 | Ty::SchemaOrBool | Ty::SchemaOrArray | Ty::SchemaOrStrings => {
                    return Err(Remarkable);
                }
                scalar => {
                    let node = ordinary(self.reader.node())?;
                    return own_code(node, scalar).map_err(|_| Remarkable);
                }
            },
        };
        Ok(Some(value))
    }

    fn text(&mut self) -> Read<String> {
        if !self.reader.take(b'"') {
            return Err(Remarkable);
        }
        self.reader.string().map_err(|_| Remarkable)
    }

    /// Calls `item` for each item between two brackets.
    fn each(&mut self, open: u8, close: u8, mut item: impl FnMut(&mut Self) -> Read<()>) -> Read<()> {
        if !self.reader.take(open) {
            return Err(Remarkable);
        }
        ordinary(self.reader.enter())?;
        if !self.reader.take(close) {
            loop {
                item(self)?;
                if self.reader.take(close) {
                    break;
                }
                if !self.reader.take(b',') {
                    return Err(Remarkable);
                }
            }
        }
        self.reader.leave();
        Ok(())
    }

    fn structure(&mut self, of: &Type, fields: &[Field]) -> Read<Value> {
        if fields.len() > N_FIELDS_MAX {
            return Err(Remarkable);
        }
        let plan = self.schema.plan(of.id);
        let mut members = Map::new();
        let mut seen: u128 = 0;
        self.each(b'{', b'}', |direct| {
            let name = ordinary(direct.reader.plain_string())?;
            let at = ordinary(plan.find(fields, name))?;
            let field = &fields[at];
            if seen & 1 << at != 0 || !direct.reader.take(b':') {
                return Err(Remarkable);
            }
            seen |= 1 << at;
            if let Some(value) = direct.value(&field.ty)?
                && !(plan.step(at).drops_zero && is_zero(&value))
            {
                members.insert(field.name.to_owned(), value);
            }
            Ok(())
        })?;
        for at in &plan.printed {
            let field = &fields[usize::from(*at)];
            if member(&members, field.name).is_none()
                && let Some(printed) = self.schema.printed_for(of, field)
            {
                members.insert(field.name.to_owned(), printed);
            }
        }
        Ok(Value::Object(members))
    }

    fn list(&mut self, of: &Ty) -> Read<Value> {
        let mut items = Vec::new();
        self.each(b'[', b']', |direct| {
            items.push(ordinary(direct.value(of)?)?);
            Ok(())
        })?;
        Ok(Value::Array(items))
    }

    fn map(&mut self, of: &Ty) -> Read<Value> {
        let mut members = Map::new();
        self.each(b'{', b'}', |direct| {
            let name = ordinary(direct.reader.plain_string())?.to_owned();
            if !direct.reader.take(b':') {
                return Err(Remarkable);
            }
            let value = ordinary(direct.value(of)?)?;
            if members.insert(name, value).is_some() { Err(Remarkable) } else { Ok(()) }
        })?;
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(kind: &str, text: &str, is_plain: bool) {
        let schema = Schema::get();
        let of = schema.type_of("", "v1", kind).expect(kind);
        let plain = schema.decode_plain_json(of, text.as_bytes());
        assert_eq!(plain.is_some(), is_plain, "{text}");
        if let Some(value) = plain {
            let decoded = schema.decode_json(of, text.as_bytes()).expect("what is plain decodes");
            assert_eq!((decoded.value, decoded.strict), (value, Vec::new()), "{text}");
        }
    }

    #[test]
    fn ordinary_bodies_are_read_at_once() {
        check("Pod", "{}", true);
        let pod = json!({
            "kind": "Pod",
            "apiVersion": "v1",
            "metadata": {
                "name": "a", "creationTimestamp": null, "labels": {"x": "\u{e4}\n"}, "annotations": {},
                "managedFields": [{"fieldsV1": {"f:spec": {}}, "time": "2026-01-01T00:00:00Z"}],
            },
            "spec": {
                "containers": [{
                    "name": "c", "image": "", "resources": {"limits": {"cpu": "1000m", "memory": 5}},
                    "ports": [{"containerPort": 80, "hostPort": 0}], "stdin": false, "tty": true,
                    "livenessProbe": {"httpGet": {"port": "http"}}, "readinessProbe": {"httpGet": {"port": 80}},
                }],
                "volumes": [], "terminationGracePeriodSeconds": 0, "hostNetwork": false, "nodeName": "",
            },
            "status": {},
        });
        check("Pod", &pod.to_string(), true);
        check("Pod", &format!(" {pod:#}\n"), true);
        check("Secret", r#"{"data":{"a":"aGk=","b":""},"immutable":false}"#, true);
        check("PodList", r#"{"items":null}"#, true);
    }

    #[test]
    fn whatever_is_remarkable_is_left_to_the_long_way() {
        for text in [
            "",
            "null",
            "[]",
            "{",
            "{} x",
            r#"{"x":1}"#,
            r#"{"Kind":"Pod"}"#,
            r#"{"kind":"Pod","kind":"Pod"}"#,
            r#"{"spec":{"hostNetwork":false,"hostNetwork":false}}"#,
            r#"{"metadata":{"labels":{"a":"b","a":"b"}}}"#,
            r#"{"metadata":{"labels":{"a":null}}}"#,
            r#"{"metadata":{"generation":01}}"#,
            r#"{"metadata":{"generation":1.0}}"#,
            r#"{"metadata":{"generation":"1"}}"#,
            r#"{"metadata":{"name":1}}"#,
            r#"{"metadata":{"n\u0061me":"x"}}"#,
            r#"{"metadata":{"name":"x",}}"#,
            r#"{"spec":{"containers":[null]}}"#,
            r#"{"spec":{"containers":[{"resources":{"limits":{"cpu":"x"}}}]}}"#,
            r#"{"spec":{"hostNetwork":nul}}"#,
            r#"{"spec":{"priority":4294967296}}"#,
        ] {
            check("Pod", text, false);
        }
    }
}
