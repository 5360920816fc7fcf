//! Which bounds hold at a time, and what happens between two times.

use super::cron::CronSchedule;
use super::replica_range::ReplicaRange;
use super::start::zone_named;
use super::{ActionTime, SchedulePolicy, Setting};
use crate::TimePoint;
use flashcrowd_manifests::Problem;
use jiff::tz::TimeZone;

/// The windows and actions of a policy, read.
#[derive(Debug, Clone)]
pub(super) struct Calendar {
    base: ReplicaRange,
    windows: Vec<Window>,
    actions: Vec<(When, Setting)>,
}

#[derive(Debug, Clone)]
struct Window {
    from: CronSchedule,
    to: CronSchedule,
    replicas: ReplicaRange,
}

impl Window {
    /// It is open if it closes before it opens again.
    fn is_open(&self, now: TimePoint) -> bool {
        match (self.from.next(now), self.to.next(now)) {
            (Some(from), Some(to)) => to < from,
            (None, Some(_)) => true,
            (_, None) => false,
        }
    }
}

#[derive(Debug, Clone)]
enum When {
    Cron(Box<CronSchedule>),
    Once(TimePoint),
}

impl When {
    fn next(&self, after: TimePoint) -> Option<TimePoint> {
        match self {
            Self::Cron(cron) => cron.next(after),
            Self::Once(at) => Some(*at).filter(|&at| at > after),
        }
    }

    fn previous(&self, until: TimePoint) -> Option<TimePoint> {
        match self {
            Self::Cron(cron) => cron.previous(until),
            Self::Once(at) => Some(*at).filter(|&at| at <= until),
        }
    }
}

impl Calendar {
    /// Reads the expressions of a policy.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(super) fn new(policy: &SchedulePolicy) -> Result<Self, Vec<Problem>> {
        let mut problems = policy.replicas.problems("replicas");
        let mut reader = Reader {
            policy,
            problems: &mut problems,
        };
        let mut windows = Vec::new();
        for (index, window) in policy.windows.iter().enumerate() {
            let path = format!("windows[{index}]");
            let zone = window.time_zone.as_deref();
            let from = reader.cron(&path, "from", &window.from, zone);
            let to = reader.cron(&path, "to", &window.to, zone);
            reader.range(&format!("{path}.replicas"), window.replicas);
            if window.from == window.to {
                reader.refuse(format!("{path}.to"), "must differ from from".to_owned());
            }
            if let (Some(from), Some(to)) = (from, to) {
                let replicas = window.replicas;
                windows.push(Window { from, to, replicas });
            }
        }
        let mut actions = Vec::new();
        for (index, action) in policy.actions.iter().enumerate() {
            let path = format!("actions[{index}]");
            let when = match &action.at {
                ActionTime::Cron(text) => {
                    let zone = action.time_zone.as_deref();
                    let cron = reader.cron(&path, "at.cron", text, zone);
                    cron.map(|cron| When::Cron(Box::new(cron)))
                }
                ActionTime::Elapsed(time) => Some(When::Once(TimePoint::ZERO + *time)),
            };
            if let Setting::Bounds(range) = action.set {
                reader.range(&format!("{path}.set.bounds"), range);
            }
            actions.extend(when.map(|when| (when, action.set)));
        }
        if problems.is_empty() {
            Ok(Self {
                base: policy.replicas,
                windows,
                actions,
            })
        } else {
            Err(problems)
        }
    }

    /// The bounds that hold at a time: those of the open windows (the largest minimum and the
    /// largest maximum of them), else those of the last action, else those of the policy.
    pub(super) fn bounds(&self, now: TimePoint) -> ReplicaRange {
        let open = self.windows.iter().filter(|window| window.is_open(now));
        let open = open.map(|window| window.replicas);
        let widest = open.reduce(|a, b| ReplicaRange {
            min: a.min.max(b.min),
            max: a.max.max(b.max),
        });
        widest.unwrap_or_else(|| {
            let bounds = self.last(now, |set| match set {
                Setting::Bounds(range) => Some(range),
                Setting::Replicas(_) => None,
            });
            bounds.map_or(self.base, |(_, range)| range)
        })
    }

    /// The last number that was set once, after one time and not after another.
    pub(super) fn set_between(&self, after: TimePoint, until: TimePoint) -> Option<u32> {
        let number = self.last(until, |set| match set {
            Setting::Replicas(number) => Some(number),
            Setting::Bounds(_) => None,
        });
        number
            .filter(|&(at, _)| at > after)
            .map(|(_, number)| number)
    }

    /// When something changes next.
    pub(super) fn next_change(&self, after: TimePoint) -> Option<TimePoint> {
        let windows = self.windows.iter().flat_map(|it| [&it.from, &it.to]);
        let windows = windows.filter_map(|cron| cron.next(after));
        let actions = self.actions.iter().filter_map(|(when, _)| when.next(after));
        windows.chain(actions).min()
    }

    /// The latest action of a kind; of several at one time the one that is written last.
    fn last<T>(
        &self,
        until: TimePoint,
        kind: impl Fn(Setting) -> Option<T>,
    ) -> Option<(TimePoint, T)> {
        let actions = self.actions.iter();
        let past = actions.filter_map(|(when, set)| Some((kind(*set)?, when.previous(until)?)));
        let last = past.max_by_key(|&(_, at)| at);
        last.map(|(setting, at)| (at, setting))
    }
}

struct Reader<'a> {
    policy: &'a SchedulePolicy,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn refuse(&mut self, path: String, message: String) {
        let problem = Problem { path, message };
        // Both ends of a window are in the same zone.
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn range(&mut self, path: &str, range: ReplicaRange) {
        let problems = range.problems(path);
        self.problems.extend(problems);
    }

    fn cron(
        &mut self,
        path: &str,
        field: &str,
        text: &str,
        zone: Option<&str>,
    ) -> Option<CronSchedule> {
        let name = zone.unwrap_or(&self.policy.start.time_zone);
        let Some(zone) = zone_named(name) else {
            let message = format!("is `{name}`: must be a time zone such as Asia/Kolkata");
            self.refuse(format!("{path}.time_zone"), message);
            // The expression may be wrong as well.
            self.parsed(path, field, text, &TimeZone::UTC);
            return None;
        };
        self.parsed(path, field, text, &zone)
    }

    fn parsed(
        &mut self,
        path: &str,
        field: &str,
        text: &str,
        zone: &TimeZone,
    ) -> Option<CronSchedule> {
        let cron = CronSchedule::parse(text, &self.policy.start, zone);
        cron.map_err(|message| self.refuse(format!("{path}.{field}"), message))
            .ok()
    }
}
