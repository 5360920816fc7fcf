//! A page of text: sections, lines, paragraphs.

/// Text of limited width, built from top to bottom.
pub(super) struct Page {
    width: usize,
    text: String,
}

impl Page {
    pub(super) fn new(width: usize) -> Self {
        Self {
            width,
            text: String::new(),
        }
    }

    /// Columns of a line.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// A line without what would be invisible at its end.
    pub(super) fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// An empty line and a heading, underlined so that the eye finds it.
    pub(super) fn heading(&mut self, heading: &str) {
        self.line("");
        self.line(heading);
        self.line(&"─".repeat(self.width));
    }

    /// Words after `lead`, wrapped; further lines begin under the first word.
    pub(super) fn paragraph(&mut self, lead: &str, words: &str) {
        let indent = lead.chars().count();
        let mut line = lead.to_owned();
        let mut used = indent;
        for word in words.split(' ') {
            let length = word.chars().count();
            if used > indent && used + 1 + length > self.width {
                self.line(&line);
                line = " ".repeat(indent);
                used = indent;
            }
            if used > indent {
                line.push(' ');
                used += 1;
            }
            line.push_str(word);
            used += length;
        }
        self.line(&line);
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_hang() {
        let mut page = Page::new(20);
        page.paragraph("09:14 ", "one two three four five averyveryverylongword");
        assert_eq!(
            page.into_text(),
            "09:14 one two three\n      four five\n      averyveryverylongword\n"
        );
    }
}
