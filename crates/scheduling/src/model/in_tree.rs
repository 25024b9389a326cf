//! In-tree volume plugins and the CSI drivers that do their work now (KEP-625, CSI migration).

use std::collections::BTreeMap;
use std::sync::Arc;

use base::Symbol;

use super::Compiler;

/// A volume that a CSI driver attaches to a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Attachable {
    /// The driver.
    pub driver: Symbol,
    /// What the driver calls the volume.
    pub handle: Arc<str>,
}

/// The in-tree plugins that have a CSI driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InTreePlugin {
    /// Disks of AWS.
    AwsEbs,
    /// Disks of Google Compute Engine.
    GcePd,
    /// Disks of Azure.
    AzureDisk,
    /// Disks of OpenStack.
    Cinder,
    /// Disks of Portworx.
    Portworx,
    /// File shares of Azure.
    AzureFile,
    /// Disks of vSphere.
    Vsphere,
}

const ZONE: &str = "topology.kubernetes.io/zone";
const ZONE_BETA: &str = "failure-domain.beta.kubernetes.io/zone";
const REGION: &str = "topology.kubernetes.io/region";
const REGION_BETA: &str = "failure-domain.beta.kubernetes.io/region";
/// Between the zones of a volume that is in several.
const BETWEEN_ZONES: &str = "__";
/// What stands for a part of a handle that nobody knows.
const UNSPECIFIED: &str = "UNSPECIFIED";

impl InTreePlugin {
    /// All of them.
    pub const ALL: [InTreePlugin; 7] = {
        use InTreePlugin::*;
        [AwsEbs, GcePd, AzureDisk, Cinder, Portworx, AzureFile, Vsphere]
    };

    /// Its name, as storage classes and CSINodes give it.
    pub fn name(self) -> &'static str {
        match self {
            InTreePlugin::AwsEbs => "kubernetes.io/aws-ebs",
            InTreePlugin::GcePd => "kubernetes.io/gce-pd",
            InTreePlugin::AzureDisk => "kubernetes.io/azure-disk",
            InTreePlugin::Cinder => "kubernetes.io/cinder",
            InTreePlugin::Portworx => "kubernetes.io/portworx-volume",
            InTreePlugin::AzureFile => "kubernetes.io/azure-file",
            InTreePlugin::Vsphere => "kubernetes.io/vsphere-volume",
        }
    }

    /// The plugin of this name.
    pub fn named(name: &str) -> Option<InTreePlugin> {
        InTreePlugin::ALL.into_iter().find(|plugin| plugin.name() == name)
    }

    /// Its CSI driver.
    pub fn driver(self) -> &'static str {
        match self {
            InTreePlugin::AwsEbs => "ebs.csi.aws.com",
            InTreePlugin::GcePd => "pd.csi.storage.gke.io",
            InTreePlugin::AzureDisk => "disk.csi.azure.com",
            InTreePlugin::Cinder => "cinder.csi.openstack.org",
            InTreePlugin::Portworx => "pxd.portworx.com",
            InTreePlugin::AzureFile => "file.csi.azure.com",
            InTreePlugin::Vsphere => "csi.vsphere.vmware.com",
        }
    }

    /// Whether a scheduler takes its volumes for those of the driver.
    pub fn is_translated(self) -> bool {
        !matches!(self, InTreePlugin::AzureFile | InTreePlugin::Vsphere)
    }

    /// The label by which the driver tells zones apart.
    fn zone_key(self) -> Option<&'static str> {
        match self {
            InTreePlugin::AwsEbs => Some("topology.ebs.csi.aws.com/zone"),
            InTreePlugin::GcePd => Some("topology.gke.io/zone"),
            InTreePlugin::Cinder => Some("topology.cinder.csi.openstack.org/zone"),
            _ => None,
        }
    }
}

/// What becomes of a volume of an in-tree plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translation {
    /// The plugin.
    pub plugin: InTreePlugin,
    /// The CSI volume, or why there is none; `None` if the scheduler does not translate this plugin's volumes.
    pub attachable: Option<Result<Attachable, String>>,
}

impl Translation {
    /// Of a volume that is written into a pod.
    pub fn of_inline(volume: &wire::Volume, compiler: &mut Compiler<'_>) -> Option<Translation> {
        let none = BTreeMap::new();
        let source = Source {
            aws: volume.aws_elastic_block_store.as_ref(),
            gce: volume.gce_persistent_disk.as_ref(),
            azure: volume.azure_disk.as_ref(),
            cinder: volume.cinder.as_ref(),
            portworx: volume.portworx_volume.as_ref(),
            is_azure_file: volume.azure_file.is_some(),
            is_vsphere: volume.vsphere_volume.is_some(),
            labels: &none,
        };
        source.translate(compiler)
    }

