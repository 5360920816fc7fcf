//! Laws that hold whatever the model, on models made up by chance.

mod arbitrary;
mod audit;

use arbitrary::{model, on_instances, stranger, without_ties};
use audit::{Audit, Outcome};
use flashcrowd_core::World;
use flashcrowd_core::model::Model;
use flashcrowd_units::SimDuration;
use proptest::prelude::*;

/// Runs a model and checks every record of it.
fn audited(model: &Model, seed: u64, report_interval: SimDuration) -> Outcome {
    let mut world = World::new(model.clone(), seed).expect("models made up here are legal");
    world.set_report_interval(report_interval);
    let mut audit = Audit::new(model);
    let totals = world.run(&mut audit);
    audit.finish(totals)
}

const SECOND: SimDuration = SimDuration::from_secs(1);

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Requests are conserved, replicas stay in their bounds, rates in theirs, time goes forward:
    /// see [`Audit`]. And chance is the only source of difference: the same seed gives the same
    /// records.
    #[test]
    fn every_record_is_lawful_and_repeatable(model in model(), seed in any::<u64>()) {
        let first = audited(&model, seed, SECOND);
        let second = audited(&model, seed, SECOND);
        prop_assert_eq!(first.fingerprint, second.fingerprint);
        prop_assert_eq!(first.requests(), second.requests());
    }

    /// The same where services run on instances.
    #[test]
    fn every_record_of_a_pool_is_lawful_and_repeatable(
        model in on_instances(model()),
        seed in any::<u64>(),
    ) {
        let first = audited(&model, seed, SECOND);
        let second = audited(&model, seed, SimDuration::from_secs(45));
        prop_assert_eq!(first.happenings, second.happenings);
        prop_assert_eq!(first.requests(), second.requests());
    }

    /// Looking more or less often changes nothing.
    #[test]
    fn the_report_interval_changes_nothing(model in model(), seed in any::<u64>()) {
        let often = audited(&model, seed, SimDuration::from_millis(700));
        let rarely = audited(&model, seed, SimDuration::from_secs(45));
        prop_assert_eq!(often.requests(), rarely.requests());
        prop_assert_eq!(often.happenings, rarely.happenings);
    }

    /// Another service with its own clients leaves everybody else's requests untouched.
    #[test]
    fn a_stranger_changes_nothing(model in model(), seed in any::<u64>()) {
        let model = without_ties(model);
        let alone = audited(&model, seed, SECOND);
        let together = audited(&stranger(model.clone()), seed, SECOND);
        let endpoints = model.endpoints.len();
        prop_assert_eq!(&alone.endpoints[..], &together.endpoints[..endpoints]);
        prop_assert!(together.endpoints[endpoints].offered > 0);
    }
}
