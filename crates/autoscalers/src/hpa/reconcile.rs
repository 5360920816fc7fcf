//! The order of one reconcile (`reconcileAutoscaler`).

use super::combine::{Combined, combine};
use super::evaluate::int32;
use super::model::Source;
use super::rate_limit::{self, Bounds};
use super::{
    AbleToScale, Evidence, Hpa, HpaPath, HpaSteps, MetricStep, ScaledToZero, ScalingActive,
    ScalingLimited, stabilize,
};
use crate::{
    Limit, Observation, Reason, ResourceName, Scale, ScaleOutcome, ScalingDecision, Steps,
    TimePoint,
};
use flashcrowd_units::Replicas;

impl Hpa {
    /// One sync, up to the write.
    pub(super) fn reconcile(&mut self, observation: &Observation<'_>) -> ScalingDecision {
        let now = observation.now;
        let Some(scale) = observation.scale else {
            return self.scale_unreadable(now);
        };
        let current = int32(scale.spec_replicas);
        self.memory.status.current_replicas = scale.spec_replicas;
        self.memory.status.conditions.able_to_scale = Some(AbleToScale::SucceededGetScale);
        self.memory.history.seed(current, now);

        let decision = match self.path(current) {
            HpaPath::Disabled => {
                self.memory.status.conditions.scaling_active = Some(ScalingActive::ScalingDisabled);
                self.without_metrics(now, current, 0, HpaPath::Disabled, Reason::ScalingDisabled)
            }
            HpaPath::AboveMax => self.without_metrics(
                now,
                current,
                self.model.max,
                HpaPath::AboveMax,
                Reason::AboveMaxReplicas,
            ),
            HpaPath::BelowMin => self.without_metrics(
                now,
                current,
                self.model.min,
                HpaPath::BelowMin,
                Reason::BelowMinReplicas,
            ),
            _ => self.by_metrics(observation, scale),
        };
        let failed =
            matches!(&decision.steps, Steps::Hpa(steps) if steps.path == HpaPath::MetricsFailed);
        if !decision.is_rescale() && !failed {
            self.memory.status.desired_replicas = decision.current;
        }
        decision
    }

    /// Which way this reconcile takes. 0 replicas come first: only who took the last one away may
    /// bring it back, and only if a metric can exist without pods or the minimum asks for it.
    fn path(&self, current: i32) -> HpaPath {
        let Bounds { min, max } = self.bounds();
        if current == 0 {
            let wakeable = self.has_scaled_to_zero() && (min != 0 || self.model.has_outside_metric);
            return if wakeable {
                HpaPath::Metrics
            } else {
                HpaPath::Disabled
            };
        }
        if current > max {
            HpaPath::AboveMax
        } else if current < min {
            HpaPath::BelowMin
        } else {
            HpaPath::Metrics
        }
    }

    fn bounds(&self) -> Bounds {
        Bounds {
            min: self.model.min,
            max: self.model.max,
        }
    }

    /// Whether it is this HPA that took the last replica away. Without the gate nobody asks.
    fn has_scaled_to_zero(&self) -> bool {
        self.flags.gates.scale_to_zero
            && self.memory.status.conditions.scaled_to_zero == Some(ScaledToZero::ScaledToZero)
    }

    fn scale_unreadable(&mut self, now: TimePoint) -> ScalingDecision {
        self.memory.status.conditions.able_to_scale = Some(AbleToScale::FailedGetScale);
        let current = self.memory.status.current_replicas;
        let mut decision = ScalingDecision::hold(now, current, Reason::ScaleUnavailable);
        let steps = HpaSteps {
            error: true,
            ..self.steps(HpaPath::ScaleUnreadable)
        };
        decision.steps = Steps::Hpa(Box::new(steps));
        decision
    }

