//! The kinds of group storage.k8s.io.

use super::cell::{age, annotation, at, count, flag, joined, list, name, text, text_or, texts};
use super::networking::with_default;
use super::{AGE, NAME, boolean, integer, string};
use crate::kind::{Column, Columns};

/// CSIDriver.
pub const CSI_DRIVER: Columns = Columns {
    columns: &[
        NAME,
        boolean("AttachRequired", "D:CSIDriverSpec.attachRequired"),
        boolean("PodInfoOnMount", "D:CSIDriverSpec.podInfoOnMount"),
        boolean("StorageCapacity", "D:CSIDriverSpec.storageCapacity"),
        string("TokenRequests", "D:CSIDriverSpec.tokenRequests"),
        boolean("RequiresRepublish", "D:CSIDriverSpec.requiresRepublish"),
        string("Modes", "D:CSIDriverSpec.volumeLifecycleModes"),
        AGE,
    ],
    cells: |object, now| {
        let is_attached = at(object, "/spec/attachRequired").is_none_or(|value| *value == true);
        let requests = list(object, "/spec/tokenRequests").iter();
        let audiences = joined(requests.map(|request| text(request, "/audience")), ",");
        let modes = joined(texts(object, "/spec/volumeLifecycleModes"), ",");
        vec![
            name(object),
            is_attached.into(),
            flag(object, "/spec/podInfoOnMount").into(),
            flag(object, "/spec/storageCapacity").into(),
            if at(object, "/spec/tokenRequests").is_none() { "<unset>".into() } else { audiences.into() },
            flag(object, "/spec/requiresRepublish").into(),
            if modes.is_empty() { "<none>".into() } else { modes.into() },
            age(object, now),
        ]
    },
};

/// CSINode.
pub const CSI_NODE: Columns = Columns {
    columns: &[
        NAME,
        integer("Drivers", "Drivers indicates the number of CSI drivers registered on the node"),
        AGE,
    ],
    cells: |object, now| vec![name(object), count(object, "/spec/drivers").into(), age(object, now)],
};

/// StorageClass.
pub const STORAGE_CLASS: Columns = Columns {
    columns: &[
        NAME,
        string("Provisioner", "D:StorageClass.provisioner"),
        string("ReclaimPolicy", "D:StorageClass.reclaimPolicy"),
        string("VolumeBindingMode", "D:StorageClass.volumeBindingMode"),
        string("AllowVolumeExpansion", "D:StorageClass.allowVolumeExpansion"),
        AGE,
    ],
    cells: |object, now| {
        let keys = [
            "storageclass.kubernetes.io/is-default-class",
            "storageclass.beta.kubernetes.io/is-default-class",
        ];
        let is_default = keys.iter().any(|key| annotation(object, key) == "true");
        vec![
            with_default(object, is_default),
            text(object, "/provisioner").into(),
            text_or(object, "/reclaimPolicy", "Delete").into(),
            text_or(object, "/volumeBindingMode", "Immediate").into(),
            flag(object, "/allowVolumeExpansion").into(),
            age(object, now),
        ]
    },
};

/// VolumeAttachment.
pub const VOLUME_ATTACHMENT: Columns = Columns {
    columns: &[
        NAME,
        Column { format: "name", ..string("Attacher", "D:VolumeAttachmentSpec.attacher") },
        string("PV", "D:VolumeAttachmentSource.persistentVolumeName"),
        string("Node", "D:VolumeAttachmentSpec.nodeName"),
        boolean("Attached", "D:VolumeAttachmentStatus.attached"),
        AGE,
    ],
    cells: |object, now| {
        vec![
            name(object),
            text(object, "/spec/attacher").into(),
            text(object, "/spec/source/persistentVolumeName").into(),
            text(object, "/spec/nodeName").into(),
            flag(object, "/status/attached").into(),
            age(object, now),
        ]
    },
};

/// VolumeAttributesClass.
pub const VOLUME_ATTRIBUTES_CLASS: Columns = Columns {
    columns: &[NAME, string("DriverName", "D:VolumeAttributesClass.driverName"), AGE],
    cells: |object, now| vec![name(object), text(object, "/driverName").into(), age(object, now)],
};
