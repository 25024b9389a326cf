//! Which images nodes have, cluster-wide.

use base::{Map, Symbol};

use crate::model::Node;

/// One image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageState {
    /// Size in bytes as the first node that reported it said; it stays until no node has the image.
    pub size: i64,
    /// How many nodes have it.
    pub n_nodes: i64,
}

/// All images that some node has, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Images(Map<Symbol, ImageState>);

impl Images {
    /// The image called `name`.
    pub fn get(&self, name: Symbol) -> Option<ImageState> {
        self.0.get(&name).copied()
    }

    pub(super) fn add(&mut self, node: &Node) {
        for (name, size) in &node.images {
            self.0.entry(*name).or_insert(ImageState { size: *size, n_nodes: 0 }).n_nodes += 1;
        }
    }

    pub(super) fn remove(&mut self, node: &Node) {
        for (name, _) in &node.images {
            if let Some(state) = self.0.get_mut(name) {
                state.n_nodes -= 1;
                if state.n_nodes == 0 {
                    self.0.remove(name);
                }
            }
        }
    }
}
