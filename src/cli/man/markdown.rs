//! Converts the help topics to roff. It knows the Markdown that the topics use: headings, paragraphs, lists, code blocks,
//! and inline code.

use clap_mangen::roff::{Inline, Roff, bold, roman};

/// Adds a topic as a section of the manual. `heading` replaces the topic's own.
pub(super) fn add_topic(roff: &mut Roff, heading: &str, markdown: &str) {
    let mut after_heading = true;
    let mut lines = markdown.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("# ") {
            roff.control("SH", [heading]);
            after_heading = true;
        } else if let Some(title) = line.strip_prefix("## ") {
            roff.control("SS", [title]);
            after_heading = true;
        } else if line.starts_with(FENCE) {
            if !after_heading {
                roff.control("PP", []);
            }
            add_verbatim(roff, lines.by_ref().take_while(|line| *line != FENCE).map(str::to_owned));
            after_heading = false;
        } else if !line.is_empty() {
            let (marker, first) = list_item(line).unwrap_or(("", line));
            let mut text = first.to_owned();
            while let Some(more) = lines.next_if(|line| continues(line)) {
                text.push('\n');
                text.push_str(more.trim_start());
            }
            let roff = match marker {
                "" if after_heading => &mut *roff,
                "" => roff.control("PP", []),
                "-" => roff.control("IP", ["\\(bu", "2"]),
                number => roff.control("IP", [number, "4"]),
            };
            roff.text(inlines(&text));
            after_heading = false;
        }
    }
}

/// Adds indented lines that are not filled.
pub(super) fn add_verbatim(roff: &mut Roff, lines: impl Iterator<Item = String>) {
    roff.control("RS", ["4"]).control("nf", []);
    for line in lines {
        roff.text([roman(line)]);
    }
    roff.control("fi", []).control("RE", []);
}

const FENCE: &str = "```";

/// Splits a list item into its marker, `-` or a number such as `1.`, and its text.
fn list_item(line: &str) -> Option<(&str, &str)> {
    let (marker, text) = line.split_once(' ')?;
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (marker == "-" || marker.strip_suffix('.').is_some_and(is_number)).then(|| (marker, text.trim_start()))
}

/// Returns true for a line that belongs to the paragraph or list item above it.
fn continues(line: &str) -> bool {
    !line.is_empty() && !line.starts_with('#') && !line.starts_with(FENCE) && list_item(line).is_none()
}

/// Converts a text with inline code, which becomes bold.
pub(super) fn inlines(text: &str) -> Vec<Inline> {
    let part = |(index, part): (usize, &str)| if index % 2 == 1 { bold(part) } else { roman(part) };
    text.split('`').enumerate().filter(|(_, part)| !part.is_empty()).map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::help::topics_in_manual_order;

    /// Returns why a line outside of a code block can't be converted.
    fn unsupported(line: &str) -> Option<&'static str> {
        let text = line.trim_start();
        let indentation = line.len() - text.len();
        let without_code: String = text.split('`').step_by(2).collect();
        if text.starts_with("###") || text.starts_with("===") || text.starts_with("---") {
            Some("heading")
        } else if text.starts_with(['*', '+', '>', '|']) {
            Some("list, quote, or table")
        } else if indentation > 0 && (list_item(text).is_some() || text.starts_with("```")) {
            Some("nested list or code block")
        } else if indentation > 3 {
            Some("indented code block")
        } else if without_code.contains("**") || without_code.contains("](") || without_code.contains('<') {
            Some("emphasis, link, or HTML")
        } else if line.ends_with("  ") || line.ends_with('\\') {
            Some("line break")
        } else {
            None
        }
    }

    #[test]
    fn topics_use_only_markdown_that_is_converted() {
        for (heading, topic) in topics_in_manual_order() {
            assert!(topic.starts_with("# "), "{heading}");
            let prose: String = topic.split("```").step_by(2).collect();
            assert_eq!(topic.split("```").count() % 2, 1, "{heading}: a code block has no end");
            for line in prose.lines() {
                assert_eq!(unsupported(line), None, "{heading}: {line}");
            }
            for paragraph in prose.split("\n\n") {
                assert_eq!(paragraph.matches('`').count() % 2, 0, "{heading}: {paragraph}");
            }
        }
        for line in ["### x", "* x", "| a |", "> x", "  - x", "    code", "**x**", "[x](y)", "<br>", "x  "] {
            assert!(unsupported(line).is_some(), "{line}");
        }
    }

    #[test]
    fn markdown_becomes_roff() {
        let mut roff = Roff::new();
        add_topic(
            &mut roff,
            "EXIT STATUS",
            "# Exit codes\n\nFirst `--a-b`\nline.\n\nSecond.\n\n## Part\n\n- one\n  more\n- two\n\n1. three\n\n\
             ```sh\ncdss list \\\n\n    x\n```\n\nEnd. '.x'\n.dot\n",
        );
        assert_eq!(
            roff.to_roff(),
            ".SH \"EXIT STATUS\"\nFirst \\fB\\-\\-a\\-b\\fR\nline.\n.PP\nSecond.\n.SS Part\n.IP \\(bu 2\none\nmore\n\
             .IP \\(bu 2\ntwo\n.IP 1. 4\nthree\n.PP\n.RS 4\n.nf\ncdss list \\\\\n\n    x\n.fi\n.RE\n.PP\nEnd. '.x'\n\\&.dot\n"
        );
    }
}
