//! Scenario files and manifests to a validated model, with diagnostics.
//!
//! [`load`] reads a scenario and everything that it names: Kubernetes manifests, traces, prices.
//! Either all of it is in order and the result is a [`Scenario`] with its
//! [`Model`](flashcrowd_core::model::Model), or the result is every problem at once
//! ([`Diagnostics`]), each with its place, the values that would be legal and a suggestion.
//!
//! ```
//! use flashcrowd_scenario::{Options, load_str};
//!
//! let text = "
//! name: tiny
//! duration: 1m
//! workload: { users: { open: { rate: 10/s }, endpoints: { hello: 100% } } }
//! services: { web: { endpoints: { hello: [ cpu: 5ms ] } } }
//! ";
//! let files = std::collections::BTreeMap::new(); // no other files
//! let loaded = load_str(text, "tiny.yaml", &files, &Options::default()).unwrap();
//! assert_eq!(loaded.scenario.model.services[0].name, "web");
//!
//! let problems = load_str(&text.replace("5ms", "5 parsecs"), "tiny.yaml", &files, &Options::default()).unwrap_err();
//! let problem = problems.iter().next().unwrap();
//! assert_eq!((problem.line, problem.path.as_str()), (5, "services.web.endpoints.hello[0].cpu"));
//! ```

mod build;
mod check;
mod diagnostic;
mod files;
mod inline;
mod load;
mod manifest;
mod overrides;
mod path;
mod reader;
mod scaler;
mod scenario;
mod schema;
mod source;
pub mod spec;
mod suggest;
mod survey;
mod yaml;

pub use diagnostic::{Code, Diagnostic, Diagnostics, Severity, Style};
pub use files::{Disk, FileError, Files};
pub use load::{Loaded, Options, load, load_from, load_str};
pub use scaler::{LoadedScaler, ScalerManifest, load_scaler};
pub use scenario::{Scenario, Slo};
pub use schema::schema;
pub use suggest::nearest;
pub use survey::{check, check_manifest};
