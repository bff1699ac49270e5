//! The messages that protect the user, in every language: cautions, the confirmation, and verdicts.
//!
//! All other text is English only. JSON documents contain none of these messages.

use crate::model::language::Language;

/// Defines the messages as a table: name and parameters, English, Korean. The compiler checks that each text uses exactly
/// these parameters. A message without a Korean text is printed in English, and a test reports it.
macro_rules! messages {
    ($($name:ident $({ $($parameter:ident),* })? => $english:literal $(, $korean:literal)?;)*) => {
        /// A message with its parameters. What comes from the service must be escaped, here or when the text is printed.
        #[derive(Debug, Clone, Copy)]
        pub(crate) enum Message<'a> {
            $($name $({ $($parameter: &'a str),* })?,)*
        }

        impl Message<'_> {
            /// Returns the text in a language; in English if it has not been translated.
            pub(crate) fn text(self, language: Language) -> String {
                let translated = match language {
                    Language::English => None,
                    Language::Korean => self.korean(),
                };
                translated.unwrap_or_else(|| self.english())
            }

            fn english(self) -> String {
                match self { $(Self::$name $({ $($parameter),* })? => format!($english),)* }
            }

            /// Returns None if the Korean text is missing.
            fn korean(self) -> Option<String> {
                match self { $(Self::$name $({ $($parameter),* })? => [$(format!($korean))?].into_iter().next(),)* }
            }
        }

        /// Every message, with the names of its parameters as values.
        #[cfg(test)]
        const ALL: &[Message<'static>] =
            &[$(Message::$name $({ $($parameter: concat!("<", stringify!($parameter), ">")),* })?),*];
    };
}

// No Korean particle follows a parameter, because its form depends on the last syllable. The terms are those of the
// service's console and API guide.
messages! {
    // The warnings of the service, and that an upgrade can't be undone, which the service does not state.
    // Source: NAVER Cloud API guide, `cdss-rollingupgrade`; the list of operations has no cancel.
    Cautions => "
This cannot be canceled or undone.
  Clients may briefly disconnect as each broker restarts.
  Data loss is possible, especially for topics with one replica.
  Wait for ongoing replication to finish first.
  The config group must match the target version.
", "
롤링 업그레이드는 취소하거나 되돌릴 수 없습니다.
  브로커가 재시작될 때마다 클라이언트 연결이 잠시 끊길 수 있습니다.
  데이터가 유실될 수 있습니다. 특히 복제본이 1개인 토픽에 주의해 주십시오.
  복제 중인 토픽이 있으면 복제가 완료된 후에 시작해 주십시오.
  Config Group은 업그레이드할 버전에 맞아야 합니다.
";

    // The cautions about topics. They follow those above, with the same indentation.
    WhileBrokerRestarts { broker } =>
        "while broker {broker} restarts",
        "브로커({broker}) 재시작 중에는";
    WhileBrokersRestart { brokers } =>
        "while brokers {brokers} restart",
        "브로커({brokers}) 재시작 중에는";
    WhileManyBrokersRestart { number } =>
        "while {number} brokers restart",
        "브로커 {number}대 재시작 중에는";
    WillBeUnavailable { partitions, when } =>
        "{partitions} will be unavailable {when}.",
        "{partitions}: {when} 사용할 수 없습니다.";
    RecordsCanBeLost { partitions } =>
        "{partitions}: records can be lost.",
        "{partitions}: 데이터가 유실될 수 있습니다.";
    WritesRefused { partitions, when } =>
        "{partitions}: writes with acks=all are refused {when}.",
        "{partitions}: {when} acks=all 쓰기가 거부됩니다.";
    InternalTopics => "Partitions of internal topics", "내부 토픽의 일부 파티션";
    MoreTopics { number } => "More affected topics: {number}.", "그 외 영향을 받는 토픽: {number}개.";
    WritesUnknown { number } =>
        "Topics for which it is unknown whether writes are refused: {number}.",
        "쓰기가 거부될지 알 수 없는 토픽: {number}개.";

    TypeClusterName { name } =>
        "Type {name} to start",
        "시작하려면 클러스터 이름({name}) 입력";
    TypeClusterNumber { number } =>
        "Type {number} to start",
        "시작하려면 클러스터 번호({number}) 입력";
    TypeGroupName { name } =>
        "Type {name} to create it",
        "생성하려면 새 Config Group 이름({name}) 입력";
    TypeProfileName { name } =>
        "Type {name} to remove the profile",
        "프로필을 삭제하려면 프로필 이름({name}) 입력";
    TypeProfileNameForKey { name, key } =>
        "Type {name} to remove its {key}",
        "설정({key})을 삭제하려면 프로필 이름({name}) 입력";

    Rejected { reason, consequence } => "{reason}; {consequence}", "{reason} {consequence}";
    NothingTyped => "nothing was typed", "입력한 내용이 없습니다.";
    KoreanInputMode =>
        "the keyboard is in Korean input mode (한/영)",
        "키보드가 한글 입력 상태입니다. 한/영 키를 눌러 주십시오.";
    NotClusterName => "that is not the cluster's name", "클러스터 이름과 다릅니다.";
    NotClusterNumber => "that is not the cluster's number", "클러스터 번호와 다릅니다.";
    NotGroupName => "that is not the new group's name", "새 Config Group 이름과 다릅니다.";
    NotProfileName => "that is not the profile name", "프로필 이름과 다릅니다.";
    OneAttemptLeft => "1 attempt left", "1번 더 입력할 수 있습니다.";
    AttemptsLeft { number } => "{number} attempts left", "{number}번 더 입력할 수 있습니다.";
    NothingStarted => "nothing was started", "업그레이드를 시작하지 않았습니다.";
    NothingCreated => "nothing was created", "Config Group을 생성하지 않았습니다.";
    NothingRemoved => "nothing was removed", "아무것도 삭제하지 않았습니다.";

    Started { at } => "Started {at}", "시작됨 {at}";
    StartedWithRequest { at, request } => "Started {at}, request {request}", "시작됨 {at}, 요청 ID {request}";
    UpgradeContinues =>
        "The upgrade continues if you close this terminal. To follow it:",
        "이 터미널을 닫아도 업그레이드는 계속됩니다. 진행 상황을 확인하는 명령:";

    NothingChanged => "cdss changed nothing.", "cdss는 아무것도 변경하지 않았습니다.";
    ChangeUnknown =>
        "It is unknown whether anything was changed.",
        "변경 여부를 알 수 없습니다.";

    Done { upgrade, time } => "{upgrade}  done{time}", "{upgrade}  완료(done){time}";
    Failed { upgrade, time } =>
        "{upgrade}  failed{time}",
        "{upgrade}  실패(failed){time}\n업그레이드에 실패했습니다. 클러스터를 확인하고 NAVER Cloud에 문의해 주십시오.";
    Running { upgrade, time } =>
        "{upgrade}  running{time}",
        "{upgrade}  진행 중(running){time}\n업그레이드는 아직 진행 중이며, cdss가 종료되어도 계속됩니다.";
    Unknown { upgrade, time } =>
        "{upgrade}  unknown{time}",
        "{upgrade}  확인 불가(unknown){time}\n결과를 알 수 없습니다. 클러스터를 확인하기 전에는 다시 시작하지 마십시오.";
    AtMost { time } => "at most {time}", "최대 {time}";
    After { time } => "after {time}", "시작 후 {time}";
    AlreadyAt { cluster, version } =>
        "{cluster} is already at {version}; nothing to do.",
        "{cluster}: 이미 대상 버전({version})이므로 할 작업이 없습니다.";
    NowAt { cluster, version } =>
        "{cluster} is now at {version}; this run did not start the upgrade.",
        "{cluster}: 현재 대상 버전({version})입니다. 이 실행에서 시작한 업그레이드가 아닙니다.";
    NowAtUnknownOrigin { cluster, version } =>
        "{cluster} is now at {version}; it is unknown whether this run started the upgrade.",
        "{cluster}: 현재 대상 버전({version})입니다. 이 실행에서 시작한 업그레이드인지 알 수 없습니다.";
    Restarted { restarted, all } =>
        "Observed {restarted} of {all} brokers restart.",
        "브로커 {all}대 중 {restarted}대의 재시작을 확인했습니다.";
    AllInSync { partitions, topics } =>
        "All {partitions} partitions of {topics} topics are in sync.",
        "토픽 {topics}개의 파티션 {partitions}개가 모두 동기화되었습니다.";
    WithoutLeader { number, topics } =>
        "Partitions without a leader that answers ({number}): {topics}",
        "응답하는 리더가 없는 파티션({number}개): {topics}";
    OutOfSync { number, topics } =>
        "Partitions out of sync ({number}): {topics}",
        "동기화되지 않은 파티션({number}개): {topics}";
    SilentBrokers { brokers } => "Brokers that did not answer: {brokers}", "응답하지 않은 브로커: {brokers}";
    UnreadableTopics { number } => "Topics that can't be read: {number}", "읽을 수 없는 토픽: {number}개";
    NoTopics =>
        "The brokers report no topics, so their replication is unknown.",
        "브로커가 보고한 토픽이 없어 복제 상태를 알 수 없습니다.";
    NotQueriedAgain { reason } =>
        "The brokers could not be queried again: {reason}",
        "브로커를 다시 조회할 수 없습니다: {reason}";
    TerraformVersion { code } =>
        "terraform: set kafka_version_code = \"{code}\" before the next apply",
        "terraform: 다음 apply 전에 kafka_version_code = \"{code}\" 값을 설정해 주십시오";
    TerraformVersionAndGroup { code, group } =>
        "terraform: set kafka_version_code = \"{code}\" and config_group_no = {group} before the next apply",
        "terraform: 다음 apply 전에 kafka_version_code = \"{code}\", config_group_no = {group} 값을 설정해 주십시오";
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns both texts of every message, with `<name>` for each parameter.
    fn texts() -> Vec<(String, String)> {
        let korean = |message: &Message<'_>| {
            message.korean().unwrap_or_else(|| panic!("{message:?} has no Korean text"))
        };
        ALL.iter().map(|message| (message.english(), korean(message))).collect()
    }

    fn is_hangul(c: char) -> bool {
        ('\u{ac00}'..='\u{d7a3}').contains(&c)
    }

    #[test]
    fn every_message_is_translated() {
        for (english, korean) in texts() {
            assert_ne!(english, korean);
            let is_frame = english.starts_with('<') && english.ends_with('>');
            assert!(is_frame || korean.chars().any(is_hangul), "{korean}");
        }
    }

    #[test]
    fn translations_have_the_same_parameters() {
        let parameters = |text: &str| {
            let mut names: Vec<String> =
                text.split('<').skip(1).filter_map(|rest| Some(rest.split_once('>')?.0.to_owned())).collect();
            names.sort();
            names
        };
        for (english, korean) in texts() {
            assert_eq!(parameters(&english), parameters(&korean), "{korean}");
        }
    }

    #[test]
    fn no_particle_follows_a_parameter() {
        const PARTICLES: &str = "은는이가을를와과로으";
        for (_, korean) in texts() {
            for (_, rest) in korean.match_indices('>').map(|(at, _)| korean.split_at(at + 1)) {
                let next = rest.chars().next();
                assert!(!next.is_some_and(|next| PARTICLES.contains(next)), "{korean}");
            }
        }
    }

    #[test]
    fn lines_fit_80_columns() {
        let columns = |line: &str| line.chars().map(|c| if is_hangul(c) { 2 } else { 1 }).sum::<usize>();
        let lines = texts().into_iter().flat_map(|(english, korean)| [english, korean]);
        for text in lines {
            for line in text.lines().filter(|line| !line.contains('<')) {
                assert!(columns(line) <= 80, "{} columns: {line}", columns(line));
            }
        }
    }

    mod untranslated {
        use super::Language;

        messages! {
            Translated { name } => "hello, {name}", "{name} 님, 안녕하십니까";
            Untranslated => "in English only";
        }

        #[test]
        fn message_is_printed_in_english() {
            assert_eq!(Message::Translated { name: "a" }.text(Language::Korean), "a 님, 안녕하십니까");
            assert_eq!(Message::Untranslated.text(Language::Korean), "in English only");
            assert!(ALL.iter().any(|message| message.korean().is_none()), "a test can find it");
        }
    }
}
