//! Settings that manifests hold in a form of their own: annotations and hooks.

use super::Placed;
use crate::diagnostic::{Code, Problems, Severity};
use crate::path::FieldPath;
use flashcrowd_manifests::pod::LifecycleHandler;
use flashcrowd_manifests::{Ingress, Service, service::SessionAffinity};
use flashcrowd_units::SimDuration;

const NGINX: &str = "nginx.ingress.kubernetes.io/";
/// ingress-nginx's `proxy-read-timeout`, if nothing else is said.
const READ_TIMEOUT: SimDuration = SimDuration::from_secs(60);

/// What stands in front of a Service.
pub(crate) struct Front {
    /// After this long the proxy gives up.
    pub(crate) timeout: SimDuration,
}

/// Reads the annotations of an Ingress as ingress-nginx does.
pub(crate) fn front(ingress: &Placed<Ingress>, problems: &mut Problems) -> Front {
    let mut timeout = READ_TIMEOUT;
    let mut check = ingress.check(problems);
    let base = FieldPath::default().join("metadata").join("annotations");
    let annotations = &ingress.value.metadata.annotations;
    let has = |setting: &str| annotations.contains_key(&format!("{NGINX}{setting}"));
    for (name, value) in annotations {
        let path = base.join(name);
        match name.strip_prefix(NGINX) {
            Some("proxy-read-timeout") => match value.parse::<u32>() {
                Ok(seconds) => timeout = SimDuration::from_secs(seconds.into()),
                Err(_) => check.invalid(
                    &path,
                    format!("`{value}` is not a number of seconds"),
                    "a whole number, such as \"60\"",
                ),
            },
            Some("load-balance") if value == "round_robin" && !has("upstream-hash-by") => {}
            // ingress-nginx ignores what it does not know, and so does its admission webhook.
            Some("rate-limit") => check.warn(
                Code::Ineffective,
                &path,
                "ingress-nginx has no annotation `rate-limit`: nothing is limited",
                "its annotations are `limit-rps`, `limit-rpm` and `limit-connections`",
            ),
            Some("load-balance") if has("upstream-hash-by") => check.warn(
                Code::Ineffective,
                &path,
                format!("`upstream-hash-by` wins: `load-balance: {value}` does nothing"),
                "keep one of the two",
            ),
            Some(setting) => check.report(
                Code::NotModelled,
                &path,
                format!("the annotation `{setting}` is not modelled"),
                |problem| problem.severity(Severity::Note),
            ),
            None => {}
        }
    }
    Front { timeout }
}

/// Says what of a Service is not modelled.
pub(crate) fn service_notes(service: &Placed<Service>, problems: &mut Problems) {
    let mut check = service.check(problems);
    let base = FieldPath::default().join("spec");
    let mut note = |field: &str, message: &str| {
        check.report(Code::NotModelled, &base.join(field), message, |problem| {
            problem.severity(Severity::Note)
        });
    };
    let spec = &service.value.spec;
    if spec.session_affinity == SessionAffinity::ClientIP {
        note(
            "sessionAffinity",
            "session affinity is not modelled: every connection can go to any pod",
        );
    }
    if spec.publish_not_ready_addresses == Some(true) {
        note(
            "publishNotReadyAddresses",
            "is not modelled: pods that are not ready get no requests",
        );
    }
}

/// How long a preStop hook takes. `None` if its command does not say.
pub(crate) fn pre_stop(hook: &LifecycleHandler) -> Option<SimDuration> {
    if let Some(sleep) = &hook.sleep {
        return u64::try_from(sleep.seconds)
            .ok()
            .map(SimDuration::from_secs);
    }
    let command = &hook.exec.as_ref()?.command;
    let words: Vec<&str> = command
        .iter()
        .flat_map(|word| word.split_whitespace())
        .collect();
    let at = words
        .iter()
        .position(|word| *word == "sleep" || word.ends_with("/sleep"))?;
    let seconds = words.get(at + 1)?.trim_end_matches([';', 's']);
    seconds.parse().ok().map(SimDuration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flashcrowd_manifests::pod::ExecAction;

    #[test]
    fn reads_the_ways_in_which_people_write_sleep() {
        let run = |command: &[&str]| {
            let command = command.iter().map(|word| (*word).to_owned()).collect();
            pre_stop(&LifecycleHandler {
                exec: Some(ExecAction { command }),
                ..LifecycleHandler::default()
            })
        };
        let ten = Some(SimDuration::from_secs(10));
        assert_eq!(run(&["sleep", "10"]), ten);
        assert_eq!(run(&["/bin/sleep", "10s"]), ten);
        assert_eq!(run(&["/bin/sh", "-c", "sleep 10"]), ten);
        assert_eq!(run(&["sh", "-c", "sleep 10; nginx -s quit"]), ten);
        assert_eq!(run(&["nginx", "-s", "quit"]), None);
    }
}
