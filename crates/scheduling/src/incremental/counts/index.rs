//! Looking up by labels.

use base::{Map, Symbol};

use crate::model::{Labels, Selector};

/// Things that select by labels, looked up by the labels that they may select.
///
/// A selector that demands labels is found by the one of them that fewest others are found by so far, by each value that
/// it allows, so at most once by one set of labels; one that demands none is always found.
pub(super) struct BySelector<T> {
    by_label: Map<(Symbol, Symbol), Vec<T>>,
    others: Vec<T>,
}

impl<T> Default for BySelector<T> {
    fn default() -> Self {
        BySelector { by_label: Map::default(), others: Vec::new() }
    }
}

impl<T: Copy + PartialEq> BySelector<T> {
    /// Adds what selects by `selector`, or anything if there is none.
    pub(super) fn insert(&mut self, selector: Option<&Selector>, item: T) {
        let n_found = |(key, values): &(Symbol, &[Symbol])| -> usize {
            values.iter().map(|value| self.by_label.get(&(*key, *value)).map_or(0, Vec::len)).sum()
        };
        match selector.and_then(|selector| selector.demands().min_by_key(n_found)) {
            Some((key, values)) => {
                for (i, value) in values.iter().enumerate() {
                    // A value given twice is one value.
                    if !values[..i].contains(value) {
                        self.by_label.entry((key, *value)).or_default().push(item);
                    }
                }
            }
            None => self.others.push(item),
        }
    }

    /// Removes what has been added with this selector. The order of the others stays.
    pub(super) fn remove(&mut self, selector: Option<&Selector>, item: T) {
        let forget = |items: &mut Vec<T>| {
            // What came last goes first, most of the time.
            if let Some(position) = items.iter().rposition(|known| *known == item) {
                items.remove(position);
            }
        };
        let mut demands_any = false;
        for (key, values) in selector.into_iter().flat_map(Selector::demands) {
            demands_any = true;
            for value in values {
                if let Some(items) = self.by_label.get_mut(&(key, *value)) {
                    forget(items);
                    if items.is_empty() {
                        self.by_label.remove(&(key, *value));
                    }
                }
            }
        }
        if !demands_any {
            forget(&mut self.others);
        }
    }

    /// What may select something with these labels, each once.
    pub(super) fn candidates<'a>(&'a self, labels: &'a Labels) -> impl Iterator<Item = T> + 'a {
        let demanding = labels.iter().filter_map(|label| self.by_label.get(&label)).flatten();
        demanding.chain(&self.others).copied()
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.by_label.clear();
        self.others.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use base::Interner;
    use wire::config::FeatureGates;

    use super::*;
    use crate::model::Compiler;

    #[test]
    fn finds_what_may_select_and_each_once() {
        let (mut symbols, gates) = (Interner::default(), FeatureGates::default());
        let mut compiler = Compiler { symbols: &mut symbols, gates: &gates };
        let mut selector = |text: &str| {
            let wire = serde_json::from_str(text).expect("a selector");
            Selector::compile(Some(&wire), &mut compiler).expect("a good selector")
        };
        let selectors = [
            selector(r#"{"matchLabels":{"app":"a","tier":"x"}}"#),
            selector(r#"{"matchExpressions":[{"key":"app","operator":"In","values":["a","b","a"]}]}"#),
            selector(r#"{"matchExpressions":[{"key":"app","operator":"Exists"}]}"#),
            selector("{}"),
        ];
        let labels = |pairs: &[(&str, &str)], compiler: &mut Compiler<'_>| {
            let map: BTreeMap<_, _> = pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
            Labels::compile(&map, compiler)
        };
        let a = labels(&[("app", "a"), ("tier", "x")], &mut compiler);
        let c = labels(&[("app", "c")], &mut compiler);
        let mut index = BySelector::default();
        selectors.iter().enumerate().for_each(|(i, selector)| index.insert(Some(selector), i));
        let found = |index: &BySelector<usize>, labels: &Labels| {
            let mut found: Vec<usize> = index.candidates(labels).collect();
            found.sort_unstable();
            found
        };
        assert_eq!(found(&index, &a), [0, 1, 2, 3]);
        assert_eq!(found(&index, &c), [2, 3]);
        index.remove(Some(&selectors[1]), 1);
        index.remove(Some(&selectors[2]), 2);
        assert_eq!(found(&index, &a), [0, 3]);
    }
}