    /// Of a persistent volume.
    pub fn of_volume(volume: &wire::PersistentVolume, compiler: &mut Compiler<'_>) -> Option<Translation> {
        let spec = &volume.spec;
        let source = Source {
            aws: spec.aws_elastic_block_store.as_ref(),
            gce: spec.gce_persistent_disk.as_ref(),
            azure: spec.azure_disk.as_ref(),
            cinder: spec.cinder.as_ref(),
            portworx: spec.portworx_volume.as_ref(),
            is_azure_file: spec.azure_file.is_some(),
            is_vsphere: spec.vsphere_volume.is_some(),
            labels: &volume.metadata.labels,
        };
        source.translate(compiler)
    }
}

struct Source<'w> {
    aws: Option<&'w wire::AwsElasticBlockStoreVolumeSource>,
    gce: Option<&'w wire::GcePersistentDiskVolumeSource>,
    azure: Option<&'w wire::AzureDiskVolumeSource>,
    cinder: Option<&'w wire::CinderVolumeSource>,
    portworx: Option<&'w wire::PortworxVolumeSource>,
    is_azure_file: bool,
    is_vsphere: bool,
    labels: &'w BTreeMap<String, String>,
}

impl Source<'_> {
    fn translate(&self, compiler: &mut Compiler<'_>) -> Option<Translation> {
        let (plugin, handle) = if let Some(disk) = self.aws {
            (InTreePlugin::AwsEbs, ebs_handle(&disk.volume_id))
        } else if let Some(disk) = self.gce {
            (InTreePlugin::GcePd, gce_handle(&disk.pd_name, self.labels))
        } else if let Some(disk) = self.azure {
            (InTreePlugin::AzureDisk, azure_handle(disk))
        } else if let Some(disk) = self.cinder {
            (InTreePlugin::Cinder, Ok(disk.volume_id.clone()))
        } else if let Some(disk) = self.portworx {
            (InTreePlugin::Portworx, Ok(disk.volume_id.clone()))
        } else if self.is_azure_file {
            return Some(Translation { plugin: InTreePlugin::AzureFile, attachable: None });
        } else if self.is_vsphere {
            return Some(Translation { plugin: InTreePlugin::Vsphere, attachable: None });
        } else {
            return None;
        };
        let driver = compiler.symbol(plugin.driver());
        let attachable = handle.map(|handle| Attachable { driver, handle: handle.into() });
        Some(Translation { plugin, attachable: Some(attachable) })
    }
}

fn ebs_handle(id: &str) -> Result<String, String> {
    let Some(rest) = id.strip_prefix("aws://") else { return Ok(id.to_owned()) };
    // What follows is a zone, which may be left out, and the id.
    let id_in_zone = rest.find('/').map(|slash| rest[slash..].trim_matches('/'));
    match id_in_zone.filter(|id| id.starts_with("vol-") && !id.contains('/')) {
        Some(id) => Ok(id.to_owned()),
        None => Err(format!("Invalid format for AWS volume ({id})")),
    }
}

fn gce_handle(name: &str, labels: &BTreeMap<String, String>) -> Result<String, String> {
    let zones = labels.get(ZONE_BETA).or_else(|| labels.get(ZONE)).map_or(UNSPECIFIED, String::as_str);
    let zones: Vec<&str> = zones.split(BETWEEN_ZONES).collect();
    match zones.as_slice() {
        [zone] => Ok(format!("projects/{UNSPECIFIED}/zones/{zone}/disks/{name}")),
        zones => {
            let region = region_of(zones)?;
            Ok(format!("projects/{UNSPECIFIED}/regions/{region}/disks/{name}"))
        }
    }
}

/// The region of zones: their first two parts, which have to be the same.
fn region_of(zones: &[&str]) -> Result<String, String> {
    let mut region: Option<String> = None;
    for zone in zones {
        let mut parts = zone.split('-');
        let (Some(first), Some(second), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(format!("failed to get region from zone {zone}"));
        };
        let own = format!("{first}-{second}");
        if region.get_or_insert_with(|| own.clone()) != &own {
            return Err(format!("multiple or no regions gotten from zones, got: {zones:?}"));
        }
    }
    region.ok_or_else(|| "no zones".to_owned())
}

fn azure_handle(disk: &wire::AzureDiskVolumeSource) -> Result<String, String> {
    let is_managed = disk.kind.is_empty() || disk.kind.eq_ignore_ascii_case("Managed");
    if is_managed {
        Ok(disk.disk_uri.clone())
    } else {
        Err(format!("kind({}) is not supported in csi migration", disk.kind))
    }
}

