use super::super::cluster::ClusterIdentity;
use super::super::health::tests::health;
use super::super::ids::ClusterNo;
use super::*;

const OLD: u64 = 3_713_006;
const NEW: u64 = 3_903_006;
const GREEN: &[&str] = &["green", "green", "green"];
const ORANGE: &[&str] = &["green", "orange", "green"];

fn look(at: u64, state: &str, version: u64, colours: &[&str]) -> Look {
    let cluster = Cluster {
        no: ClusterNo::new(1),
        name: "orders".to_owned(),
        identity: ClusterIdentity::default(),
        state: ClusterState::read(state),
        version: Some(VersionCode::new(version)),
        config_group: None,
        brokers: Some(3),
    };
    Look { at: Duration::from_secs(at), health: health(colours), cluster: Some(cluster) }
}

fn ours(patience: Patience) -> Progress {
    Progress::new(patience, Watched::Ours, Some(VersionCode::new(NEW)))
}

/// Feeds looks 15 s apart and returns the end with the number of looks it took.
fn run(
    mut progress: Progress,
    looks: impl IntoIterator<Item = (&'static str, u64, &'static [&'static str])>,
) -> Option<(Settled, usize)> {
    for (turn, (state, version, colours)) in looks.into_iter().enumerate() {
        if let Some(settled) = progress.take(&look(turn as u64 * 15, state, version, colours)) {
            return Some((settled, turn + 1));
        }
    }
    None
}

#[test]
fn done_takes_two_good_looks_after_a_change() {
    let end = run(
        ours(Patience::REMOTE),
        [
            ("changing", OLD, GREEN),
            ("changing", OLD, ORANGE),
            ("running", NEW, GREEN),
            ("running", NEW, GREEN),
        ],
    );
    assert_eq!(end, Some((Settled::AtTarget, 4)));
}

#[test]
fn good_looks_that_are_not_in_a_row_do_not_count() {
    let end = run(
        ours(Patience::REMOTE),
        [
            ("changing", NEW, GREEN),
            ("running", NEW, GREEN),
            ("running", NEW, ORANGE),
            ("running", NEW, GREEN),
        ],
    );
    assert_eq!(end, None);
}

#[test]
fn two_good_looks_too_close_together_are_one() {
    let mut progress = ours(Patience::REMOTE);
    assert_eq!(progress.take(&look(0, "changing", OLD, GREEN)), None);
    assert_eq!(progress.take(&look(100, "running", NEW, GREEN)), None);
    assert_eq!(progress.take(&look(114, "running", NEW, GREEN)), None);
    assert_eq!(progress.take(&look(115, "running", NEW, GREEN)), Some(Settled::AtTarget));
}

#[test]
fn a_version_that_switched_at_acceptance_is_not_done_before_patience_ends() {
    let end = run(ours(Patience::REMOTE), std::iter::repeat_n(("running", NEW, GREEN), 60));
    assert_eq!(end, Some((Settled::AtTarget, 21)), "five minutes are looks 0 to 20");
    let end = run(ours(Patience::LOOPBACK), std::iter::repeat_n(("running", NEW, GREEN), 60));
    assert_eq!(end, Some((Settled::AtTarget, 20)));
}

#[test]
fn many_quick_looks_do_not_shorten_patience_off_loopback() {
    let mut progress = ours(Patience::REMOTE);
    for turn in 0..299 {
        assert_eq!(progress.take(&look(turn, "running", NEW, GREEN)), None, "{turn}");
    }
}

#[test]
fn the_old_version_after_a_change_is_failed_only_after_patience() {
    let rolled = [("changing", OLD, GREEN), ("changing", OLD, ORANGE)];
    let end = run(
        ours(Patience::REMOTE),
        rolled.into_iter().chain(std::iter::repeat_n(("running", OLD, GREEN), 60)),
    );
    assert_eq!(end, Some((Settled::Elsewhere, 2 + 21)));
    let wavering = std::iter::repeat_n(
        [("running", OLD, GREEN), ("running", OLD, GREEN), ("changing", OLD, GREEN)],
        100,
    );
    assert_eq!(
        run(ours(Patience::REMOTE), rolled.into_iter().chain(wavering.flatten())),
        None,
        "it still works"
    );
}

#[test]
fn a_start_that_never_showed_is_never_called_done_or_failed() {
    let end = run(ours(Patience::REMOTE), std::iter::repeat_n(("running", OLD, GREEN), 60));
    assert_eq!(end, Some((Settled::NeverChanged, 21)));
}

#[test]
fn an_error_ends_at_once_and_an_unknown_word_never() {
    assert_eq!(run(ours(Patience::REMOTE), [("error", OLD, GREEN)]), Some((Settled::InError, 1)));
    assert_eq!(run(ours(Patience::REMOTE), std::iter::repeat_n(("paused", NEW, GREEN), 500)), None);
    assert_eq!(run(ours(Patience::REMOTE), std::iter::repeat_n(("", NEW, GREEN), 500)), None);
}

#[test]
fn a_broker_that_stays_red_never_ends() {
    assert_eq!(
        run(
            ours(Patience::REMOTE),
            std::iter::repeat_n(("running", NEW, &["green", "red", "green"][..]), 500)
        ),
        None
    );
}

#[test]
fn a_look_without_the_cluster_never_ends_anything() {
    let mut progress = ours(Patience::LOOPBACK);
    let mut blind = look(0, "running", NEW, GREEN);
    blind.cluster = None;
    for _ in 0..100 {
        assert_eq!(progress.take(&blind), None);
    }
}

#[test]
fn a_foreign_change_settles_where_it_rests() {
    let foreign = || Progress::new(Patience::REMOTE, Watched::Foreign, Some(VersionCode::new(NEW)));
    let end = run(foreign(), [("changing", OLD, GREEN), ("running", OLD, GREEN), ("running", OLD, GREEN)]);
    assert_eq!(end, Some((Settled::Elsewhere, 3)));
    let end = run(foreign(), [("changing", OLD, GREEN), ("running", NEW, GREEN), ("running", NEW, GREEN)]);
    assert_eq!(end, Some((Settled::AtTarget, 3)));
}

#[test]
fn without_a_target_an_idle_cluster_has_nothing_to_follow() {
    let any = || Progress::new(Patience::LOOPBACK, Watched::Ours, None);
    let end = run(any(), std::iter::repeat_n(("running", OLD, GREEN), 60));
    assert_eq!(end, Some((Settled::NeverChanged, 20)));
    let end = run(any(), [("changing", OLD, GREEN), ("running", OLD, GREEN), ("running", OLD, GREEN)]);
    assert_eq!(end, Some((Settled::AtTarget, 3)));
}

#[test]
fn the_cluster_is_read_at_the_start_when_all_is_green_and_at_each_tenth_look() {
    let mut progress = ours(Patience::REMOTE);
    let mut asked = Vec::new();
    for turn in 0..21 {
        let orange = health(ORANGE);
        if progress.wants_cluster(&orange) {
            asked.push(turn);
        }
        progress.take(&Look { at: Duration::from_secs(turn), health: orange, cluster: None });
    }
    assert_eq!(asked, [0, 10, 20]);
    assert!(progress.wants_cluster(&health(GREEN)));
}
