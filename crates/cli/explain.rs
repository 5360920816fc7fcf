//! `flashcrowd explain`.

use crate::args::ExplainArgs;
use crate::{Outcome, interrupt, print, show};
use flashcrowd::experiment::repeat::{self, Provenance};
use flashcrowd::report::explain::{DecisionHistory, Explainer, Moment, Rules};
use flashcrowd::scenario::{Diagnostics, Disk, Files, nearest};
use flashcrowd::units::{SimDuration, SimTime};
use flashcrowd::{Scenario, VERSION};
use std::error::Error;
use std::fmt::Write;
use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;

/// What is read of a run.
const FILES: [&str; 2] = ["decisions.jsonl", "scenario.resolved.yaml"];

/// What is asked for.
enum Question {
    /// Every change.
    Changes,
    /// One moment.
    At(Moment),
    /// Every sync between two times.
    Between(SimTime, SimTime),
}

/// A service with a controller.
struct Scaled {
    name: String,
    rules: Rules,
}

/// Explains the decisions of a run.
pub(crate) fn explain(args: &ExplainArgs) -> Outcome {
    match answer(args) {
        Ok(text) => print(&text),
        Err(Refusal::Said) => Outcome::BadInput,
        Err(Refusal::Interrupted) => Outcome::Interrupted,
        Err(Refusal::Problems(problems)) => {
            for problem in problems {
                eprintln!("error: {problem}");
            }
            Outcome::BadInput
        }
    }
}

enum Refusal {
    /// It has been printed.
    Said,
    Interrupted,
    Problems(Vec<String>),
}

impl From<String> for Refusal {
    fn from(problem: String) -> Self {
        Self::Problems(vec![problem])
    }
}

fn answer(args: &ExplainArgs) -> Result<String, Refusal> {
    let [decisions, resolved] = FILES.map(|file| args.dir.join(file));
    if !decisions.is_file() || !resolved.is_file() {
        return Err(not_a_run(&args.dir).into());
    }
    let scenario = Scenario::load(&resolved, &[]).map_err(|diagnostics| {
        show(&diagnostics, Diagnostics::render);
        Refusal::Said
    })?;
    let services = services(&scenario, args.service.as_deref());
    let (services, question) = match (services, question(args, &scenario)) {
        (Ok(services), Ok(question)) => (services, question),
        (services, question) => {
            let mut problems: Vec<String> = services.err().into_iter().collect();
            problems.extend(question.err().into_iter().flatten());
            return Err(Refusal::Problems(problems));
        }
    };
    let file = File::open(&decisions)
        .map_err(|error| format!("cannot read {}: {error}", decisions.display()))?;
    let mut history = DecisionHistory::read(BufReader::new(file))
        .map_err(|error| format!("{}: {}", decisions.display(), with_causes(&error)))?;
    let end = SimTime::ZERO + scenario.loaded.model.duration;
    let (from, to) = match question {
        Question::Changes => (SimTime::ZERO, end),
        Question::At(moment) => (moment.at, moment.until),
        Question::Between(from, to) => (from, to),
    };
    if let Some(cut) = history.cut
        && to >= cut
    {
        let memory = services.iter().map(|it| it.rules.memory()).max();
        let from = from.saturating_sub(memory.unwrap_or_default() + SimDuration::from_secs(60));
        history = again(&args.dir, &scenario, cut, from, to)?;
    }
    let mut text = heading(&scenario);
    for service in &services {
        let explainer = Explainer {
            history: &history,
            component: &service.name,
            rules: &service.rules,
            start: &scenario.loaded.start,
            with_date: with_date(&scenario),
        };
        text += &match question {
            Question::Changes => changes(&explainer, end),
            Question::At(moment) => at(&explainer, moment, args.why_not),
            Question::Between(from, to) => between(&explainer, from, to, args.why_not),
        };
    }
    Ok(text)
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}

