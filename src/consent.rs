//! The confirmation prompt, and the proof of consent.

use std::io;

use crate::messages::Message;
use crate::model::characters::is_typeable;
use crate::model::consent_method::ConsentMethod;
use crate::model::data_plane::DataPlane;
use crate::model::group_name::GroupName;
use crate::model::ids::{ClusterNo, VersionCode};
use crate::model::language::Language;
use crate::signals::Signal;
use crate::upgrade::rules::plan::Plan;

/// Proof that the user confirmed the upgrade of one cluster.
///
/// Only [`confirm`] creates it, so code that holds a `Consent` can't have skipped the confirmation.
#[must_use]
#[derive(Debug)]
pub(crate) struct Consent {
    cluster: ClusterNo,
    method: ConsentMethod,
}

impl Consent {
    pub(crate) fn cluster(&self) -> ClusterNo {
        self.cluster
    }

    pub(crate) fn method(&self) -> ConsentMethod {
        self.method
    }
}

/// A terminal that can ask for confirmation.
pub(crate) trait Prompt {
    /// Returns the name of a required stream that is not a terminal; None if a question is possible.
    fn non_terminal_stream(&self) -> Option<&'static str>;

    /// Returns the language of the questions and of the replies to answers.
    fn language(&self) -> Language;

    /// Prints the question and reads one line. Input that was typed before the question is discarded.
    async fn read_line(&mut self, question: &str) -> Result<String, ConsentError>;

    /// Prints the service's cautions and those about the cluster's topics, once, before the first question.
    fn show_cautions(&mut self, data_plane: &DataPlane);

    /// Prints why an answer was rejected.
    fn reject_answer(&mut self, reason: &str);
}

/// Why there is no consent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConsentError {
    #[error("{required} required, but {stream} is not a terminal")]
    NotInteractive { required: String, stream: &'static str, hint: &'static str },
    /// `action` is what the answer would have confirmed.
    #[error("{action} was not confirmed: `{expected}` was not typed")]
    Declined { action: &'static str, expected: String },
    /// A signal arrived during the confirmation.
    #[error("interrupted at the confirmation prompt")]
    Interrupted(Signal),
    #[error("can't read the confirmation from the terminal: {0}")]
    Terminal(io::Error),
}

impl ConsentError {
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::NotInteractive { hint, .. } => Some((*hint).to_owned()),
            Self::Declined { .. } | Self::Interrupted(_) => None,
            Self::Terminal(_) => Some("try another terminal".to_owned()),
        }
    }
}

/// The number of attempts to type the expected answer.
///
/// Chosen: as `sudo` and `ssh` do. A third wrong answer is hardly a typing error.
const MAX_ATTEMPTS: usize = 3;

/// Asks the user to type the cluster's name, or its number if the name can't be typed. `yes` skips the question.
pub(crate) async fn confirm(
    plan: &Plan,
    yes: bool,
    prompt: &mut impl Prompt,
) -> Result<Consent, ConsentError> {
    let cluster = plan.no;
    if yes {
        return Ok(Consent { cluster, method: ConsentMethod::YesFlag });
    }
    let number = cluster.to_string();
    let (text, expected, if_wrong, method) = if is_typeable(&plan.name) {
        let name = plan.name.as_str();
        (Message::TypeClusterName { name }, name, Message::NotClusterName, ConsentMethod::TypedName)
    } else {
        let number = number.as_str();
        (Message::TypeClusterNumber { number }, number, Message::NotClusterNumber, ConsentMethod::TypedNumber)
    };
    let action = "the start";
    let question = Question { text, expected, if_wrong, action, if_declined: Message::NothingStarted };
    require_terminal(prompt)?;
    prompt.show_cautions(&plan.data_plane);
    question.ask(prompt).await?;
    Ok(Consent { cluster, method })
}