    /// Straight to a bound. The status forgets its metrics; nothing is recommended.
    fn without_metrics(
        &mut self,
        now: TimePoint,
        current: i32,
        desired: i32,
        path: HpaPath,
        reason: Reason,
    ) -> ScalingDecision {
        self.memory.status.current_metrics.clear();
        ScalingDecision {
            at: now,
            current: replicas(current),
            desired: replicas(desired),
            reason,
            limited_by: None,
            steps: Steps::Hpa(Box::new(self.steps(path))),
        }
    }

    fn by_metrics(&mut self, observation: &Observation<'_>, scale: Scale) -> ScalingDecision {
        let (now, current) = (observation.now, int32(scale.spec_replicas));
        let mut steps = self.steps(HpaPath::Metrics);
        steps.evidence = self.evidence(observation);
        steps.metrics = self.evaluate(observation, scale);
        let shown = steps
            .metrics
            .iter()
            .map(|metric| metric.proposal().map(|proposal| proposal.current));
        self.memory.status.current_metrics.clear();
        self.memory.status.current_metrics.extend(shown);

        let (winner, proposal, partial) = match combine(&steps.metrics, current) {
            Combined::Proposal {
                winner,
                replicas,
                partial,
            } => (winner, replicas, partial),
            Combined::Failed(reason) => {
                self.memory.status.conditions.scaling_active = Some(reason);
                steps.path = HpaPath::MetricsFailed;
                steps.error = true;
                let mut decision =
                    ScalingDecision::hold(now, scale.spec_replicas, Reason::MetricsUnavailable);
                decision.steps = Steps::Hpa(Box::new(steps));
                return decision;
            }
        };
        self.memory.status.conditions.scaling_active = Some(ScalingActive::ValidMetricFound);
        let wanted = proposal.max(0);
        let mut reason = rescale_reason(wanted, current, &steps.metrics[winner]);
        let stabilized = self.stabilize(current, wanted, now);
        let (limited, bound) = self.limit(current, stabilized, now);
        let mut desired = limited;
        // At 0 under a raised minimum: neither metrics nor rate limits hold it below that.
        if current == 0 && desired < self.model.min {
            desired = self.model.min;
            if reason == Reason::None {
                reason = Reason::BelowMinReplicas;
            }
        }
        steps.winner = Some(winner);
        steps.proposal = Some(proposal);
        steps.stabilized = Some(stabilized);
        steps.limited = Some(limited);
        steps.error = partial;
        ScalingDecision {
            at: now,
            current: scale.spec_replicas,
            desired: replicas(desired),
            reason,
            limited_by: limit(bound).or_else(|| self.stabilization_limit()),
            steps: Steps::Hpa(Box::new(steps)),
        }
    }

    /// Stabilization, and the condition AbleToScale that tells of it.
    fn stabilize(&mut self, current: i32, proposal: i32, now: TimePoint) -> i32 {
        let history = &mut self.memory.history;
        let (stabilized, delayed) = match &self.model.behavior {
            None => {
                let window = self.flags.downscale_stabilization;
                (
                    stabilize::by_flag(history, proposal, now, window),
                    AbleToScale::ScaleDownStabilized,
                )
            }
            Some(rules) => {
                let windows = (rules.up.window, rules.down.window);
                let stabilized =
                    stabilize::by_behavior(history, current, proposal, now, windows.0, windows.1);
                let up = proposal >= current;
                (
                    stabilized,
                    if up {
                        AbleToScale::ScaleUpStabilized
                    } else {
                        AbleToScale::ScaleDownStabilized
                    },
                )
            }
        };
        let condition = if stabilized == proposal {
            AbleToScale::ReadyForNewScale
        } else {
            delayed
        };
        self.memory.status.conditions.able_to_scale = Some(condition);
        stabilized
    }

    /// Rate limit and bounds, and the condition ScalingLimited that tells of them.
    fn limit(&mut self, current: i32, stabilized: i32, now: TimePoint) -> (i32, ScalingLimited) {
        let bounds = self.bounds();
        let (desired, reason) = match &self.model.behavior {
            None => rate_limit::by_doubling(current, stabilized, bounds),
            Some(rules) => rate_limit::by_policies(
                current,
                stabilized,
                bounds,
                rules,
                &self.memory.history,
                now,
            ),
        };
        self.memory.status.conditions.scaling_limited = Some(reason);
        (desired, reason)
    }

