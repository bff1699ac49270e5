//! Keys that are fetched anew while requests are made.

use std::cell::RefCell;

use super::*;
use crate::clock::Signal;

/// Remembers what it was told of keys.
#[derive(Default)]
struct Told(RefCell<Vec<String>>);

impl RequestObserver for Told {
    fn request_sent(&self, _: &str, _: &str) {}

    fn response_received(&self, _: &RequestRecord, _: LoggedResponse<'_>) {}

    fn clock_corrected(&self, _: Timestamp, _: Timestamp) {}

    fn key_refresh_failed(&self, why: &str) {
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

fn ending_soon() -> Credentials {
    expiring_in(SignedDuration::from_secs(60))
}

fn expiring_in(time: SignedDuration) -> Credentials {
    let expires = Some(SystemClock { interrupt: SignalListener::new() }.now() + time);
    Credentials { expires, ..Credentials::new("OLDACCESSKEY", "secret") }
}

/// A client with these keys, and how often it renews them: with `NEWACCESSKEY`, or not at all.
fn renewing(server: &Injector, keys: Credentials, can_renew: bool) -> (Http, Rc<Cell<u32>>) {
    let mut connection = client_of(&server.url(), QUICK).connection;
    let renewals = Rc::new(Cell::new(0));
    let counted = Rc::clone(&renewals);
    let renew = move || {
        counted.set(counted.get() + 1);
        if can_renew {
            Ok(Credentials::new("NEWACCESSKEY", "secret"))
        } else {
            Err(ConfigError::Empty("key".to_owned()))
        }
    };
    connection.keys = CredentialCache::new(keys, Box::new(renew));
    (Http::new(connection).unwrap(), renewals)
}

/// A service that accepts every start, whatever the key.
fn accepting() -> Injector {
    Injector::start(|_| vec![Step::Read, Step::Send(http("200 OK", "", YES).into_bytes()), Step::Fin])
}

fn access_keys(server: &Injector) -> Vec<String> {
    let requests = server.seen().requests;
    requests.iter().map(|request| header(request, "x-ncp-iam-access-key").unwrap()).collect()
}

#[test]
fn credentials_are_renewed_before_a_start_and_never_by_it() {
    let server = accepting();
    let (client, renewals) = renewing(&server, expiring_in(SignedDuration::from_secs(90)), true);
    assert!(start(&client).is_ok());
    assert_eq!(renewals.get(), 0, "the start signs with what is there");
    client.refresh_credentials();
    client.refresh_credentials();
    assert_eq!(renewals.get(), 1, "the new key does not expire");
    assert!(start(&client).is_ok());
    assert_eq!(renewals.get(), 1);
    assert_eq!(access_keys(&server), ["OLDACCESSKEY", "NEWACCESSKEY"]);
}

#[test]
fn a_source_of_short_lived_keys_is_asked_once_before_a_start() {
    let server = accepting();
    let mut connection = client_of(&server.url(), QUICK).connection;
    let renewals = Rc::new(Cell::new(0));
    let (counted, clock) = (Rc::clone(&renewals), Rc::clone(&connection.clock));
    let renew = move || {
        counted.set(counted.get() + 1);
        let expires = Some(clock.now() + SignedDuration::from_secs(90));
        Ok(Credentials { expires, ..Credentials::new("NEWACCESSKEY", "secret") })
    };
    connection.keys = CredentialCache::new(expiring_in(SignedDuration::from_secs(90)), Box::new(renew));
    let client = Http::new(connection).unwrap();
    client.refresh_credentials();
    let _unread = (read(&client), read(&client));
    assert!(start(&client).is_ok());
    assert_eq!(renewals.get(), 1, "no program runs between the look and the start");
}

#[test]
fn credentials_that_last_are_not_renewed() {
    let server = accepting();
    for keys in [expiring_in(SignedDuration::from_mins(3)), Credentials::new("OLDACCESSKEY", "secret")] {
        let (client, renewals) = renewing(&server, keys, true);
        client.refresh_credentials();
        assert_eq!(renewals.get(), 0);
    }
    assert_eq!(server.seen().connections, 0, "a renewal sends nothing to the service");
}

#[test]
fn a_start_after_a_failed_renewal_is_left_to_the_service() {
    let server = accepting();
    let (client, renewals) = renewing(&server, expiring_in(SignedDuration::from_secs(-90)), false);
    client.refresh_credentials();
    assert!(start(&client).is_ok());
    assert_eq!((renewals.get(), access_keys(&server)), (1, vec!["OLDACCESSKEY".to_owned()]));
}

#[test]
fn a_refused_signature_of_a_start_renews_nothing() {
    let server = gateway_for("NEWACCESSKEY");
    let (client, renewals) = renewing(&server, expiring_in(SignedDuration::from_secs(90)), true);
    let error = start(&client).unwrap_err();
    assert!(error.is_refused_signature(), "{error:?}");
    assert_eq!((renewals.get(), server.seen().requests.len()), (0, 1));
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
    connection.keys = CredentialCache::new(ending_soon(), Box::new(interrupted));
    let client = Http::new(connection).unwrap();
    client.refresh_credentials();
    let error = start(&client).unwrap_err();
    assert!(matches!(error, ApiError::NotSent { why: SendFailure::Interrupted, .. }), "{error:?}");
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
        Ok(Credentials::new("NEWACCESSKEY", "secret"))
    };
    connection.keys = CredentialCache::new(Credentials::new("OLDACCESSKEY", "secret"), Box::new(renew));
    let client = Http::new(connection).unwrap();
    let one = ClusterNo::new(1);
    let answers =
        client.together(&[Read::Status(one), Read::Cluster(one), Read::Progress(one)], RetryPolicy::Once);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!((fetched.get(), client.key_tail().as_str()), (1, "SKEY"));
}

#[test]
fn a_key_that_can_not_be_had_anew_is_told_once_and_the_old_one_is_used() {
    let server = gateway_for("OLDACCESSKEY");
    let mut connection = client_of(&server.url(), QUICK).connection;
    let told = Rc::new(Told::default());
    connection.observer = told.clone();
    connection.keys = CredentialCache::new(
        ending_soon(),
        Box::new(|| Err(ConfigError::Moved("https://elsewhere.test".to_owned()))),
    );
    let client = Http::new(connection).unwrap();
    assert!(read(&client).is_ok() && read(&client).is_ok());
    assert_eq!(*told.0.borrow(), ["the key is for https://elsewhere.test by now"]);
}
