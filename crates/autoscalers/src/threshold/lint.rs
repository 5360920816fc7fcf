//! Rules that are legal and work against each other.

use super::{Action, Comparison, Signal, ThresholdPolicy, ThresholdRule};
use flashcrowd_manifests::Problem;

impl ThresholdPolicy {
    /// What will not do what it seems to.
    ///
    /// * Rules that only add: nothing ever shrinks.
    /// * A metric that both adds and removes at the same value.
    /// * A utilization whose lower threshold, once replicas have gone, is above the upper one for
    ///   those that stay: they come back at once.
    pub fn lint(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let rules = &self.rules;
        if rules.iter().any(|rule| grows(rule.action))
            && !rules.iter().any(|rule| may_shrink(rule.action))
        {
            let message = "only add replicas: once added they stay for ever";
            problems.push(Problem::new("rules".to_owned(), message.to_owned()));
        }
        for up in rules.iter().filter(|rule| grows(rule.action)) {
            for (index, down) in rules.iter().enumerate() {
                let path = || format!("rules[{index}].when");
                if let Some(message) = self.quarrel(up, down) {
                    problems.push(Problem::new(path(), message));
                }
            }
        }
        problems
    }

    /// What happens between a rule that adds and one that removes, if they fight.
    fn quarrel(&self, up: &ThresholdRule, down: &ThresholdRule) -> Option<String> {
        let (Comparison::Above(high) | Comparison::AtLeast(high)) = up.when else {
            return None;
        };
        let (Comparison::Below(low) | Comparison::AtMost(low)) = down.when else {
            return None;
        };
        if up.metric != down.metric || !may_shrink(down.action) {
            return None;
        }
        if low > high {
            return Some(format!(
                "removes below {low} what another rule adds above {high}: between them both hold"
            ));
        }
        let is_relative = matches!(
            up.metric,
            Signal::CpuUtilization | Signal::MemoryUtilization
        );
        // The fewest replicas that can be reduced at all: there each of them counts most.
        let before = (self.replicas.min + 1..=self.replicas.max)
            .find(|&size| down.action.apply(size) >= self.replicas.min.max(1))?;
        let after = down.action.apply(before);
        if !is_relative || after >= before {
            return None;
        }
        let then = low * f64::from(before) / f64::from(after);
        (then > high).then(|| {
            format!(
                "takes {before} replicas at {low} down to {after}, which then stand at {then:.2}, above {high}: the other rule adds them again"
            )
        })
    }
}

fn grows(action: Action) -> bool {
    match action {
        Action::Add(_) | Action::AddPercent(_) => true,
        Action::Multiply(times) => times > 1.0,
        Action::Remove(_) | Action::RemovePercent(_) | Action::Set(_) => false,
    }
}

fn may_shrink(action: Action) -> bool {
    match action {
        Action::Remove(_) | Action::RemovePercent(_) | Action::Set(_) => true,
        Action::Multiply(times) => times < 1.0,
        Action::Add(_) | Action::AddPercent(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lint(rules: &serde_json::Value) -> Vec<String> {
        let policy = json!({ "replicas": { "min": 2, "max": 10 }, "rules": rules });
        let policy: ThresholdPolicy = serde_json::from_value(policy).expect("it reads");
        policy.lint().iter().map(ToString::to_string).collect()
    }

    /// 3 replicas at 50 % are 2 at 75 %: above 70 %. At 45 % they are 67.5 %.
    #[test]
    fn thresholds_too_close_to_each_other_are_named() {
        let rules = |low: f64| {
            json!([
                { "metric": "cpu_utilization", "when": { "above": 0.7 }, "action": { "add": 1 } },
                { "metric": "cpu_utilization", "when": { "below": low }, "action": { "remove": 1 } }
            ])
        };
        let found = lint(&rules(0.5));
        assert_eq!(
            found,
            [
                "rules[1].when: takes 3 replicas at 0.5 down to 2, which then stand at 0.75, above 0.7: the other rule adds them again"
            ]
        );
        assert!(lint(&rules(0.45)).is_empty());
        assert!(lint(&rules(0.8))[0].contains("both hold"));
    }

    #[test]
    fn rules_that_only_add_are_named() {
        let queue = json!({ "external": { "name": "queue" } });
        let up = json!({ "metric": queue, "when": { "above": 100 }, "action": { "add": 2 } });
        assert_eq!(
            lint(&json!([up])),
            ["rules: only add replicas: once added they stay for ever"]
        );
        let down = json!({ "metric": queue, "when": { "below": 90 }, "action": { "remove": 2 } });
        // A queue does not get longer when workers go.
        assert!(lint(&json!([up, down])).is_empty());
    }
}
