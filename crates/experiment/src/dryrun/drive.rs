//! The syncs of a controller over a history.

use super::cluster::{Cluster, mean};
use super::controller::{Controller, DryRunError};
use super::fleet::Fleet;
use super::history::MetricHistory;
use flashcrowd_autoscalers::ScaleOutcome;
use flashcrowd_autoscalers::hpa::HpaFlags;
use flashcrowd_report::explain::{DecisionHistory, Explainer, LoggedDecision, Rules};
use flashcrowd_scenario::{LoadedScaler, ScalerManifest};
use flashcrowd_units::{SimDuration, SimTime};
use jiff::Zoned;

/// The column that says how many replicas there were.
pub(super) const REPLICAS: &str = "replicas";

/// How a dry run is made.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Options {
    /// Replicas at the beginning; the recorded ones if absent, or else the minimum.
    pub replicas: Option<u32>,
    /// From a decision to the new pods being ready. If absent, new pods are as good as old ones at
    /// once, and new instances are in service at once.
    pub startup: Option<SimDuration>,
    /// How long after its end a minute is seen by the autoscaler of an instance pool; 60 s if absent.
    pub publish_delay: Option<SimDuration>,
    /// Flags and feature gates of the HPA controller.
    pub flags: HpaFlags,
}

/// A dry run that is over.
#[derive(Debug, Clone)]
pub struct DryRun {
    /// Name of the autoscaler.
    pub name: String,
    /// What the controller was told.
    pub rules: Rules,
    /// When the history begins.
    pub start: Zoned,
    /// From the first sync to the end of the history.
    pub length: SimDuration,
    /// Every sync.
    pub syncs: Vec<Sync>,
    /// Columns that nothing asks for.
    pub unused: Vec<String>,
    /// Columns that are asked for and have no value at all.
    pub empty: Vec<String>,
    /// [`Options::startup`], as it was applied.
    pub startup: Option<SimDuration>,
    /// How long a decision can matter for later ones.
    pub memory: SimDuration,
}

/// One sync.
#[derive(Debug, Clone)]
pub struct Sync {
    /// When, since the beginning of the history.
    pub at: SimTime,
    /// What was decided, with its steps.
    pub decision: LoggedDecision,
    /// Replicas that were recorded.
    pub recorded: Option<u32>,
    /// Whether the controller would have decided just this on what was recorded; otherwise it
    /// depends on what the load per pod would have been.
    pub is_certain: bool,
}

/// Drives the autoscaler of a manifest with a history.
///
/// # Errors
/// If the history lacks a metric that it asks for, or the controller refuses the manifest.
pub fn dry_run(
    scaler: &LoadedScaler,
    history: &MetricHistory,
    options: &Options,
) -> Result<DryRun, DryRunError> {
    let requests = scaler.requests.as_ref();
    let by_minute;
    let history = match scaler.manifest {
        ScalerManifest::Hpa(_) | ScalerManifest::ScaledObject(_) => history,
        ScalerManifest::Oci(_) | ScalerManifest::Ec2(_) => {
            by_minute = history.by_minute(REPLICAS);
            &by_minute
        }
    };
    let mut controller = Controller::new(&scaler.manifest, requests, history, options)?;
    let rules = Rules::of(&controller.policy);
    let startup = controller.startup.unwrap_or_default();
    let used = controller.feeds.columns();
    let named = |pick: &dyn Fn(&str) -> bool| -> Vec<String> {
        let names = history.names().into_iter().filter(|name| pick(name));
        names.map(str::to_owned).collect()
    };
    let mut run = DryRun {
        name: scaler.name.clone(),
        start: history.start.clone(),
        length: history.length,
        syncs: Vec::new(),
        unused: named(&|name| name != REPLICAS && !used.contains(name)),
        empty: named(&|name| {
            used.contains(name) && history.named(name).all(super::history::Column::is_empty)
        }),
        memory: rules.memory().max(rules.cooldown) + startup,
        startup: controller.startup,
        rules,
    };
    let feeds = std::mem::take(&mut controller.feeds);
    let cluster = Cluster::new(history, &feeds, requests);
    run.drive(&mut controller, &cluster, history, options);
    Ok(run)
}

