//! Node groups that somebody sizes by hand.

use crate::control::World;
use crate::plane::DataPlane;
use crate::record::Recorder;

impl<P: DataPlane> World<P> {
    /// `aws autoscaling set-desired-capacity`. Which instances a smaller number takes is the
    /// provider's affair, and not modelled: a group only grows this way.
    ///
    /// # Errors
    /// Why the provider, or this model, refuses.
    pub(in crate::control) fn check_desired(&self, group: usize, to: u32) -> Result<(), String> {
        let groups = self.model.nodes.as_ref().map(|nodes| &nodes.groups);
        let Some(spec) = groups.and_then(|groups| groups.get(group)) else {
            return Err("no such node group".to_owned());
        };
        let present = self.cluster().groups[group].target;
        if to > spec.max {
            return Err(format!("{to} is above the maximum of {}", spec.max));
        }
        if to < present {
            return Err(format!(
                "the group has {present} nodes, and only grows by hand"
            ));
        }
        Ok(())
    }

    /// The same, done.
    pub(in crate::control) fn set_desired(
        &mut self,
        group: usize,
        to: u32,
        recorder: &mut dyn Recorder,
    ) {
        let present = self.cluster().groups[group].target;
        if to > present {
            self.resize(group, i64::from(to - present), "Manual", recorder);
            self.fill(group, "Manual", recorder);
        }
    }
}
