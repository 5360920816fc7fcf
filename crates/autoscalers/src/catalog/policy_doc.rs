//! What a policy does, from the comment at the head of its file.

use std::fmt::Write as _;

/// The description of a policy: the module documentation of the file that it lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyDoc {
    name: &'static str,
    /// The lines of the comment, with their `//!`.
    header: &'static str,
}

impl PolicyDoc {
    pub(super) const fn new(name: &'static str, header: &'static str) -> Self {
        Self { name, header }
    }

    /// The tag of the policy in a scenario. A part of a policy has a dot: `predictive.linear`.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What it is, in one sentence.
    pub fn summary(&self) -> String {
        let lines = self.lines();
        let paragraph: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
        without_rustdoc_links(&paragraph.join(" "))
    }

    /// The text under one of the headings `What it does`, `When it hurts`, `Parameters` and
    /// `Source`, in Markdown; `None` if there is no such heading.
    pub fn section(&self, heading: &str) -> Option<String> {
        let is_this = |line: &&str| line.strip_prefix("# ").is_some_and(|it| it == heading);
        let mut lines = self.lines().skip_while(|line| !is_this(line));
        lines.next()?;
        let text: Vec<&str> = lines.take_while(|line| !line.starts_with("# ")).collect();
        Some(without_rustdoc_links(text.join("\n").trim()))
    }

    fn lines(&self) -> impl Iterator<Item = &'static str> {
        let header = self.header.lines();
        header.map(|line| {
            let text = line.trim_start_matches("//!");
            text.strip_prefix(' ').unwrap_or(text)
        })
    }

    /// The page `docs/policies.md`.
    pub(super) fn page(policies: &[Self], siblings: &[Self]) -> String {
        let mut page = String::from(
            "# Policies\n\nGenerated from the comments at the head of the policies' files; a test \
             compares the two.\nA program picks one by its tag through the `Catalog`: `{ \"react\": { ... } }`. \
             Scenario files take `hpa`, `keda`, `kpa` and `custom` (and a VPA, which is no policy of this list), and `scaled_job` for `keda.scaled_job`.\n\n\
             | Policy | What it is |\n|---|---|\n",
        );
        let row = |page: &mut String, policy: &Self| {
            let anchor = policy.name.replace('.', "");
            let (name, summary) = (policy.name, policy.summary());
            let _ = writeln!(page, "| [`{name}`](#{anchor}) | {summary} |");
        };
        for policy in policies {
            row(&mut page, policy);
        }
        page.push_str(
            "\nBeside them, for nodes and for what pods request (`nodes.autoscaler` and `vpa` of a \
             scenario):\n\n| Autoscaler | What it is |\n|---|---|\n",
        );
        for policy in siblings {
            row(&mut page, policy);
        }
        for policy in policies.iter().chain(siblings) {
            let _ = write!(page, "\n## {}\n\n{}\n", policy.name, policy.summary());
            for heading in HEADINGS {
                if let Some(text) = policy.section(heading) {
                    let _ = write!(page, "\n### {heading}\n\n{text}\n");
                }
            }
        }
        page
    }
}

/// The headings of a description, in their order.
const HEADINGS: [&str; 4] = ["What it does", "When it hurts", "Parameters", "Source"];

/// Links to items mean nothing outside of rustdoc: their text stays.
fn without_rustdoc_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("[`") {
        let Some((name, after)) = link.split_once("`]") else {
            break;
        };
        plain.push_str(before);
        let _ = write!(plain, "`{name}`");
        rest = match after.strip_prefix('(').and_then(|it| it.split_once(')')) {
            Some((target, after)) if !target.contains(char::is_whitespace) => after,
            _ => after,
        };
    }
    plain + rest
}

/// The length of the comment at the head of a file.
pub(super) const fn header_len(source: &str) -> usize {
    let bytes = source.as_bytes();
    let mut at = 0;
    while at + 2 < bytes.len()
        && bytes[at] == b'/'
        && bytes[at + 1] == b'/'
        && bytes[at + 2] == b'!'
    {
        while at < bytes.len() && bytes[at] != b'\n' {
            at += 1;
        }
        at += 1;
    }
    if at > bytes.len() { bytes.len() } else { at }
}

/// The first bytes of a text, so that the program contains the comments and not the sources.
pub(super) const fn first_bytes<const N: usize>(source: &str) -> [u8; N] {
    let mut first = [0; N];
    let mut at = 0;
    while at < N {
        first[at] = source.as_bytes()[at];
        at += 1;
    }
    first
}

/// `policy_doc!("name", "../file.rs")`: the description at the head of a file.
macro_rules! policy_doc {
    ($name:literal, $file:literal) => {{
        const SOURCE: &str = include_str!($file);
        const BYTES: [u8; header_len(SOURCE)] = first_bytes(SOURCE);
        match std::str::from_utf8(&BYTES) {
            Ok(header) => PolicyDoc::new($name, header),
            Err(_) => panic!("the comment ends at the end of a line"),
        }
    }};
}
pub(super) use policy_doc;

#[cfg(test)]
mod tests {
    use super::*;

    const DOC: PolicyDoc = PolicyDoc::new(
        "mine",
        "//! Mine: one [`Thing`].\n//!\n//! # What it does\n//! Uses [`Other`](crate::Other) (often).\n\
         //!\n//! * a list\n//!\n//! # Source\n//! A paper.\n",
    );

    #[test]
    fn a_comment_is_a_description() {
        assert_eq!(DOC.summary(), "Mine: one `Thing`.");
        let does = DOC.section("What it does");
        assert_eq!(does.as_deref(), Some("Uses `Other` (often).\n\n* a list"));
        assert_eq!(DOC.section("Source").as_deref(), Some("A paper."));
        assert_eq!(DOC.section("Parameters"), None);
    }

    #[test]
    fn the_header_ends_where_the_comment_does() {
        assert_eq!(header_len("//! a\n//! b\n\nuse c;\n//! d\n"), 12);
        assert_eq!(header_len("//! a"), 5);
        assert_eq!(header_len("use a;"), 0);
    }
}
