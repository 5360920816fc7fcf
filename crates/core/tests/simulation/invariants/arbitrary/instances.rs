//! Pools of instances with everything that can go wrong with them.

use super::time;
use flashcrowd_core::model::{InstancePool, Model, Repair, TerminationOrder};
use flashcrowd_units::{Ratio, SimDuration};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

fn pool() -> impl Strategy<Value = InstancePool> {
    let orders = vec![
        TerminationOrder::OldestFirst,
        TerminationOrder::NewestFirst,
        TerminationOrder::BillingHour,
        TerminationOrder::UnhealthyFirst,
    ];
    let repair = of((0..60u64).prop_map(|seconds| Repair {
        grace: SimDuration::from_secs(seconds),
    }));
    let times = (time(20_000), time(10_000), 0..30u64, 1..20u64);
    (times, 1..4u32, select(orders), 0.0..0.9, repair).prop_map(
        |((boot, termination, drain, retry), zones, termination_order, failures, repair)| {
            InstancePool {
                boot,
                termination,
                drain: SimDuration::from_secs(drain),
                zones,
                termination_order,
                launch_failures: Ratio::new(failures).expect("a share"),
                launch_retry: SimDuration::from_secs(retry),
                repair,
                ..InstancePool::new(1)
            }
        },
    )
}

/// A model whose services run on instances, with nobody who scales them but its actions.
pub(in super::super) fn on_instances(
    model: impl Strategy<Value = Model>,
) -> impl Strategy<Value = Model> {
    (model, proptest::collection::vec(pool(), 3)).prop_map(|(mut model, pools)| {
        let cores = model.node_cores;
        for (service, pool) in model.services.iter_mut().zip(pools) {
            service.autoscaler = None;
            service.instances = Some(InstancePool { cores, ..pool });
        }
        model
    })
}