/// Proof that the user confirmed the creation of one config group and the write of its values.
///
/// Only [`confirm_group`] creates it.
#[must_use]
#[derive(Debug)]
pub(crate) struct GroupConsent {
    name: GroupName,
    version: VersionCode,
    method: ConsentMethod,
}

impl GroupConsent {
    /// Returns true if this group was confirmed.
    pub(crate) fn covers(&self, name: &GroupName, version: VersionCode) -> bool {
        self.name == *name && self.version == version
    }

    pub(crate) fn version(&self) -> VersionCode {
        self.version
    }

    pub(crate) fn method(&self) -> ConsentMethod {
        self.method
    }
}

/// Asks the user to type the name of the new config group. `yes` skips the question.
pub(crate) async fn confirm_group(
    name: &GroupName,
    version: VersionCode,
    yes: bool,
    prompt: &mut impl Prompt,
) -> Result<GroupConsent, ConsentError> {
    let granted = |method| GroupConsent { name: name.clone(), version, method };
    if yes {
        return Ok(granted(ConsentMethod::YesFlag));
    }
    let question = Question {
        text: Message::TypeGroupName { name: name.as_str() },
        expected: name.as_str(),
        if_wrong: Message::NotGroupName,
        action: "the copy",
        if_declined: Message::NothingCreated,
    };
    require_terminal(prompt)?;
    question.ask(prompt).await?;
    Ok(granted(ConsentMethod::TypedName))
}

/// A confirmation that requires typing an exact text, such as a name.
pub(crate) struct Question<'a> {
    pub text: Message<'a>,
    pub expected: &'a str,
    /// The reply to another answer.
    pub if_wrong: Message<'a>,
    /// The action to confirm, such as `the start`.
    pub action: &'static str,
    /// The result of declining.
    pub if_declined: Message<'a>,
}

/// Checks that the prompt has a terminal.
pub(crate) fn require_terminal(prompt: &impl Prompt) -> Result<(), ConsentError> {
    prompt.non_terminal_stream().map_or(Ok(()), |stream| {
        let hint = "add --yes to skip the confirmation prompt";
        Err(ConsentError::NotInteractive { required: "confirmation".to_owned(), stream, hint })
    })
}

impl Question<'_> {
    /// Asks until the expected text is typed, for a limited number of attempts. An empty answer never matches.
    pub(crate) async fn ask(&self, prompt: &mut impl Prompt) -> Result<(), ConsentError> {
        let declined = || ConsentError::Declined { action: self.action, expected: self.expected.to_owned() };
        let language = prompt.language();
        for attempt in 1..=MAX_ATTEMPTS {
            let answer = prompt.read_line(&self.text.text(language)).await.map_err(|error| match error {
                ConsentError::Terminal(error) if error.kind() == io::ErrorKind::UnexpectedEof => declined(),
                error => error,
            })?;
            let typed = answer.trim();
            if !typed.is_empty() && typed == self.expected {
                return Ok(());
            }
            prompt.reject_answer(&self.rejection(typed, MAX_ATTEMPTS - attempt, language));
        }
        Err(declined())
    }

    /// Returns the reply to a wrong answer.
    fn rejection(&self, typed: &str, attempts_left: usize, language: Language) -> String {
        let reason = if typed.is_empty() {
            Message::NothingTyped
        } else if typed.chars().any(is_hangul) && !self.expected.chars().any(is_hangul) {
            Message::KoreanInputMode
        } else {
            self.if_wrong
        };
        let number = attempts_left.to_string();
        let consequence = match attempts_left {
            0 => self.if_declined,
            1 => Message::OneAttemptLeft,
            _ => Message::AttemptsLeft { number: &number },
        };
        let (reason, consequence) = (reason.text(language), consequence.text(language));
        Message::Rejected { reason: &reason, consequence: &consequence }.text(language)
    }
}

