//! One rule of a role, and whether rules are covered by others.

use std::fmt;

use apimachinery::go::quote;
use serde_json::{Map, Value};

use crate::attributes::Attributes;

/// What a rule of a role allows.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rule {
    /// `get`, or `*` for all.
    pub verbs: Vec<String>,
    /// Groups of resources, or `*` for all; empty for the core group.
    pub api_groups: Vec<String>,
    /// `pods`, `pods/status`, `*/status`, or `*` for all, with all subresources.
    pub resources: Vec<String>,
    /// The names of objects; none for all of them.
    pub resource_names: Vec<String>,
    /// Other paths, with `*` at the end for all that begin so.
    pub non_resource_urls: Vec<String>,
}

const MEMBERS: [&str; 5] = ["verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs"];

impl Rule {
    /// Reads the `rules` of a role.
    pub fn list(rules: &Value) -> Vec<Rule> {
        rules.as_array().into_iter().flatten().map(Rule::of).collect()
    }

    /// Reads one rule.
    pub fn of(rule: &Value) -> Rule {
        let texts = |member: &str| {
            let items = rule[member].as_array().into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let [verbs, api_groups, resources, resource_names, non_resource_urls] = MEMBERS.map(texts);
        Rule { verbs, api_groups, resources, resource_names, non_resource_urls }
    }

    /// The rule as roles have it.
    pub fn to_value(&self) -> Value {
        let mut members = Map::new();
        for (name, texts) in MEMBERS.iter().zip(self.lists()) {
            // Verbs are there even if there are none.
            if !texts.is_empty() || *name == "verbs" {
                members.insert((*name).to_owned(), texts.clone().into());
            }
        }
        members.into()
    }

    fn lists(&self) -> [&Vec<String>; 5] {
        [&self.verbs, &self.api_groups, &self.resources, &self.resource_names, &self.non_resource_urls]
    }

    /// Whether it allows what is asked.
    pub fn allows(&self, attributes: &Attributes) -> bool {
        if !has(&self.verbs, &attributes.verb) {
            return false;
        }
        if !attributes.is_resource {
            return self.non_resource_urls.iter().any(|url| url_covers(url, &attributes.path));
        }
        has(&self.api_groups, &attributes.group)
            && self.resources.iter().any(|own| resource_matches(own, attributes))
            && (self.resource_names.is_empty() || self.resource_names.contains(&attributes.name))
    }

    /// Whether it allows all that `rule` allows, which is one that [`split`] returned.
    fn covers_one(&self, rule: &Rule) -> bool {
        if !rule.verbs.iter().all(|verb| has(&self.verbs, verb)) {
            return false;
        }
        if !rule.non_resource_urls.is_empty() {
            let is_covered = |url: &String| self.non_resource_urls.iter().any(|own| url_covers(own, url));
            return rule.non_resource_urls.iter().all(is_covered);
        }
        let is_covered = |resource: &String| {
            let wildcard = resource.split_once('/').map(|(_, subresource)| format!("*/{subresource}"));
            has(&self.resources, resource)
                || wildcard.is_some_and(|wildcard| self.resources.contains(&wildcard))
        };
        let are_names_covered = self.resource_names.is_empty()
            || (!rule.resource_names.is_empty()
                && rule.resource_names.iter().all(|name| self.resource_names.contains(name)));
        rule.api_groups.iter().all(|group| has(&self.api_groups, group))
            && rule.resources.iter().all(is_covered)
            && are_names_covered
    }
}

/// As upstream prints a rule that somebody does not hold: `{APIGroups:["apps"], Resources:["pods"], Verbs:["get"]}`.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [verbs, groups, resources, names, urls] = self.lists();
        let lists = [
            ("APIGroups", groups),
            ("Resources", resources),
            ("ResourceNames", names),
            ("NonResourceURLs", urls),
            ("Verbs", verbs),
        ];
        let shown = lists.iter().filter(|(_, list)| !list.is_empty()).map(|(name, list)| {
            let quoted: Vec<String> = list.iter().map(|text| quote(text)).collect();
            format!("{name}:[{}]", quoted.join(" "))
        });
        write!(f, "{{{}}}", shown.collect::<Vec<_>>().join(", "))
    }
}

fn has(list: &[String], text: &str) -> bool {
    list.iter().any(|own| own == "*" || own == text)
}

fn url_covers(own: &str, url: &str) -> bool {
    own == "*" || own == url || own.strip_suffix('*').is_some_and(|prefix| url.starts_with(prefix))
}

fn resource_matches(own: &str, attributes: &Attributes) -> bool {
    if own == "*" {
        return true;
    }
    match own.split_once('/') {
        None => attributes.subresource.is_empty() && own == attributes.resource,
        Some((resource, subresource)) => {
            !attributes.subresource.is_empty()
                && subresource == attributes.subresource
                && (resource == "*" || resource == attributes.resource)
        }
    }
}

/// The same as rules that allow one verb on one thing each.
pub fn split(rule: &Rule) -> Vec<Rule> {
    let mut parts = Vec::new();
    for group in &rule.api_groups {
        for resource in &rule.resources {
            for verb in &rule.verbs {
                let part = Rule {
                    verbs: vec![verb.clone()],
                    api_groups: vec![group.clone()],
                    resources: vec![resource.clone()],
                    ..Rule::default()
                };
                if rule.resource_names.is_empty() {
                    parts.push(part);
                } else {
                    let named = rule.resource_names.iter();
                    parts.extend(
                        named.map(|name| Rule { resource_names: vec![name.clone()], ..part.clone() }),
                    );
                }
            }
        }
    }
    for url in &rule.non_resource_urls {
        for verb in &rule.verbs {
            let (verbs, non_resource_urls) = (vec![verb.clone()], vec![url.clone()]);
            parts.push(Rule { verbs, non_resource_urls, ..Rule::default() });
        }
    }
    parts
}

/// What of `wanted` is not allowed by `owned`, one verb on one thing each.
///
/// Each part has to be allowed by one rule: what two rules allow together is split into parts before.
pub fn covers(owned: &[Rule], wanted: &[Rule]) -> Vec<Rule> {
    let is_missing = |part: &Rule| !owned.iter().any(|rule| rule.covers_one(part));
    wanted.iter().flat_map(split).filter(is_missing).collect()
}
