//! `flashcrowd dryrun`.

use crate::program::{flashcrowd, path_text, root, scenario};
use std::fs;
use tempfile::tempdir;

const MANIFEST: &str = "apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: shop }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: shop }
  minReplicas: 2
  maxReplicas: 10
  metrics:
    - { type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 70 } } }
";

/// Above 70 % two more, below 30 % one less.
const POOL: &str = r#"{ "displayName": "api", "policies": [{ "policyType": "threshold",
  "capacity": { "min": 2, "max": 10, "initial": 2 },
  "rules": [
    { "displayName": "up", "action": { "type": "CHANGE_COUNT_BY", "value": 2 },
      "metric": { "metricType": "CPU_UTILIZATION", "threshold": { "operator": "GT", "value": 70 } } },
    { "displayName": "down", "action": { "type": "CHANGE_COUNT_BY", "value": -1 },
      "metric": { "metricType": "CPU_UTILIZATION", "threshold": { "operator": "LT", "value": 30 } } } ] }] }
"#;

/// 105 / 70 x 4 = 6. On 6 pods the 126 % of 4 are 84 %: 84 / 70 x 6 = 7.2, so 8.
const HISTORY: &str = "time,replicas,cpu_utilization
2025-11-28T09:14:00+05:30,4,105
2025-11-28T09:14:15+05:30,4,126
";

#[test]
fn decisions_are_printed_and_the_series_is_written() {
    let dir = tempdir().unwrap();
    let manifest = scenario(dir.path(), "hpa.yaml", MANIFEST);
    let history = scenario(dir.path(), "history.csv", HISTORY);
    let series = path_text(dir.path().join("series.csv"));
    let arguments = ["dryrun", &manifest, "--metrics", &history, "--out", &series];
    let finished = flashcrowd(&arguments).expect_code(0);
    let lines: Vec<_> = finished.stdout.lines().collect();
    assert_eq!(
        lines[1..4],
        [
            "certain  09:14:00  4 -> 6  cpu 105 % of 70 %: asks for 6",
            "depends  09:14:15  6 -> 8  cpu 84 % of 70 %: asks for 8",
            "2 syncs, 2 changes of the number of replicas; 1 decision is certain, 1 depends on the \
             loop being closed."
        ],
        "{}",
        finished.stdout
    );
    assert_eq!(
        fs::read_to_string(series).unwrap(),
        "time,replicas,recorded_replicas,certain\n\
         2025-11-28T09:14:00+05:30,6,4,true\n\
         2025-11-28T09:14:15+05:30,8,4,false\n"
    );
}

#[test]
fn an_instance_pool_is_driven_by_the_minute() {
    let dir = tempdir().unwrap();
    let manifest = scenario(dir.path(), "pool.json", POOL);
    let history = "time,replicas,CpuUtilization\n60,2,75\n120,2,75\n180,2,75\n240,4,75\n";
    let history = scenario(dir.path(), "history.csv", history);
    let arguments = [
        "dryrun",
        &manifest,
        "--metrics",
        &history,
        "--publish-delay",
        "0",
    ];
    let finished = flashcrowd(&arguments).expect_code(0);
    let lines: Vec<_> = finished.stdout.lines().collect();
    assert_eq!(
        lines[2..5],
        [
            "certain  00:03:00  2 -> 4  up: CPU_UTILIZATION GT 70 for PT3M, 75 % in the latest minute: +2",
            "certain  00:04:00  4  up: CPU_UTILIZATION GT 70 for PT3M, 75 % in the latest minute: \
             held by the cooldown until 00:09:00",
            "4 syncs, 1 change of the number of replicas; 4 decisions are certain, 0 depend on the \
             loop being closed."
        ],
        "{}",
        finished.stdout
    );
}

#[test]
fn bad_input_names_its_place() {
    let dir = tempdir().unwrap();
    let typo = MANIFEST.replace("maxReplicas: 10", "maxReplicas: 1");
    let refused = scenario(dir.path(), "refused.yaml", &typo);
    let manifest = scenario(dir.path(), "hpa.yaml", MANIFEST);
    let history = scenario(dir.path(), "history.csv", HISTORY);
    let broken = scenario(dir.path(), "broken.csv", "time,cpu_utilization\nnow,5\n");
    let both = scenario(
        dir.path(),
        "both.yaml",
        &format!(
            "{MANIFEST}---\n{}",
            MANIFEST.replace("name: shop }\nspec", "name: other }\nspec")
        ),
    );
    let service = path_text(root().join("scenarios/black-friday.yaml"));
    let cases = [
        (&refused, &history, "refused.yaml:7:"),
        (&manifest, &broken, "broken.csv:2: `now` is not a time"),
        (&both, &history, "shop, other"),
        (
            &service,
            &history,
            "has no autoscaler: neither a HorizontalPodAutoscaler",
        ),
    ];
    for (manifest, metrics, expected) in cases {
        let finished = flashcrowd(&["dryrun", manifest, "--metrics", metrics]).expect_code(2);
        assert!(
            finished.stderr.contains(expected),
            "{expected}: {}",
            finished.stderr
        );
        assert_eq!(finished.stdout, "");
    }
    let chosen = ["dryrun", &both, "--metrics", &history, "--name", "other"];
    flashcrowd(&chosen).expect_code(0);
}
