//! From a profile's plugin sets to the plugins that run at each extension point.

use super::{ConfigError, ExtensionPoint, Plugin, PluginSet, PluginSetError, Plugins};

/// The highest score of one plugin, which weights multiply.
const MAX_NODE_SCORE: i64 = 100;

/// A plugin at one extension point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedPlugin {
    /// Its name.
    pub name: String,
    /// Its weight, at the points that have weights.
    pub weight: Option<i32>,
}

/// The plugins that run at each extension point, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResolvedPlugins {
    points: [Vec<ResolvedPlugin>; ExtensionPoint::COUNT],
}

impl ResolvedPlugins {
    /// The plugins of one point; `multiPoint` has none of its own.
    pub fn at(&self, point: ExtensionPoint) -> &[ResolvedPlugin] {
        &self.points[point.index()]
    }

    /// All points with their plugins.
    pub fn iter(&self) -> impl Iterator<Item = (ExtensionPoint, &[ResolvedPlugin])> {
        ExtensionPoint::ALL.into_iter().zip(self.points.iter().map(Vec::as_slice))
    }
}

/// Which points a plugin implements; `None` if there is no plugin of that name.
pub type Implements<'a> = &'a dyn Fn(&str) -> Option<&'static [ExtensionPoint]>;

/// Expands `multiPoint` and checks that the outcome can run.
pub fn expand(
    plugins: &Plugins,
    scheduler_name: &str,
    implements: Implements<'_>,
) -> Result<ResolvedPlugins, ConfigError> {
    let multi = &plugins.set(ExtensionPoint::MultiPoint).enabled;
    // Explicit lists are checked everywhere before anything is expanded, so that of several
    // mistakes the same one is reported as by kube-scheduler.
    for point in ExtensionPoint::IN_CONSTRUCTION_ORDER {
        check_explicit(plugins.set(point), point, implements)?;
    }
    let mut resolved = ResolvedPlugins::default();
    for point in ExtensionPoint::IN_CONSTRUCTION_ORDER {
        let names = order(plugins.set(point), multi, point, implements)?;
        let weigh = |name: &str| point.is_weighted().then(|| weight(plugins, point, name));
        resolved.points[point.index()] = names
            .into_iter()
            .map(|name| ResolvedPlugin { name: name.to_owned(), weight: weigh(name) })
            .collect();
    }
    check_counts(&resolved, scheduler_name)?;
    for point in [ExtensionPoint::Score, ExtensionPoint::PlacementScore] {
        check_overflow(plugins, point, implements)?;
    }
    Ok(resolved)
}

fn check_explicit(
    set: &PluginSet,
    point: ExtensionPoint,
    implements: Implements<'_>,
) -> Result<(), PluginSetError> {
    for (index, Plugin { name, .. }) in set.enabled.iter().enumerate() {
        let Some(points) = implements(name) else {
            return Err(PluginSetError::Unknown { point, name: name.clone() });
        };
        if !points.contains(&point) {
            return Err(PluginSetError::WrongPoint { point, name: name.clone() });
        }
        if set.enabled[..index].iter().any(|earlier| earlier.name == *name) {
            return Err(PluginSetError::Twice { point, name: name.clone() });
        }
    }
    Ok(())
}

/// The order at one point: explicit plugins that `multiPoint` has too, then the others of
/// `multiPoint`, then the other explicit ones.
fn order<'a>(
    set: &'a PluginSet,
    multi: &'a [Plugin],
    point: ExtensionPoint,
    implements: Implements<'_>,
) -> Result<Vec<&'a str>, PluginSetError> {
    let explicit = || set.enabled.iter().map(|plugin| plugin.name.as_str());
    if set.disables_all() {
        return Ok(explicit().collect());
    }
    let (mut overrides, mut expanded) = (Vec::new(), Vec::new());
    for name in multi.iter().map(|plugin| plugin.name.as_str()) {
        let Some(points) = implements(name) else {
            return Err(PluginSetError::Unknown { point, name: name.to_owned() });
        };
        if !points.contains(&point) || set.disables(name) {
            continue;
        }
        if set.enables(name) {
            overrides.push(name);
        } else if expanded.contains(&name) {
            return Err(PluginSetError::Twice { point, name: name.to_owned() });
        } else {
            expanded.push(name);
        }
    }
    let (mut first, last): (Vec<_>, Vec<_>) = explicit().partition(|name| overrides.contains(name));
    first.extend(expanded);
    first.extend(last);
    Ok(first)
}

/// The weight of a plugin: what the point says, else what `multiPoint` says; 0 counts as 1.
fn weight(plugins: &Plugins, point: ExtensionPoint, name: &str) -> i32 {
    let found = weighted(plugins, point).find(|plugin| plugin.name == name);
    found.map(|plugin| plugin.weight).filter(|weight| *weight != 0).unwrap_or(1)
}

fn weighted(plugins: &Plugins, point: ExtensionPoint) -> impl Iterator<Item = &Plugin> {
    let multi = &plugins.set(ExtensionPoint::MultiPoint).enabled;
    plugins.set(point).enabled.iter().chain(multi)
}

fn check_counts(resolved: &ResolvedPlugins, scheduler_name: &str) -> Result<(), PluginSetError> {
    let scheduler_name = || scheduler_name.to_owned();
    let count = |point| resolved.at(point).len();
    let got = count(ExtensionPoint::QueueSort);
    if got != 1 {
        return Err(PluginSetError::NotOneQueueSort { scheduler_name: scheduler_name(), got });
    }
    if count(ExtensionPoint::Bind) == 0 {
        return Err(PluginSetError::NoBind { scheduler_name: scheduler_name() });
    }
    if count(ExtensionPoint::PlacementGenerate) > 1 {
        let scheduler_name = scheduler_name();
        return Err(PluginSetError::SeveralPlacementGenerators { scheduler_name });
    }
    Ok(())
}

/// The sum runs over everything that has a weight, disabled or not, as in kube-scheduler.
fn check_overflow(
    plugins: &Plugins,
    point: ExtensionPoint,
    implements: Implements<'_>,
) -> Result<(), PluginSetError> {
    let (mut seen, mut total) = (Vec::new(), 0_i64);
    for Plugin { name, .. } in weighted(plugins, point) {
        let scores = implements(name).is_some_and(|points| points.contains(&point));
        if !scores || seen.contains(&name) {
            continue;
        }
        seen.push(name);
        let most = i64::from(weight(plugins, point, name)) * MAX_NODE_SCORE;
        total = total.checked_add(most).ok_or(PluginSetError::Overflow { point })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
