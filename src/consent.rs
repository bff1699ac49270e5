//! The question, and the proof that it was answered.

use std::io;

use crate::model::characters::is_typeable;
use crate::model::group_name::GroupName;
use crate::model::ids::{ClusterNo, VersionCode};
use crate::upgrade::rules::plan::Plan;

/// Proof that the warnings for one cluster were accepted.
///
/// The fields are private and [`confirm`] is the only function that fills them: code that holds a
/// `Consent` can't have skipped the question.
#[must_use]
#[derive(Debug)]
pub(crate) struct Consent {
    cluster: ClusterNo,
    manner: ConsentMethod,
}

/// How consent was given; the journal keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConsentMethod {
    TypedName,
    /// The service returned no name that can be typed, so the cluster number was typed instead.
    TypedNumber,
    YesFlag,
}

impl ConsentMethod {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::TypedName => "typed name",
            Self::TypedNumber => "typed number",
            Self::YesFlag => "--yes",
        }
    }
}

impl Consent {
    pub(crate) fn cluster(&self) -> ClusterNo {
        self.cluster
    }

    pub(crate) fn method(&self) -> ConsentMethod {
        self.manner
    }
}

/// Something that can be asked.
pub(crate) trait Prompt {
    /// Returns the name of a stream that is no terminal and therefore keeps anybody from being asked.
    fn missing_terminal(&self) -> Option<&'static str>;

    /// Shows the cautions, then asks for one line. Input typed before the question is dropped.
    ///
    /// # Errors
    ///
    /// Fails when the terminal does, when input ends, or with [`io::ErrorKind::Interrupted`] when a signal
    /// came.
    fn line(&mut self, question: &str) -> io::Result<String>;

    /// Shows the service's cautions, once, before the first question.
    fn cautions(&mut self);

    /// Says why an answer was not taken.
    fn reject_answer(&mut self, why: &str);
}

/// Why there is no consent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConsentError {
    #[error("the question `{question}` needs an answer, and {stream} is no terminal")]
    NobodyToAsk { question: String, stream: &'static str, remedy: &'static str },
    /// `what` would have come next.
    #[error("{what} was declined: `{expected}` was not typed")]
    Declined { what: &'static str, expected: String },
    /// A signal came at the question.
    #[error("interrupted at the question")]
    Interrupted,
    #[error("the terminal failed at the question: {0}")]
    Terminal(io::Error),
}

impl ConsentError {
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::NobodyToAsk { remedy, .. } => Some((*remedy).to_owned()),
            Self::Declined { .. } | Self::Interrupted => None,
            Self::Terminal(_) => Some("use another terminal".to_owned()),
        }
    }
}

/// How many wrong answers are allowed.
///
/// Fixed by the design.
const TRIES: usize = 3;

/// Asks for the cluster's name, or for its number where the name cannot be typed. `--yes` skips the question.
///
/// # Errors
///
/// Fails when the expected answer is not typed, when nobody can be asked, or at a signal. Nothing was started.
pub(crate) fn confirm(plan: &Plan, yes: bool, prompt: &mut dyn Prompt) -> Result<Consent, ConsentError> {
    let cluster = plan.no;
    if yes {
        return Ok(Consent { cluster, manner: ConsentMethod::YesFlag });
    }
    let number = cluster.to_string();
    let (expected, answer_is, manner) = if is_typeable(&plan.name) {
        (plan.name.as_str(), "the cluster's name", ConsentMethod::TypedName)
    } else {
        (number.as_str(), "the cluster's number", ConsentMethod::TypedNumber)
    };
    let question = Question {
        text: format!("Type {expected} to start"),
        expected,
        answer_is,
        what: "the start",
        so_far: "nothing was started",
    };
    question.need_a_terminal(prompt)?;
    prompt.cautions();
    question.ask(prompt)?;
    Ok(Consent { cluster, manner })
}

/// Proof that somebody agreed to make one config group and to write its values.
///
/// As with [`Consent`], [`confirm_group`] is the only function that makes one.
#[must_use]
#[derive(Debug)]
pub(crate) struct GroupConsent {
    name: GroupName,
    version: VersionCode,
    manner: ConsentMethod,
}

impl GroupConsent {
    /// Returns true when it was this group that was agreed to.
    pub(crate) fn covers(&self, name: &GroupName, version: VersionCode) -> bool {
        self.name == *name && self.version == version
    }

    pub(crate) fn version(&self) -> VersionCode {
        self.version
    }

    pub(crate) fn manner(&self) -> ConsentMethod {
        self.manner
    }
}

