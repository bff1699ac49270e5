//! Makes roff pass `mandoc -T lint`.

/// The maximum length of a line in bytes.
const MAX_LINE: usize = 80;

/// Removes blank lines, and wraps long lines where lines are filled. Inline code in the help of options becomes bold.
pub(super) fn tidy(roff: &str) -> String {
    let mut tidied = String::new();
    let (mut is_filled, mut is_tag) = (true, false);
    for line in roff.lines() {
        match line {
            ".nf" => is_filled = false,
            ".fi" => is_filled = true,
            _ => {}
        }
        if line.trim().is_empty() {
            tidied.push_str(".sp");
        } else if is_filled && !is_tag && !line.starts_with(['.', '\'']) {
            wrap(&with_bold_code(line), &mut tidied);
        } else {
            tidied.push_str(line);
        }
        tidied.push('\n');
        is_tag = line == ".TP";
    }
    tidied
}

fn with_bold_code(line: &str) -> String {
    let parts = line.split('`').enumerate();
    parts
        .map(|(index, part)| if index % 2 == 1 { format!("\\fB{part}\\fR") } else { part.to_owned() })
        .collect()
}

/// Appends a line, wrapped between words. A word that would be a control line stays behind another one.
fn wrap(line: &str, text: &mut String) {
    let mut length = 0;
    for word in line.split(' ') {
        let added = 1 + width(word);
        if length > 0 {
            let fits = length + added <= MAX_LINE || word.is_empty() || word.starts_with(['.', '\'']);
            text.push(if fits { ' ' } else { '\n' });
            length = if fits { length } else { 0 };
        }
        text.push_str(word);
        length += added;
    }
}

/// mandoc converts other characters to an escape sequence, such as `\[uAC00]`, before it counts.
fn width(word: &str) -> usize {
    word.chars().map(|c| if c.is_ascii() { 1 } else { "\\[uAC00]".len() }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_filled_lines_are_wrapped() {
        let long = "word ".repeat(20);
        let text =
            tidy(&format!(".SH {long}\n{long}x\n\nuse `cdss list`\n.TP\n{long}x\n.nf\n`{long}\n.fi\n"));
        let filled = format!("{}word\nword word word word x", "word ".repeat(15));
        assert_eq!(
            text,
            format!(".SH {long}\n{filled}\n.sp\nuse \\fBcdss list\\fR\n.TP\n{long}x\n.nf\n`{long}\n.fi\n")
        );
    }

    #[test]
    fn wrapped_word_never_becomes_a_control_line() {
        let text = tidy(&format!("{}.dot 'quote end\n", "x".repeat(79) + " "));
        assert_eq!(text, format!("{} .dot 'quote\nend\n", "x".repeat(79)));
    }
}
