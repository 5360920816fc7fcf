//! Worked examples of the reference page.

use super::*;
use crate::PodId;
use crate::cluster_autoscaler::estimator::Candidate;
use crate::scheduling::{NodeResources, PodShape};
use flashcrowd_units::{Bytes, Millicores};

fn shape(cores: u64, gibibytes: u64) -> NodeShape {
    let resources = NodeResources {
        cpu: Millicores::from_cores(cores),
        memory: Bytes::from_mebibytes(gibibytes * 1024),
        pods: 110,
    };
    NodeShape {
        capacity: resources,
        allocatable: resources,
        ..NodeShape::default()
    }
}

fn option(group: usize, nodes: u32) -> Estimate {
    Estimate {
        group,
        shape: group,
        nodes,
        pods: vec![Candidate {
            id: PodId(1),
            workload: 0,
        }],
        similar: Vec::new(),
    }
}

fn groups(options: &[&Estimate]) -> Vec<usize> {
    options.iter().map(|it| it.group).collect()
}

/// Pending 3000m and 6 GiB. X: 2 nodes of 2 cores and 8 GiB waste 0.875, Y: one of 4 and 16 the
/// same, Z: one of 8 and 32 wastes 1.4375.
#[test]
fn least_waste_keeps_ties() {
    let shapes = [shape(2, 8), shape(4, 16), shape(8, 32)];
    let pod = PodShape {
        cpu: Millicores::new(3000),
        memory: Bytes::from_mebibytes(6 * 1024),
        ..PodShape::default()
    };
    let fit = Feasibility::new([&pod].into_iter(), &shapes);
    let options = [option(0, 2), option(1, 1), option(2, 1)];
    let wasted: Vec<f64> = options.iter().map(|it| waste(it, &fit)).collect();
    assert_eq!(wasted, [0.875, 0.875, 1.4375]);
    let mut around = Surroundings {
        fit: &fit,
        groups: vec![("x", 1.0), ("y", 1.0), ("z", 1.0)],
        nodes: 3,
        priorities: None,
    };
    let chosen =
        |chain: &[Expander], around: &Surroundings<'_>| groups(&filter(chain, &options, around));
    assert_eq!(chosen(&[Expander::LeastWaste], &around), [0, 1]);
    assert_eq!(chosen(&[Expander::LeastNodes], &around), [1, 2]);
    assert_eq!(
        chosen(&[Expander::LeastWaste, Expander::LeastNodes], &around),
        [1]
    );
    assert_eq!(
        chosen(&[Expander::Priority], &around),
        [0, 1, 2],
        "there is no map"
    );

    let map = |entries: &[(i64, &str)]| {
        let patterns = entries
            .iter()
            .map(|&(at, pattern)| (at, vec![pattern.to_owned()]));
        PriorityMap::new(&patterns.collect()).unwrap()
    };
    let of_all = map(&[(5, ".*"), (50, "^y$")]);
    around.priorities = Some(&of_all);
    assert_eq!(chosen(&[Expander::Priority], &around), [1]);
    let negative = map(&[(-5, "x"), (0, "y|z")]);
    around.priorities = Some(&negative);
    assert_eq!(chosen(&[Expander::Priority], &around), [1, 2]);
    let none = map(&[(-5, ".*")]);
    around.priorities = Some(&none);
    assert_eq!(chosen(&[Expander::Priority], &around), [0, 1, 2]);
}

#[test]
fn a_bad_pattern_is_an_error() {
    let patterns = BTreeMap::from([(1, vec!["(".to_owned()])]);
    assert!(
        PriorityMap::new(&patterns)
            .unwrap_err()
            .to_string()
            .starts_with("priority 1: ")
    );
}
