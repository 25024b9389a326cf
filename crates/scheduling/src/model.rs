//! The model: what decisions are made of.
//!
//! [`wire`] objects are compiled once, when they arrive, into values that are cheap to compare: strings that
//! are compared become [`Symbol`]s, quantities become `i64` in the scheduler's units
//! (millicores, bytes, pieces), selectors become lists of tests over symbols. Malformed parts, which an API
//! server would have refused but a file typed by hand may have, are kept as the text of the error, because
//! upstream reports them at the moment a plugin reads them.
//!
//! Nothing here knows nodes' occupancy ([`crate::snapshot`]) or plugins ([`crate::framework`]).

pub mod affinity;
pub mod features;
pub mod in_tree;
pub mod labels;
pub mod needs;
pub mod node;
pub mod pod;
pub mod ports;
pub mod requests;
pub mod resources;
pub mod spread;
pub mod taints;
pub mod volumes;

pub use affinity::{AffinityTerm, NodeAffinity, PodAffinity, WeightedTerm};
pub use in_tree::{Attachable, InTreePlugin};
pub use labels::{Labels, Selector};
pub use node::Node;
pub use pod::{Pod, PodKey, Shape, Shapes};
pub use ports::HostPort;
pub use requests::PodRequests;
pub use resources::{Resources, Scalars};
pub use spread::SpreadConstraint;
pub use taints::{Effect, Taint, Toleration};
pub use volumes::{Disk, PodClaim, Volumes};

use base::{Interner, Symbol};
use wire::config::FeatureGates;

/// What compiling an object needs: the symbol table to extend, and the gates that change what fields mean.
pub struct Compiler<'a> {
    /// Where strings become symbols.
    pub symbols: &'a mut Interner,
    /// The feature gates in force.
    pub gates: &'a FeatureGates,
}

impl Compiler<'_> {
    /// Shorthand for interning.
    pub fn symbol(&mut self, text: &str) -> Symbol {
        self.symbols.intern(text)
    }

    /// Interns each string, keeping the order.
    pub fn symbols_of<S: AsRef<str>>(&mut self, texts: &[S]) -> Box<[Symbol]> {
        texts.iter().map(|text| self.symbols.intern(text.as_ref())).collect()
    }
}
