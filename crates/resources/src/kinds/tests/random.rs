//! Any object of any kind: nothing panics, defaults are stable, conversions lose nothing.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::differences;
use crate::kind::{Context, Kind};
use crate::kinds::{all, scale, service};
use crate::schema::{Resolved, Schema, Ty, Type};

/// Draws documents of types.
struct Draw(u64);

impl Draw {
    /// The next number below `n` (splitmix64).
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }

    fn pick(&mut self, texts: &[&str]) -> Value {
        texts[self.below(texts.len() as u64) as usize].into()
    }

    fn object(&mut self, of: &Type, depth: u32) -> Value {
        let mut members = Map::new();
        for field in of.fields() {
            // The deeper, the fewer.
            if self.below(u64::from(depth) + 2) < 2 {
                members.insert(field.name.to_owned(), self.value(field.name, &field.ty, depth + 1));
            }
        }
        Value::Object(members)
    }

    fn value(&mut self, name: &str, ty: &Ty, depth: u32) -> Value {
        if self.below(12) == 0 {
            return Value::Null;
        }
        match Schema::get().resolve(ty) {
            Resolved::Object(of, _) => self.object(of, depth),
            Resolved::Text(values) if !values.is_empty() && self.below(6) != 0 => self.pick(values),
            Resolved::Text(_) => match name {
                "type" => self.pick(&[
                    "",
                    "ClusterIP",
                    "ExternalName",
                    "Resource",
                    "Container",
                    "RollingUpdate",
                    "x",
                ]),
                "image" => self.pick(&["", "a", "a:1", "A", "x/y@sha256:1"]),
                _ => self.pick(&["", "a", "default", "Always", "cpu", "1", "10.0.0.1", "v1", "None"]),
            },
            Resolved::Other(ty) => match ty {
                Ty::Boolean => (self.below(2) == 0).into(),
                Ty::Int32 | Ty::Int64 | Ty::Float64 => (self.below(5) as i64 - 1).into(),
                Ty::Bytes => self.pick(&["", "YQ=="]),
                Ty::Time => self.pick(&["2024-01-01T00:00:00Z"]),
                Ty::MicroTime => self.pick(&["2024-01-01T00:00:00.000000Z"]),
                Ty::Duration => self.pick(&["0s", "1m0s"]),
                Ty::Quantity => self.pick(&["0", "1", "100m", "1Gi", "1n", "2500u", "1e-6", "-5"]),
                Ty::IntOrString => match self.below(3) {
                    0 => 0.into(),
                    1 => 3.into(),
                    _ => self.pick(&["", "25%", "http"]),
                },
                Ty::List(of) => {
                    let n = self.below(3);
                    (0..n).map(|_| self.value(name, of, depth + 1)).collect()
                }
                Ty::Map(_, of) => {
                    let n = self.below(3);
                    let keys = ["cpu", "memory", "hugepages-2Mi", "a", "spec"];
                    let member = |draw: &mut Self| {
                        let key = draw.pick(&keys).as_str().unwrap_or_default().to_owned();
                        (key, draw.value(name, of, depth + 1))
                    };
                    Value::Object((0..n).map(|_| member(self)).collect())
                }
                _ => Value::Object(Map::new()),
            },
        }
    }

    /// A decoded object of a kind in a version, with its defaults.
    fn decoded(&mut self, kind: &Kind, (group, version): (&str, &str)) -> Option<Value> {
        let of = Schema::get().type_of(group, version, kind.kind)?;
        let drawn = self.object(of, 0);
        let mut object = Schema::get().decode_value(of, &drawn).ok()?.value;
        kind.strategy.set_defaults(&mut object, group, version);
        Some(object)
    }
}

fn context(subresource: &str) -> Context<'_> {
    Context {
        user: "alice",
        user_uid: "",
        groups: &[],
        extra: &[],
        now: jiff::Timestamp::UNIX_EPOCH,
        subresource,
    }
}

fn stored_kinds() -> impl Iterator<Item = &'static Kind> {
    all().iter().copied().filter(|kind| kind.is_stored())
}

#[test]
fn most_that_is_drawn_decodes() {
    let mut draw = Draw(1);
    let mut n_decoded = 0;
    for _ in 0..20 {
        n_decoded += stored_kinds().filter(|kind| draw.decoded(kind, kind.versions[0]).is_some()).count();
    }
    assert!(n_decoded > 15 * stored_kinds().count(), "only {n_decoded}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn setting_defaults_twice_changes_nothing_more(seed in any::<u64>()) {
        let mut draw = Draw(seed);
        for kind in stored_kinds() {
            for (group, version) in kind.versions {
                let Some(once) = draw.decoded(kind, (group, version)) else { continue };
                let mut twice = once.clone();
                kind.strategy.set_defaults(&mut twice, group, version);
                let changed = differences(&twice, &once, "");
                prop_assert!(changed.is_empty(), "{:?} {}/{}: {:?}", kind, group, version, changed);
                let of = Schema::get().type_of(group, version, kind.kind).expect("a type");
                Schema::get().normalise(of, &mut twice);
                let changed = differences(&twice, &once, "");
                prop_assert!(changed.is_empty(), "{:?} {}/{} would be printed otherwise: {:?}", kind, group, version, changed);
            }
        }
    }

    #[test]
    fn no_object_makes_a_strategy_panic(seed in any::<u64>()) {
        let mut draw = Draw(seed);
        for kind in stored_kinds() {
            let storage = kind.versions[kind.stored_in];
            let (Some(mut object), Some(old)) = (draw.decoded(kind, storage), draw.decoded(kind, storage)) else {
                continue;
            };
            kind.strategy.prepare_for_create(context(""), &mut object);
            for name in ["", "status", "scale", "finalize", "approval", "ephemeralcontainers", "resize"] {
                let mut changed = object.clone();
                kind.strategy.prepare_for_update(context(name), &mut changed, &old);
                kind.strategy.warnings(context(name), &changed, Some(&old));
                kind.strategy.changes_generation(&changed, &old);
            }
            kind.strategy.warnings(context(""), &object, None);
            kind.strategy.canonicalize(&mut object);
            kind.strategy.decorate(&mut object);
            for field in kind.selectable_fields {
                let _ = (field.value)(&object);
            }
            let scale = scale::of(kind, &object);
            scale::apply(kind, &mut object, &scale);
            if kind.kind == "Service" {
                service::normalise_on_create(&mut object);
                service::normalise_on_update(&mut object, &old);
                service::patch_on_update(&mut object, &old);
                service::type_change(&mut object, &old);
            }
        }
    }

    #[test]
    fn events_mean_the_same_in_both_groups(seed in any::<u64>()) {
        let kind = all().iter().find(|kind| kind.kind == "Event").expect("events");
        let (core, new) = (kind.versions[0], kind.versions[1]);
        if let Some(mut object) = Draw(seed).decoded(kind, core) {
            object["apiVersion"] = "v1".into();
            let before = object.clone();
            kind.strategy.convert(&mut object, core, new);
            prop_assert_eq!(&object["apiVersion"], "events.k8s.io/v1");
            prop_assert_eq!(object.get("message"), None);
            kind.strategy.convert(&mut object, new, core);
            prop_assert_eq!(object, before);
        }
    }
}