/// Replicas that were recorded.
pub(super) fn recorded(history: &MetricHistory, now: SimTime) -> Option<u32> {
    let (_, value) = mean(history, REPLICAS, now)?;
    u32::try_from(value.get() / 1000).ok()
}

/// Whether decisions rest on what was recorded alone.
struct Certainty {
    is_recorded: bool,
    found: u32,
    memory: SimDuration,
    /// The last sync that saw something else.
    last_guess: Option<SimTime>,
}

impl Certainty {
    fn at(&mut self, now: SimTime, replicas: u32, recorded: Option<u32>) -> bool {
        let is_guess = if self.is_recorded {
            recorded != Some(replicas)
        } else {
            // Nobody knows how many there really were after the first change.
            self.last_guess.is_some() || replicas != self.found
        };
        if is_guess {
            self.last_guess = Some(now);
        }
        self.last_guess
            .is_none_or(|last| now.since(last) > self.memory)
    }
}

impl DryRun {
    fn drive(
        &mut self,
        controller: &mut Controller,
        cluster: &Cluster<'_>,
        history: &MetricHistory,
        options: &Options,
    ) {
        let found = controller.found;
        let autoscaler = controller.autoscaler.as_mut();
        let end = SimTime::ZERO + history.length;
        let mut certainty = Certainty {
            is_recorded: history.named(REPLICAS).next().is_some(),
            found,
            memory: self.memory,
            last_guess: None,
        };
        let mut fleet = Fleet::new(found, controller.startup);
        let mut now = SimTime::ZERO;
        while now <= end {
            let recorded = recorded(history, now);
            let is_certain = certainty.at(now, fleet.size(), recorded);
            let decision = cluster.observe(now, &fleet, recorded, |it| autoscaler.decide(it));
            if decision.is_rescale() {
                fleet.resize(decision.desired.get(), now.into());
                autoscaler.committed(&decision, ScaleOutcome::Applied);
            }
            self.syncs.push(Sync {
                at: now,
                decision: LoggedDecision::new(now, &self.name, &decision),
                recorded,
                is_certain,
            });
            let next = autoscaler
                .next_wakeup()
                .map(|at| SimTime::from_nanos(at.as_nanos().max(0).unsigned_abs()));
            let period = now + options.flags.sync_period;
            // Who asks for a time that is not later would be asked for ever.
            now = next.filter(|next| *next > now).unwrap_or(period);
        }
    }

    /// The decisions in words, one line for each, equal neighbours together; each with whether it
    /// is certain.
    pub fn lines(&self) -> Vec<(String, bool)> {
        let mut merged: Vec<(LoggedDecision, bool)> = Vec::new();
        for sync in &self.syncs {
            let follows = merged.last_mut().is_some_and(|(last, is_certain)| {
                *is_certain == sync.is_certain && last.absorb(&sync.decision)
            });
            if !follows {
                merged.push((sync.decision.clone(), sync.is_certain));
            }
        }
        let history = DecisionHistory {
            decisions: merged
                .iter()
                .map(|(decision, _)| decision.clone())
                .collect(),
            cut: None,
        };
        let explainer = self.explainer(&history);
        let (from, to) = (SimTime::ZERO, SimTime::NEVER);
        merged
            .iter()
            .filter_map(|(decision, is_certain)| {
                Some((explainer.line(decision, from, to)?, *is_certain))
            })
            .collect()
    }

    fn explainer<'a>(&'a self, history: &'a DecisionHistory) -> Explainer<'a> {
        Explainer {
            history,
            component: &self.name,
            rules: &self.rules,
            start: &self.start,
            with_date: self.length > SimDuration::from_secs(86_400),
        }
    }
}
