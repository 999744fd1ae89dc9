//! Findings as text: a line for each check, its causes and the next step below it.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Color, Style};
use engine::doctor::{Finding, State};

use crate::terminal::told;

const STATES: [State; 4] = [State::Ok, State::Warning, State::Problem, State::Skipped];

/// All findings.
pub(super) fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        line(&mut text, finding);
    }
    text
}

fn line(text: &mut String, finding: &Finding) {
    let style = style(finding.state);
    let (state, check) = (finding.state.as_str(), finding.check.as_str());
    let subject = finding.subject.to_string();
    let subject = if subject == check {
        subject
    } else {
        format!("{subject} {check}")
    };
    let said = told(&finding.text).replace('\n', "\n         ");
    _ = writeln!(
        text,
        "{style}{state:7}{style:#}  {}: {said}",
        told(&subject)
    );
    for cause in &finding.causes {
        let cause = told(cause).replace('\n', "\n           ");
        _ = writeln!(text, "         caused by: {cause}");
    }
    if let Some(next) = &finding.next {
        let next = told(next).replace('\n', "\n           ");
        _ = writeln!(text, "         hint: {next}");
    }
}

/// The number of findings in each state.
pub(super) fn summary(findings: &[Finding]) -> String {
    let count = |state: State| {
        let of_state = findings.iter().filter(|finding| finding.state == state);
        (state, of_state.count())
    };
    let counts = STATES
        .map(count)
        .into_iter()
        .filter(|(_, count)| *count > 0);
    let counts: Vec<String> = counts
        .map(|(state, count)| format!("{count} {}", state.as_str()))
        .collect();
    format!("{} check(s): {}", findings.len(), counts.join(", "))
}

fn style(state: State) -> Style {
    let color = match state {
        State::Ok => AnsiColor::Green,
        State::Warning => AnsiColor::Yellow,
        State::Problem => AnsiColor::Red,
        State::Skipped => return Style::new().dimmed(),
    };
    Style::new().bold().fg_color(Some(Color::Ansi(color)))
}

#[cfg(test)]
mod tests {
    use engine::doctor::{Check, Subject};

    use super::*;

    #[test]
    fn a_finding_is_a_line_with_its_causes_and_the_next_step() {
        let registry = || Subject::Registry("ghcr.io".to_owned());
        let findings = [
            Finding::ok(Subject::Catalog, Check::Catalog, "fine"),
            Finding::problem(registry(), Check::Push, "no\nno")
                .because(vec!["401\u{1b}[2J".to_owned()])
                .then("log in"),
        ];
        let expected = "\
ok       catalog: fine
problem  registry ghcr.io push: no
         no
         caused by: 401\\u{1b}[2J
         hint: log in
";
        assert_eq!(
            anstream::adapter::strip_str(&text(&findings)).to_string(),
            expected
        );
        assert_eq!(summary(&findings), "2 check(s): 1 ok, 1 problem");
    }
}