fn not_a_run(dir: &Path) -> String {
    let mut inner: Vec<String> = fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().join("decisions.jsonl").is_file())
        .map(|entry| entry.path().display().to_string())
        .collect();
    inner.sort();
    if !dir.is_dir() {
        let what = if dir.exists() {
            "is not a folder"
        } else {
            "does not exist"
        };
        let mut text = format!("`{}` {what}", dir.display());
        let siblings = Disk.siblings(dir);
        let name = dir.file_name().and_then(|name| name.to_str());
        if let Some(near) = name.and_then(|it| nearest(it, siblings.iter().map(String::as_str))) {
            let near = dir.with_file_name(near);
            let _ = write!(text, "; did you mean `{}`?", near.display());
        }
        return text;
    }
    let lacks: Vec<&str> = FILES
        .into_iter()
        .filter(|file| !dir.join(file).is_file())
        .collect();
    let mut text = format!(
        "`{}` is not the result of a run: it lacks {}, which `flashcrowd run SCENARIO --out DIR` \
         writes",
        dir.display(),
        lacks.join(" and ")
    );
    if !inner.is_empty() {
        let _ = write!(text, "; there are results in {}", inner.join(", "));
    }
    text
}

/// The services with a controller, or the one that is asked for.
fn services(scenario: &Scenario, wanted: Option<&str>) -> Result<Vec<Scaled>, String> {
    let services = &scenario.loaded.model.services;
    let all: Vec<&str> = services.iter().map(|it| it.name.as_str()).collect();
    let scaled: Vec<Scaled> = services
        .iter()
        .filter_map(|service| {
            let of_jobs = service.scaled_job.as_ref();
            let of_jobs = of_jobs.map(|it| Rules::of_scaled_job(&it.policy));
            let rules = of_jobs.or(service.autoscaler.as_ref().map(Rules::of))?;
            Some(Scaled {
                name: service.name.clone(),
                rules,
            })
        })
        .collect();
    let names: Vec<&str> = scaled.iter().map(|it| it.name.as_str()).collect();
    let names = names.join(", ");
    match wanted {
        _ if scaled.is_empty() => Err(format!(
            "none of the services has an autoscaler, so nothing was decided; the services are {}",
            all.join(", ")
        )),
        None => Ok(scaled),
        Some(wanted) if !all.contains(&wanted) => Err(format!(
            "there is no service `{wanted}`; the services with an autoscaler are {names}{}",
            nearest(wanted, all.iter().copied())
                .map_or(String::new(), |near| format!("; did you mean `{near}`?"))
        )),
        Some(wanted) => {
            let mut scaled = scaled;
            scaled.retain(|it| it.name == wanted);
            if scaled.is_empty() {
                return Err(format!(
                    "service `{wanted}` has no autoscaler; the services with one are {names}"
                ));
            }
            Ok(scaled)
        }
    }
}

fn question(args: &ExplainArgs, scenario: &Scenario) -> Result<Question, Vec<String>> {
    let duration = scenario.loaded.model.duration;
    let mut problems = Vec::new();
    let mut parse = |flag: &str, text: Option<&String>| {
        let parsed = Moment::parse(text?, &scenario.loaded.start, duration);
        let problem = |error| problems.push(format!("`--{flag}`: {error}"));
        parsed.map_err(problem).ok()
    };
    let at = parse("at", args.at.as_ref());
    let from = parse("from", args.from.as_ref());
    let to = parse("to", args.to.as_ref());
    if !problems.is_empty() {
        return Err(problems);
    }
    if let Some(at) = at {
        return Ok(Question::At(at));
    }
    if from.is_none() && to.is_none() {
        return Ok(Question::Changes);
    }
    let from = from.map_or(SimTime::ZERO, |moment| moment.at);
    let to = to.map_or(SimTime::ZERO + duration, |moment| moment.at);
    if to < from {
        return Err(vec!["`--to` is before `--from`".to_owned()]);
    }
    Ok(Question::Between(from, to))
}

/// The decisions that the file left out, from a simulation.
fn again(
    dir: &Path,
    scenario: &Scenario,
    cut: SimTime,
    from: SimTime,
    to: SimTime,
) -> Result<DecisionHistory, Refusal> {
    let report = fs::read_to_string(dir.join("report.json")).unwrap_or_default();
    if let Some(provenance) = Provenance::of_report(&report) {
        if provenance.version != VERSION {
            eprintln!(
                "warning: the run was made with version {}, this is {VERSION}: what is simulated \
                 again may differ",
                provenance.version
            );
        }
        if provenance.scenario_sha256 != scenario.loaded.sha256() {
            eprintln!(
                "warning: scenario.resolved.yaml is not that of report.json: what is simulated \
                 again may differ"
            );
        }
    }
    eprintln!("note: decisions.jsonl was cut {cut} after the start; simulating again up to {to}");
    interrupt::listen();
    let history = repeat::decisions(&scenario.loaded, from, to, &mut |_| {
        !interrupt::was_interrupted()
    });
    match history {
        Ok(Some(history)) => Ok(history),
        Ok(None) => Err(Refusal::Interrupted),
        Err(error) => Err(error.to_string().into()),
    }
}

