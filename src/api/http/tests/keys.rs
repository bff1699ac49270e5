//! Keys that are fetched anew while requests are made.

use std::cell::RefCell;

use super::*;
use crate::clock::Signal;

/// Remembers what it was told of keys.
#[derive(Default)]
struct Told(RefCell<Vec<String>>);

impl RequestObserver for Told {
    fn sent(&self, _: &str, _: &str) {}

    fn answered(&self, _: &RequestRecord, _: Shown<'_>) {}

    fn clock_corrected(&self, _: Timestamp, _: Timestamp) {}

    fn key_not_renewed(&self, why: &str) {
        self.0.borrow_mut().push(why.to_owned());
    }
}

/// A gateway that takes this access key and refuses every other.
fn gateway_for(access: &'static str) -> Injector {
    Injector::start(move |_| {
        let judge = move |request: &str| {
            let refused = r#"{"error":{"errorCode":"200","message":"Authentication Failed"}}"#;
            let health = r#"{"code":0,"message":"SUCCESS","result":{}}"#;
            let is_known = header(request, "x-ncp-iam-access-key").as_deref() == Some(access);
            let answer =
                if is_known { http("200 OK", "", health) } else { http("401 Unauthorized", "", refused) };
            answer.into_bytes()
        };
        vec![Step::Read, Step::Answer(Box::new(judge)), Step::Fin]
    })
}

fn ending_soon() -> Keys {
    let expires = Some(SystemClock { interrupt: Interrupt::new() }.now() + SignedDuration::from_secs(60));
    Keys { expires, ..Keys::new("OLDACCESSKEY", "secret") }
}

#[test]
fn a_signal_while_the_starts_key_is_fetched_keeps_the_start_from_being_sent() {
    let server = gateway_for("OLDACCESSKEY");
    let mut connection = client_of(&server.url(), QUICK).connection;
    let interrupt = connection.interrupt.clone();
    let interrupted = move || {
        interrupt.raise(Signal::Terminate);
        Err(ConfigError::Interrupted(Signal::Terminate))
    };
    connection.keys = KeyRing::new(ending_soon(), Box::new(interrupted));
    let client = Http::new(connection).unwrap();
    let error = start(&client).unwrap_err();
    assert!(matches!(error, ApiError::NotSent { why: Unsent::Interrupted, .. }), "{error:?}");
    assert!(matches!(read(&client), Err(ApiError::Interrupted { signal: Signal::Terminate, .. })));
    assert_eq!(server.seen().connections, 0);
}

#[test]
fn of_reads_that_are_refused_together_each_goes_on_with_the_one_new_key() {
    let server = gateway_for("NEWACCESSKEY");
    let mut connection = client_of(&server.url(), QUICK).connection;
    let fetched = Rc::new(Cell::new(0));
    let count = Rc::clone(&fetched);
    let renew = move || {
        count.set(count.get() + 1);
        Ok(Keys::new("NEWACCESSKEY", "secret"))
    };
    connection.keys = KeyRing::new(Keys::new("OLDACCESSKEY", "secret"), Box::new(renew));
    let client = Http::new(connection).unwrap();
    let one = ClusterNo::new(1);
    let answers =
        client.together(&[Read::Status(one), Read::Cluster(one), Read::Progress(one)], Persistence::Once);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!((fetched.get(), client.key_tail().as_str()), (1, "SKEY"));
}

#[test]
fn a_key_that_can_not_be_had_anew_is_told_once_and_the_old_one_is_used() {
    let server = gateway_for("OLDACCESSKEY");
    let mut connection = client_of(&server.url(), QUICK).connection;
    let told = Rc::new(Told::default());
    connection.observer = told.clone();
    connection.keys = KeyRing::new(
        ending_soon(),
        Box::new(|| Err(ConfigError::Moved("https://elsewhere.test".to_owned()))),
    );
    let client = Http::new(connection).unwrap();
    assert!(read(&client).is_ok() && read(&client).is_ok());
    assert_eq!(*told.0.borrow(), ["the key is for https://elsewhere.test by now"]);
}