    fn stabilization_limit(&self) -> Option<Limit> {
        match self.memory.status.conditions.able_to_scale {
            Some(AbleToScale::ScaleUpStabilized) => Some(Limit::ScaleUpStabilized),
            Some(AbleToScale::ScaleDownStabilized) => Some(Limit::ScaleDownStabilized),
            _ => None,
        }
    }

    /// What metrics of CPU and memory are computed from, if there are any.
    fn evidence(&self, observation: &Observation<'_>) -> Option<Evidence> {
        let resources =
            self.model
                .metrics
                .iter()
                .filter_map(|metric| match metric.source {
                    Source::Resource { resource, .. }
                    | Source::ContainerResource { resource, .. } => Some(resource),
                    _ => None,
                });
        let is_cpu = resources
            .map(|resource| resource == ResourceName::Cpu)
            .reduce(|any, is_cpu| any || is_cpu)?;
        Some(Evidence::of(observation, is_cpu, &self.flags))
    }

    fn steps(&self, path: HpaPath) -> HpaSteps {
        HpaSteps {
            path,
            tolerance: self.model.tolerance,
            evidence: None,
            metrics: Vec::new(),
            winner: None,
            proposal: None,
            stabilized: None,
            limited: None,
            error: false,
        }
    }

    /// What follows a write. One that failed leaves the recommendation remembered, but stores no
    /// scale event and keeps the desired number of the status.
    pub(super) fn rescaled(&mut self, decision: &ScalingDecision, outcome: ScaleOutcome) {
        let status = &mut self.memory.status;
        if outcome == ScaleOutcome::Failed {
            status.conditions.able_to_scale = Some(AbleToScale::FailedUpdateScale);
            return;
        }
        status.conditions.able_to_scale = Some(AbleToScale::SucceededRescale);
        status.desired_replicas = decision.desired;
        status.last_scale_time = Some(decision.at);
        let (before, after) = (int32(decision.current), int32(decision.desired));
        let to_zero =
            before > 0 && after == 0 && self.model.min == 0 && self.model.has_outside_metric;
        status.conditions.scaled_to_zero = self.flags.gates.scale_to_zero.then_some(if to_zero {
            ScaledToZero::ScaledToZero
        } else {
            ScaledToZero::NotScaledToZero
        });
        if let Some(rules) = &self.model.behavior {
            let history = &mut self.memory.history;
            if after > before {
                history
                    .added
                    .store(after - before, decision.at, rules.up.longest_period());
            } else {
                history
                    .removed
                    .store(before - after, decision.at, rules.down.longest_period());
            }
        }
    }
}

/// What the metrics are after, whatever becomes of it.
fn rescale_reason(wanted: i32, current: i32, winner: &MetricStep) -> Reason {
    match wanted.cmp(&current) {
        std::cmp::Ordering::Greater => Reason::MetricAboveTarget {
            metric: winner.name.clone(),
        },
        std::cmp::Ordering::Less => Reason::AllMetricsBelowTarget,
        std::cmp::Ordering::Equal => Reason::None,
    }
}

fn limit(bound: ScalingLimited) -> Option<Limit> {
    match bound {
        ScalingLimited::DesiredWithinRange => None,
        ScalingLimited::TooFewReplicas => Some(Limit::TooFewReplicas),
        ScalingLimited::TooManyReplicas => Some(Limit::TooManyReplicas),
        ScalingLimited::ScaleUpLimit => Some(Limit::ScaleUpLimit),
        ScalingLimited::ScaleDownLimit => Some(Limit::ScaleDownLimit),
    }
}

/// Numbers after the bounds are never negative.
fn replicas(number: i32) -> Replicas {
    Replicas(u32::try_from(number).unwrap_or(0))
}