/// Asks for the name of the config group to make, or takes `--yes` for it.
///
/// # Errors
///
/// Fails when the name is not typed, when there is nobody to ask, or at a signal. Nothing was made.
pub(crate) fn confirm_group(
    name: &GroupName,
    version: VersionCode,
    yes: bool,
    prompt: &mut dyn Prompt,
) -> Result<GroupConsent, ConsentError> {
    let granted = |manner| GroupConsent { name: name.clone(), version, manner };
    if yes {
        return Ok(granted(ConsentMethod::YesFlag));
    }
    let question = Question {
        text: format!("Type {name} to make it"),
        expected: name.text(),
        answer_is: "the new group's name",
        what: "the copy",
        so_far: "nothing was made",
    };
    question.need_a_terminal(prompt)?;
    question.ask(prompt)?;
    Ok(granted(ConsentMethod::TypedName))
}

/// A question that is answered by typing one exact text, such as a name.
pub(crate) struct Question<'a> {
    pub text: String,
    pub expected: &'a str,
    /// What the expected answer is, such as `the cluster's name`.
    pub answer_is: &'static str,
    /// What a right answer leads to.
    pub what: &'static str,
    /// How things stand without one.
    pub so_far: &'static str,
}

impl Question<'_> {
    /// Makes sure that somebody can be asked.
    ///
    /// # Errors
    ///
    /// Fails where a stream is no terminal.
    pub(crate) fn need_a_terminal(&self, prompt: &dyn Prompt) -> Result<(), ConsentError> {
        prompt.missing_terminal().map_or(Ok(()), |stream| {
            let remedy = "add --yes to confirm without a question";
            Err(ConsentError::NobodyToAsk { question: self.text.clone(), stream, remedy })
        })
    }

    /// Asks until the expected text is typed. An empty answer never matches, whatever is expected.
    ///
    /// # Errors
    ///
    /// Fails when it is not typed, or at a signal.
    pub(crate) fn ask(&self, prompt: &mut dyn Prompt) -> Result<(), ConsentError> {
        let declined = || ConsentError::Declined { what: self.what, expected: self.expected.to_owned() };
        for turn in 1..=TRIES {
            let answer = prompt.line(&self.text).map_err(|error| match error.kind() {
                io::ErrorKind::Interrupted => ConsentError::Interrupted,
                io::ErrorKind::UnexpectedEof => declined(),
                _ => ConsentError::Terminal(error),
            })?;
            let typed = answer.trim();
            if !typed.is_empty() && typed == self.expected {
                return Ok(());
            }
            prompt.reject_answer(&self.why_not(typed, TRIES - turn));
        }
        Err(declined())
    }

    fn why_not(&self, typed: &str, left: usize) -> String {
        let what = if typed.is_empty() {
            "nothing was typed".to_owned()
        } else if typed.chars().any(is_hangul) && !self.expected.chars().any(is_hangul) {
            "the keyboard is in Korean input mode (한/영)".to_owned()
        } else {
            format!("that is not {}", self.answer_is)
        };
        match left {
            0 => format!("{what}; {}", self.so_far),
            1 => format!("{what}; one try left"),
            left => format!("{what}; {left} tries left"),
        }
    }
}