/// The node affinity of a persistent volume in the labels of the CSI driver; `None` if it has none.
pub fn translated_affinity(
    plugin: InTreePlugin,
    volume: &wire::PersistentVolume,
) -> Option<wire::NodeSelector> {
    let written = volume.spec.node_affinity.as_ref().and_then(|affinity| affinity.required.clone());
    let Some(csi_key) = plugin.zone_key() else { return written };
    let labels = &volume.metadata.labels;
    let mentions = |key: &str| {
        let terms = written.iter().flat_map(|selector| &selector.node_selector_terms);
        terms.flat_map(|term| &term.match_expressions).any(|expression| expression.key == key)
    };
    let is_labeled_beta = !labels.contains_key(ZONE) && labels.contains_key(ZONE_BETA);
    let is_beta = !mentions(ZONE) && (mentions(ZONE_BETA) || is_labeled_beta);
    let key = if is_beta { ZONE_BETA } else { ZONE };
    let mut selector = written.clone().unwrap_or_default();
    let has_values = |term: &wire::NodeSelectorTerm| {
        term.match_expressions.iter().any(|expression| expression.key == key && !expression.values.is_empty())
    };
    let is_renamed = selector.node_selector_terms.iter().any(has_values);
    for expression in selector.node_selector_terms.iter_mut().flat_map(|term| &mut term.match_expressions) {
        if expression.key == key && is_renamed {
            expression.key = csi_key.to_owned();
        } else if key == ZONE_BETA && expression.key == REGION_BETA {
            expression.key = REGION.to_owned();
        }
    }
    if let Some(zones) = labels.get(key).filter(|_| !is_renamed) {
        let mut values: Vec<String> = zones.split(BETWEEN_ZONES).map(|zone| zone.trim().to_owned()).collect();
        values.retain(|zone| !zone.is_empty());
        values.sort();
        values.dedup();
        let requirement =
            wire::NodeSelectorRequirement { key: csi_key.to_owned(), operator: "In".to_owned(), values };
        if selector.node_selector_terms.is_empty() {
            selector.node_selector_terms.push(wire::NodeSelectorTerm::default());
        }
        for term in &mut selector.node_selector_terms {
            term.match_expressions.push(requirement.clone());
        }
    }
    if selector.node_selector_terms.is_empty() { written } else { Some(selector) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn handles_are_those_that_the_drivers_use() {
        assert_eq!(ebs_handle("vol-1"), Ok("vol-1".to_owned()));
        assert_eq!(ebs_handle("aws://us-east-1a/vol-1"), Ok("vol-1".to_owned()));
        assert_eq!(ebs_handle("aws:///vol-1"), Ok("vol-1".to_owned()));
        assert_eq!(
            ebs_handle("aws://us-east-1a/disk"),
            Err("Invalid format for AWS volume (aws://us-east-1a/disk)".to_owned())
        );
        let labels = |zones: &str| BTreeMap::from([(ZONE.to_owned(), zones.to_owned())]);
        let gce = |labels| gce_handle("d", &labels);
        assert_eq!(gce(BTreeMap::new()), Ok("projects/UNSPECIFIED/zones/UNSPECIFIED/disks/d".to_owned()));
        assert_eq!(gce(labels("us-a1-b")), Ok("projects/UNSPECIFIED/zones/us-a1-b/disks/d".to_owned()));
        assert_eq!(
            gce(labels("us-a1-b__us-a1-c")),
            Ok("projects/UNSPECIFIED/regions/us-a1/disks/d".to_owned())
        );
        assert!(gce(labels("us-a1-b__us-a2-c")).is_err());
        let azure = |kind: &str| {
            let (kind, disk_uri) = (kind.to_owned(), "u".to_owned());
            azure_handle(&wire::AzureDiskVolumeSource { kind, disk_uri, ..Default::default() })
        };
        assert_eq!((azure(""), azure("managed")), (Ok("u".to_owned()), Ok("u".to_owned())));
        assert_eq!(azure("Shared"), Err("kind(Shared) is not supported in csi migration".to_owned()));
    }

    fn affinity(volume: serde_json::Value) -> serde_json::Value {
        let volume = serde_json::from_value(volume).expect("a volume");
        serde_json::to_value(translated_affinity(InTreePlugin::AwsEbs, &volume)).expect("json")
    }

    #[test]
    fn zones_are_told_in_the_words_of_the_driver() {
        let term = |key: &str, values: &[&str]| json!({"key": key, "operator": "In", "values": values});
        let with = |term: serde_json::Value| json!({"required": {"nodeSelectorTerms": [{"matchExpressions": [term]}]}});
        let csi = "topology.ebs.csi.aws.com/zone";
        assert_eq!(
            affinity(json!({"spec": {"nodeAffinity": with(term(ZONE, &["a"]))}})),
            with(term(csi, &["a"]))["required"]
        );
        assert_eq!(
            affinity(json!({"metadata": {"labels": {ZONE_BETA: "b__ a"}}})),
            with(term(csi, &["a", "b"]))["required"]
        );
        assert_eq!(
            affinity(json!({"metadata": {"labels": {ZONE_BETA: "a"}},
                "spec": {"nodeAffinity": with(term(REGION_BETA, &["r"]))}})),
            json!({"nodeSelectorTerms": [{"matchExpressions": [term(REGION, &["r"]), term(csi, &["a"])]}]})
        );
        assert_eq!(affinity(json!({})), json!(null));
    }
}