/// Returns true for Hangul letters and syllables, which a keyboard in Korean input mode produces.
fn is_hangul(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11ff}' | '\u{3130}'..='\u{318f}' | '\u{ac00}'..='\u{d7af}')
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::clock::tests::block_on;
    use crate::upgrade::rules::acceptance::Acceptances;
    use crate::upgrade::rules::checks::tests::snapshot;

    struct Scripted {
        non_terminal: Option<&'static str>,
        language: Language,
        answers: Vec<&'static str>,
        shown: Vec<String>,
    }

    impl Scripted {
        fn new(answers: &[&'static str]) -> Self {
            let answers = answers.iter().rev().copied().collect();
            Self { non_terminal: None, language: Language::English, answers, shown: Vec::new() }
        }
    }

    impl Prompt for Scripted {
        fn non_terminal_stream(&self) -> Option<&'static str> {
            self.non_terminal
        }

        fn language(&self) -> Language {
            self.language
        }

        async fn read_line(&mut self, _question: &str) -> Result<String, ConsentError> {
            let end = || ConsentError::Terminal(io::ErrorKind::UnexpectedEof.into());
            self.answers.pop().map(str::to_owned).ok_or_else(end)
        }

        fn show_cautions(&mut self, _: &DataPlane) {
            self.shown.push("cautions".to_owned());
        }

        fn reject_answer(&mut self, reason: &str) {
            self.shown.push(reason.to_owned());
        }
    }

    /// Returns the consent to a plan with `--yes`.
    pub(crate) fn consent(plan: &Plan) -> Consent {
        block_on(confirm(plan, true, &mut Scripted::new(&[]))).unwrap()
    }

    /// Returns the consent to a config group with `--yes`.
    pub(crate) fn group_consent(name: &str, version: VersionCode) -> GroupConsent {
        block_on(confirm_group(&name.parse().unwrap(), version, true, &mut Scripted::new(&[]))).unwrap()
    }

    fn plan() -> Plan {
        Plan::new(&snapshot(), &Acceptances::default())
    }

    #[test]
    fn only_the_exact_name_confirms() {
        for (answer, is_confirmed) in [
            ("orders-prod", true),
            (" orders-prod ", true),
            ("y", false),
            ("yes", false),
            ("", false),
            ("Orders-Prod", false),
            ("orders", false),
        ] {
            let result = block_on(confirm(&plan(), false, &mut Scripted::new(&[answer])));
            assert_eq!(result.is_ok(), is_confirmed, "{answer:?}");
        }
    }

    #[test]
    fn untypeable_name_is_confirmed_by_number() {
        for name in
            ["", " ", "\t", "\u{a0}", "orders\u{a0}prod", "orders\u{200b}", "\u{202e}prod", "a\u{1b}[2J"]
        {
            let mut plan = plan();
            plan.name = name.to_owned();
            for answer in ["", " ", "\u{a0}", name, "1009124", "no:1009123", "y"] {
                let result = block_on(confirm(&plan, false, &mut Scripted::new(&[answer])));
                assert!(result.is_err(), "{answer:?} confirmed a cluster named {name:?}");
            }
            let mut prompt = Scripted::new(&["", " 1009123 "]);
            let consent = block_on(confirm(&plan, false, &mut prompt)).unwrap();
            assert_eq!(
                (consent.method(), consent.cluster()),
                (ConsentMethod::TypedNumber, plan.no),
                "{name:?}"
            );
            assert_eq!(prompt.shown, ["cautions", "nothing was typed; 2 attempts left"], "{name:?}");
        }
        let result = block_on(confirm(&plan(), false, &mut Scripted::new(&["1009123"])));
        assert!(result.is_err(), "the number does not confirm a cluster with a name");
    }

    #[test]
    fn empty_answer_never_matches() {
        for expected in ["", " ", "\u{a0}"] {
            let question = Question {
                text: Message::TypeClusterName { name: expected },
                expected,
                if_wrong: Message::NotClusterName,
                action: "the test",
                if_declined: Message::NothingStarted,
            };
            for answer in ["", " ", "\t", "\u{a0}"] {
                assert!(
                    block_on(question.ask(&mut Scripted::new(&[answer]))).is_err(),
                    "{expected:?} {answer:?}"
                );
            }
        }
    }

    #[test]
    fn third_wrong_answer_declines() {
        let mut prompt = Scripted::new(&["a", "", "ㅐㄱㅇㄷㄱㄴ", "orders-prod"]);
        assert!(matches!(block_on(confirm(&plan(), false, &mut prompt)), Err(ConsentError::Declined { .. })));
        assert_eq!(
            prompt.shown,
            [
                "cautions",
                "that is not the cluster's name; 2 attempts left",
                "nothing was typed; 1 attempt left",
                "the keyboard is in Korean input mode (한/영); nothing was started",
            ]
        );
        assert_eq!(prompt.answers, ["orders-prod"], "there is no fourth attempt");
    }

    #[test]
    fn replies_are_in_korean_and_the_answer_is_the_same() {
        let mut prompt = Scripted { language: Language::Korean, ..Scripted::new(&["a", "", "orders-prod"]) };
        assert_eq!(
            block_on(confirm(&plan(), false, &mut prompt)).unwrap().method(),
            ConsentMethod::TypedName
        );
        assert_eq!(
            prompt.shown,
            [
                "cautions",
                "클러스터 이름과 다릅니다. 2번 더 입력할 수 있습니다.",
                "입력한 내용이 없습니다. 1번 더 입력할 수 있습니다.",
            ]
        );
        let mut prompt = Scripted { language: Language::Korean, ..Scripted::new(&["네", "예", "ㅛ"]) };
        let error = block_on(confirm(&plan(), false, &mut prompt)).unwrap_err();
        assert_eq!(error.to_string(), "the start was not confirmed: `orders-prod` was not typed");
        assert_eq!(
            prompt.shown.last().unwrap(),
            "키보드가 한글 입력 상태입니다. 한/영 키를 눌러 주십시오. 업그레이드를 시작하지 않았습니다."
        );
    }

    #[test]
    fn non_terminal_requires_yes() {
        let mut prompt = Scripted { non_terminal: Some("stdin"), ..Scripted::new(&["orders-prod"]) };
        let error = block_on(confirm(&plan(), false, &mut prompt)).unwrap_err();
        assert_eq!(error.hint().unwrap(), "add --yes to skip the confirmation prompt");
        assert!(error.to_string().contains("stdin"));
        assert!(prompt.shown.is_empty() && prompt.answers.len() == 1);
        assert_eq!(block_on(confirm(&plan(), true, &mut prompt)).unwrap().method(), ConsentMethod::YesFlag);
    }

    #[test]
    fn group_consent_covers_one_name_and_version() {
        let name: GroupName = "orders-390".parse().unwrap();
        let (version, other) = (VersionCode::new(39), VersionCode::new(40));
        let mut prompt = Scripted::new(&["orders", "orders-390"]);
        let consent = block_on(confirm_group(&name, version, false, &mut prompt)).unwrap();
        assert_eq!(consent.method(), ConsentMethod::TypedName);
        assert!(consent.covers(&name, version));
        assert!(!consent.covers(&name, other) && !consent.covers(&"orders-400".parse().unwrap(), version));
        assert_eq!(
            prompt.shown,
            ["that is not the new group's name; 2 attempts left"],
            "no upgrade cautions"
        );

        let mut non_interactive = Scripted { non_terminal: Some("stdin"), ..Scripted::new(&["orders-390"]) };
        let error = block_on(confirm_group(&name, version, false, &mut non_interactive)).unwrap_err();
        assert!(matches!(error, ConsentError::NotInteractive { .. }));
        assert_eq!(
            block_on(confirm_group(&name, version, true, &mut non_interactive)).unwrap().method(),
            ConsentMethod::YesFlag
        );
        assert_eq!(non_interactive.answers.len(), 1, "no question was asked");
    }
}
