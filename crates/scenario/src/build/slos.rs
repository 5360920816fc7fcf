//! What is expected of the system.

use super::Context;
use crate::diagnostic::{Code, Problem, Problems};
use crate::path::FieldPath;
use crate::scenario::Slo;
use crate::source::{Sources, Span};
use crate::yaml::Node;
use flashcrowd_telemetry::{Population, Threshold};

pub(crate) fn slos(context: &Context<'_>, problems: &mut Problems) -> Vec<Slo> {
    let base = FieldPath::default().join("slos");
    let specs = &context.spec.slos;
    let mut slos = Vec::new();
    for (index, spec) in specs.iter().enumerate() {
        let path = base.join(index);
        if specs[..index].iter().any(|other| other.name == spec.name) {
            let message = format!("there are two objectives named `{}`", spec.name);
            context.check(problems).report(
                Code::DuplicateName,
                &path.join("name"),
                message,
                |problem| problem.help("give each its own name; reports tell them apart by it"),
            );
        }
        let endpoint = spec
            .endpoint
            .as_ref()
            .map(|name| context.endpoint(name, &path.join("endpoint"), false, problems));
        let written = context.root.at(&path.join("objective").0);
        let written = written.and_then(Node::as_text).map(str::to_owned);
        slos.push(Slo {
            name: spec.name.clone(),
            endpoint: endpoint.flatten(),
            objective: spec.objective,
            written: written.unwrap_or_else(|| spec.objective.to_string()),
            of: spec.of,
        });
    }
    slos
}

/// `--assert "p(95)<500ms"` or `--assert "browse: p(95)<500ms"`.
pub(crate) fn assertion(
    context: &Context<'_>,
    text: &str,
    sources: &mut Sources,
    problems: &mut Problems,
) -> Option<Slo> {
    let source = sources.add("--assert", text);
    let (endpoint, expression) = match text.split_once(':') {
        Some((endpoint, expression)) => (Some(endpoint.trim()), expression),
        None => (None, text),
    };
    let span = |part: &str| {
        let start = part.as_ptr() as usize - text.as_ptr() as usize;
        Span::new(source, start..start + part.len())
    };
    let endpoint = match endpoint {
        None => None,
        Some(name) => {
            let mut own = Problems::default();
            let id = context.endpoint(name, &FieldPath::default(), false, &mut own);
            if id.is_none() {
                let shown: Vec<String> = context
                    .names
                    .endpoints()
                    .map(|(id, ..)| context.names.shown(id))
                    .collect();
                let shown: Vec<&str> = shown.iter().map(String::as_str).collect();
                problems.push(
                    Problem::new(
                        Code::BadAssertion,
                        span(name),
                        format!("in --assert: there is no endpoint `{name}`"),
                    )
                    .names(name, &shown),
                );
            }
            Some(id?)
        }
    };
    let expression = expression.trim();
    match expression.parse::<Threshold>() {
        Ok(objective) => Some(Slo {
            name: text.to_owned(),
            endpoint,
            objective,
            written: expression.to_owned(),
            of: Population::default(),
        }),
        Err(error) => {
            let message = format!("in --assert: {error}");
            problems.push(
                Problem::new(Code::BadAssertion, span(expression), message)
                    .help("as in --assert \"p(95)<500ms\", or --assert \"browse: rate<1%\" for one endpoint"),
            );
            None
        }
    }
}