fn with_date(scenario: &Scenario) -> bool {
    let start = &scenario.loaded.start;
    let nanos = i64::try_from(scenario.loaded.model.duration.as_nanos()).unwrap_or(i64::MAX);
    let end = start.saturating_add(std::time::Duration::from_nanos(nanos.unsigned_abs()));
    end.date() != start.date()
}

fn heading(scenario: &Scenario) -> String {
    let start = &scenario.loaded.start;
    let zone = start.time_zone().iana_name().unwrap_or("local time");
    format!(
        "{}, {}, times of {zone}\n",
        scenario.loaded.name,
        start.strftime("%a %-d %b %Y")
    )
}

fn changes(explainer: &Explainer<'_>, end: SimTime) -> String {
    let lines: Vec<String> = explainer
        .history
        .of(explainer.component)
        .filter(|decision| decision.is_rescale())
        .filter_map(|decision| explainer.line(decision, SimTime::ZERO, end))
        .collect();
    let name = explainer.component;
    let mut text = format!(
        "{name}: {} of the number of replicas by {}\n",
        match lines.len() {
            0 => "no change".to_owned(),
            1 => "1 change".to_owned(),
            many => format!("{many} changes"),
        },
        explainer.rules.controller
    );
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
    text
}

fn at(explainer: &Explainer<'_>, moment: Moment, why_not: bool) -> String {
    let history = explainer.history;
    let name = explainer.component;
    let in_minute: Vec<_> = history
        .of(name)
        .filter_map(|decision| {
            let (_, last, _) = decision.clipped(moment.at, moment.until)?;
            Some((decision, last))
        })
        .collect();
    // A minute is asked about for the sake of what happened in it; `--why-not` for what did not.
    let mut chosen: Vec<_> = in_minute
        .iter()
        .copied()
        .filter(|(decision, _)| decision.is_rescale() != why_not)
        .collect();
    if why_not {
        chosen.truncate(1);
    }
    if chosen.is_empty() {
        let first = in_minute.first().copied();
        chosen.extend(first.or_else(|| history.in_force(name, moment.at)));
    }
    let mut text = String::new();
    if chosen.is_empty() {
        let first = history.of(name).map(|decision| decision.first).min();
        let said = match first {
            Some(first) => format!(
                "{name} at {}: nothing had been decided yet; the first sync was at {}.\n",
                explainer.clock(moment.at),
                explainer.clock(first)
            ),
            None => format!("{name}: nothing was decided in this run.\n"),
        };
        text += &said;
    }
    for (decision, sync) in chosen {
        text += &explainer.story(decision, sync, why_not);
    }
    let rescales = || history.of(name).filter(|decision| decision.is_rescale());
    if let Some(before) = rescales().rfind(|decision| decision.last < moment.at)
        && let Some(line) = explainer.line(before, SimTime::ZERO, moment.at)
    {
        let _ = writeln!(text, "  The change before: {line}");
    }
    if let Some(after) = rescales().find(|decision| decision.first > moment.until)
        && let Some(line) = explainer.line(after, moment.until, SimTime::NEVER)
    {
        let _ = writeln!(text, "  The next change: {line}");
    }
    text
}

fn between(explainer: &Explainer<'_>, from: SimTime, to: SimTime, why_not: bool) -> String {
    let mut text = format!(
        "{}: syncs from {} to {}\n",
        explainer.component,
        explainer.clock(from),
        explainer.clock(to)
    );
    let decisions = explainer.history.of(explainer.component);
    let lines: Vec<String> = decisions
        .filter_map(|decision| explainer.line(decision, from, to))
        .collect();
    if lines.is_empty() {
        text += "  There was none.\n";
    }
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
    if why_not {
        text += "Why it did not change more often:\n";
        for (reason, syncs) in explainer.why_not_between(from, to) {
            let plural = if syncs == 1 { "" } else { "s" };
            let _ = writeln!(text, "  {syncs} sync{plural} {reason}.");
        }
    }
    text
}
