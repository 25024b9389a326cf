//! Where upstream's own structures differ from those of the API.

use crate::schema::{Field, Type};

/// Fields of a pod's spec that are in its security context, and whether absent and false differ.
pub(super) const SHARED_WITH_NODE: [(&str, bool); 5] = [
    ("hostNetwork", false),
    ("hostPID", false),
    ("hostIPC", false),
    ("shareProcessNamespace", true),
    ("hostUsers", true),
];

/// The beginning and the rest of a type's fields where the order is another. Fields that are not named come last.
const ORDERS: [(&str, &[&str]); 3] = [
    (
        "PodSpec",
        &[
            "volumes",
            "initContainers",
            "containers",
            "ephemeralContainers",
            "restartPolicy",
            "terminationGracePeriodSeconds",
            "activeDeadlineSeconds",
            "dnsPolicy",
            "nodeSelector",
            "serviceAccountName",
            "automountServiceAccountToken",
            "nodeName",
            "securityContext",
            "imagePullSecrets",
            "hostname",
            "subdomain",
            "setHostnameAsFQDN",
            "affinity",
            "schedulerName",
            "tolerations",
            "hostAliases",
            "priorityClassName",
            "priority",
            "preemptionPolicy",
            "dnsConfig",
            "readinessGates",
            "runtimeClassName",
            "overhead",
            "enableServiceLinks",
            "topologySpreadConstraints",
            "os",
            "schedulingGates",
            "resourceClaims",
            "resources",
            "hostnameOverride",
            "schedulingGroup",
        ],
    ),
    (
        "PodSecurityContext",
        &[
            "seLinuxOptions",
            "windowsOptions",
            "runAsUser",
            "runAsGroup",
            "runAsNonRoot",
            "supplementalGroups",
            "supplementalGroupsPolicy",
            "fsGroup",
            "fsGroupChangePolicy",
            "sysctls",
            "seccompProfile",
            "appArmorProfile",
            "seLinuxChangePolicy",
        ],
    ),
    (
        "Volume",
        &[
            "name",
            "hostPath",
            "emptyDir",
            "gcePersistentDisk",
            "awsElasticBlockStore",
            "gitRepo",
            "secret",
            "nfs",
            "iscsi",
            "glusterfs",
            "persistentVolumeClaim",
            "rbd",
            "quobyte",
            "flexVolume",
            "cinder",
            "cephfs",
            "flocker",
            "downwardAPI",
            "fc",
            "azureFile",
            "configMap",
            "vsphereVolume",
            "azureDisk",
            "photonPersistentDisk",
            "projected",
            "portworxVolume",
            "scaleIO",
            "storageos",
            "csi",
            "ephemeral",
            "image",
        ],
    ),
];

/// The fields of a type in upstream's order.
pub(super) fn fields_in_order(of: &Type) -> Vec<&Field> {
    let mut fields: Vec<&Field> = of.fields().iter().collect();
    if let Some((_, order)) = ORDERS.iter().find(|(name, _)| *name == of.name) {
        let place = |field: &&Field| order.iter().position(|name| *name == field.name).unwrap_or(usize::MAX);
        fields.sort_by_key(place);
    }
    fields
}

/// Whether upstream's structure has a field somewhere else, or not at all.
pub(super) fn is_elsewhere(of: &str, field: &str) -> bool {
    of == "PodSpec" && (field == "serviceAccount" || SHARED_WITH_NODE.iter().any(|(name, _)| *name == field))
}

/// Whether a field that is a pointer in the API is none in upstream's structure.
pub(super) fn is_plain(of: &str, field: &str) -> bool {
    matches!(
        (of, field),
        ("RollingUpdateDeployment" | "RollingUpdateDaemonSet", "maxUnavailable" | "maxSurge")
            | ("RollingUpdateStatefulSetStrategy", "partition")
            | ("DeploymentSpec" | "StatefulSetSpec" | "ReplicaSetSpec", "replicas")
            | ("ServiceAccountTokenProjection", "expirationSeconds")
    )
}

/// The name of a field in upstream's structure.
pub(super) fn go_name(of: &str, field: &str) -> String {
    let special = match (of, field) {
        (_, "apiGroup") => "APIGroup",
        (_, "apiVersion") => "APIVersion",
        (_, "awsElasticBlockStore") => "AWSElasticBlockStore",
        (_, "cephfs") => "CephFS",
        (_, "chapAuthDiscovery") => "DiscoveryCHAPAuth",
        (_, "chapAuthSession") => "SessionCHAPAuth",
        (_, "csi") => "CSI",
        (_, "diskURI") => "DataDiskURI",
        (_, "dnsConfig") => "DNSConfig",
        (_, "dnsPolicy") => "DNSPolicy",
        (_, "endpoints") => "EndpointsName",
        (_, "fc") => "FC",
        (_, "fsGroup") => "FSGroup",
        (_, "fsGroupChangePolicy") => "FSGroupChangePolicy",
        (_, "fsType") => "FSType",
        (_, "gcePersistentDisk") => "GCEPersistentDisk",
        (_, "gmsaCredentialSpec") => "GMSACredentialSpec",
        (_, "gmsaCredentialSpecName") => "GMSACredentialSpecName",
        (_, "grpc") => "GRPC",
        (_, "httpGet") => "HTTPGet",
        (_, "httpHeaders") => "HTTPHeaders",
        (_, "ip") => "IP",
        (_, "iqn") => "IQN",
        (_, "iscsi") => "ISCSI",
        (_, "iscsiInterface") => "ISCSIInterface",
        (_, "nfs") => "NFS",
        (_, "os") => "OS",
        (_, "pdName") => "PDName",
        (_, "rbd") => "RBD",
        ("RBDVolumeSource", "image") => "RBDImage",
        ("RBDVolumeSource", "monitors") => "CephMonitors",
        ("RBDVolumeSource", "pool") => "RBDPool",
        ("RBDVolumeSource", "user") => "RadosUser",
        (_, "seLinuxChangePolicy") => "SELinuxChangePolicy",
        (_, "seLinuxOptions") => "SELinuxOptions",
        (_, "sslEnabled") => "SSLEnabled",
        (_, "storageos") => "StorageOS",
        (_, "tcpSocket") => "TCPSocket",
        (_, "tty") => "TTY",
        (_, "ttlSecondsAfterFinished") => "TTLSecondsAfterFinished",
        (_, "uid") => "UID",
        (_, "wwids") => "WWIDs",
        (_, field) => return capitalised(field),
    };
    special.to_owned()
}

fn capitalised(field: &str) -> String {
    let mut chars = field.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