/// Returns true for Hangul letters and syllables, as a Korean keyboard yields them for Latin keys.
fn is_hangul(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{ac00}'..='\u{d7af}')
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::upgrade::rules::acceptance::Acceptances;
    use crate::upgrade::rules::checks::tests::snapshot;

    struct Scripted {
        missing: Option<&'static str>,
        answers: Vec<&'static str>,
        shown: Vec<String>,
    }

    impl Scripted {
        fn new(answers: &[&'static str]) -> Self {
            Self { missing: None, answers: answers.iter().rev().copied().collect(), shown: Vec::new() }
        }
    }

    impl Prompt for Scripted {
        fn missing_terminal(&self) -> Option<&'static str> {
            self.missing
        }

        fn line(&mut self, _question: &str) -> io::Result<String> {
            self.answers.pop().map(str::to_owned).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
        }

        fn cautions(&mut self) {
            self.shown.push("cautions".to_owned());
        }

        fn reject_answer(&mut self, why: &str) {
            self.shown.push(why.to_owned());
        }
    }

    /// Consent to a plan as `--yes` gives it.
    pub(crate) fn consent(plan: &Plan) -> Consent {
        confirm(plan, true, &mut Scripted::new(&[])).unwrap()
    }

    /// Consent to a config group as `--yes` gives it.
    pub(crate) fn group_consent(name: &str, version: VersionCode) -> GroupConsent {
        confirm_group(&name.parse().unwrap(), version, true, &mut Scripted::new(&[])).unwrap()
    }

    fn plan() -> Plan {
        Plan::new(&snapshot(), &Acceptances::default())
    }

    #[test]
    fn only_the_exact_name_is_a_yes() {
        for (answer, taken) in [
            ("orders-prod", true),
            (" orders-prod ", true),
            ("y", false),
            ("yes", false),
            ("", false),
            ("Orders-Prod", false),
            ("orders", false),
        ] {
            let result = confirm(&plan(), false, &mut Scripted::new(&[answer]));
            assert_eq!(result.is_ok(), taken, "{answer:?}");
        }
    }

    #[test]
    fn a_name_that_cannot_be_typed_is_confirmed_with_the_number() {
        for name in
            ["", " ", "\t", "\u{a0}", "orders\u{a0}prod", "orders\u{200b}", "\u{202e}prod", "a\u{1b}[2J"]
        {
            let mut plan = plan();
            plan.name = name.to_owned();
            for answer in ["", " ", "\u{a0}", name, "1009124", "no:1009123", "y"] {
                let result = confirm(&plan, false, &mut Scripted::new(&[answer]));
                assert!(result.is_err(), "{answer:?} confirmed a cluster named {name:?}");
            }
            let mut prompt = Scripted::new(&["", " 1009123 "]);
            let consent = confirm(&plan, false, &mut prompt).unwrap();
            assert_eq!(
                (consent.method(), consent.cluster()),
                (ConsentMethod::TypedNumber, plan.no),
                "{name:?}"
            );
            assert_eq!(prompt.shown, ["cautions", "nothing was typed; 2 tries left"], "{name:?}");
        }
        let result = confirm(&plan(), false, &mut Scripted::new(&["1009123"]));
        assert!(result.is_err(), "the number does not confirm a cluster that has a name");
    }

    #[test]
    fn an_empty_answer_matches_no_question() {
        for expected in ["", " ", "\u{a0}"] {
            let question = Question {
                text: "Type it".to_owned(),
                expected,
                answer_is: "the answer",
                what: "the test",
                so_far: "nothing was done",
            };
            for answer in ["", " ", "\t", "\u{a0}"] {
                assert!(question.ask(&mut Scripted::new(&[answer])).is_err(), "{expected:?} {answer:?}");
            }
        }
    }

    #[test]
    fn the_third_wrong_answer_is_the_last() {
        let mut prompt = Scripted::new(&["a", "", "ㅐㄱㅇㄷㄱㄴ", "orders-prod"]);
        assert!(matches!(confirm(&plan(), false, &mut prompt), Err(ConsentError::Declined { .. })));
        assert_eq!(
            prompt.shown,
            [
                "cautions",
                "that is not the cluster's name; 2 tries left",
                "nothing was typed; one try left",
                "the keyboard is in Korean input mode (한/영); nothing was started",
            ]
        );
        assert_eq!(prompt.answers, ["orders-prod"], "a fourth answer is not asked for");
    }

    #[test]
    fn without_a_terminal_nothing_is_asked() {
        let mut prompt = Scripted { missing: Some("stdin"), ..Scripted::new(&["orders-prod"]) };
        let error = confirm(&plan(), false, &mut prompt).unwrap_err();
        assert_eq!(error.hint().unwrap(), "add --yes to confirm without a question");
        assert!(error.to_string().contains("stdin"));
        assert!(prompt.shown.is_empty() && prompt.answers.len() == 1);
        assert_eq!(confirm(&plan(), true, &mut prompt).unwrap().method(), ConsentMethod::YesFlag);
    }

    #[test]
    fn consent_to_a_group_is_for_that_name_and_version_alone() {
        let name: GroupName = "orders-390".parse().unwrap();
        let (version, other) = (VersionCode::new(39), VersionCode::new(40));
        let mut prompt = Scripted::new(&["orders", "orders-390"]);
        let consent = confirm_group(&name, version, false, &mut prompt).unwrap();
        assert_eq!(consent.manner(), ConsentMethod::TypedName);
        assert!(consent.covers(&name, version));
        assert!(!consent.covers(&name, other) && !consent.covers(&"orders-400".parse().unwrap(), version));
        assert_eq!(
            prompt.shown,
            ["that is not the new group's name; 2 tries left"],
            "no caution about an upgrade"
        );

        let mut nobody = Scripted { missing: Some("stdin"), ..Scripted::new(&["orders-390"]) };
        let error = confirm_group(&name, version, false, &mut nobody).unwrap_err();
        assert!(matches!(error, ConsentError::NobodyToAsk { .. }));
        assert_eq!(
            confirm_group(&name, version, true, &mut nobody).unwrap().manner(),
            ConsentMethod::YesFlag
        );
        assert_eq!(nobody.answers.len(), 1, "nothing was asked");
    }
}
