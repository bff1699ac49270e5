//! Credentials that are refreshed while requests are sent.

use std::cell::RefCell;

use super::*;
use crate::clock::Clock as _;
use crate::signals::Signal;

/// Records reports of failed refreshes.
#[derive(Default)]
struct RefreshFailures(RefCell<Vec<String>>);

impl RequestObserver for RefreshFailures {
    fn request_sent(&self, _: OperationName, _: &str) {}

    fn response_received(&self, _: &RequestRecord, _: &[(&'static str, String)], _: Option<&Value>) {}

    fn clock_corrected(&self, _: Timestamp, _: Timestamp) {}

    fn recording_failed(&self, _: &str) {}

    fn credential_refresh_failed(&self, reason: &str) {
        self.0.borrow_mut().push(reason.to_owned());
    }
}

/// Starts a gateway that accepts this access key and rejects all others.
fn gateway_for(access: &'static str) -> Injector {
    Injector::start(move |_| {
        let respond = move |request: &str| {
            let refused = r#"{"error":{"errorCode":"200","message":"Authentication Failed"}}"#;
            let health = r#"{"code":0,"message":"SUCCESS","result":{}}"#;
            let is_known = header(request, "x-ncp-iam-access-key").as_deref() == Some(access);
            let response =
                if is_known { http("200 OK", "", health) } else { http("401 Unauthorized", "", refused) };
            response.into_bytes()
        };
        vec![Step::Read, Step::Respond(Box::new(respond)), Step::Fin]
    })
}

fn expiring_soon() -> Credentials {
    expiring_in(SignedDuration::from_secs(60))
}

fn expiring_in(time: SignedDuration) -> Credentials {
    let expires = Some(SystemClock { signals: SignalListener::new() }.now() + time);
    Credentials { expires_at: expires, ..Credentials::new("OLDACCESSKEY", "secret") }
}

/// Returns a client with these credentials and its number of refreshes. A refresh loads `NEWACCESSKEY` or fails.
fn refreshing_client(
    server: &Injector,
    credentials: Credentials,
    can_refresh: bool,
) -> (HttpApi, Rc<Cell<u32>>) {
    let connection = connection_to(&server.url(), QUICK);
    let refreshes = Rc::new(Cell::new(0));
    let counted = Rc::clone(&refreshes);
    let load = move || {
        counted.set(counted.get() + 1);
        if can_refresh {
            Ok(Credentials::new("NEWACCESSKEY", "secret"))
        } else {
            Err(SettingsError::Empty("key".to_owned()))
        }
    };
    let credentials = CredentialCache::new(credentials, loading(load));
    (HttpApi::new(connection, credentials).unwrap(), refreshes)
}

/// Starts a service that accepts every start with any key.
fn accepting_server() -> Injector {
    Injector::start(|_| vec![Step::Read, Step::Send(http("200 OK", "", YES).into_bytes()), Step::Fin])
}

fn access_keys(server: &Injector) -> Vec<String> {
    let requests = server.seen().requests;
    requests.iter().map(|request| header(request, "x-ncp-iam-access-key").unwrap()).collect()
}

#[test]
fn start_itself_does_not_refresh_credentials() {
    let server = accepting_server();
    let (client, refreshes) = refreshing_client(&server, expiring_in(SignedDuration::from_secs(90)), true);
    assert!(start(&client).is_ok());
    assert_eq!(refreshes.get(), 0, "the start uses the current credentials");
    run_in_real_time(client.refresh_credentials());
    run_in_real_time(client.refresh_credentials());
    assert_eq!(refreshes.get(), 1, "the new key does not expire");
    assert!(start(&client).is_ok());
    assert_eq!(refreshes.get(), 1);
    assert_eq!(access_keys(&server), ["OLDACCESSKEY", "NEWACCESSKEY"]);
}

#[test]
fn short_lived_credentials_are_loaded_once() {
    let server = accepting_server();
    let connection = connection_to(&server.url(), QUICK);
    let refreshes = Rc::new(Cell::new(0));
    let (counted, clock) = (Rc::clone(&refreshes), Rc::clone(&connection.clock));
    let load = move || {
        counted.set(counted.get() + 1);
        let expires = Some(clock.now() + SignedDuration::from_secs(90));
        Ok(Credentials { expires_at: expires, ..Credentials::new("NEWACCESSKEY", "secret") })
    };
    let credentials = CredentialCache::new(expiring_in(SignedDuration::from_secs(90)), loading(load));
    let client = HttpApi::new(connection, credentials).unwrap();
    run_in_real_time(client.refresh_credentials());
    let _unread = (read(&client), read(&client));
    assert!(start(&client).is_ok());
    assert_eq!(refreshes.get(), 1, "no refresh between the last read and the start");
}

#[test]
fn long_lived_credentials_are_not_refreshed() {
    let server = accepting_server();
    for credentials in [expiring_in(SignedDuration::from_mins(3)), Credentials::new("OLDACCESSKEY", "secret")]
    {
        let (client, refreshes) = refreshing_client(&server, credentials, true);
        run_in_real_time(client.refresh_credentials());
        assert_eq!(refreshes.get(), 0);
    }
    assert_eq!(server.seen().connections, 0, "a refresh sends nothing to the service");
}

#[test]
fn start_uses_old_credentials_after_failed_refresh() {
    let server = accepting_server();
    let (client, refreshes) = refreshing_client(&server, expiring_in(SignedDuration::from_secs(-90)), false);
    run_in_real_time(client.refresh_credentials());
    assert!(start(&client).is_ok());
    assert_eq!((refreshes.get(), access_keys(&server)), (1, vec!["OLDACCESSKEY".to_owned()]));
}

#[test]
fn rejected_start_does_not_refresh_credentials() {
    let server = gateway_for("NEWACCESSKEY");
    let (client, refreshes) = refreshing_client(&server, expiring_in(SignedDuration::from_secs(90)), true);
    let error = start(&client).unwrap_err();
    assert!(error.is_signature_rejected(), "{error:?}");
    assert_eq!((refreshes.get(), server.seen().requests.len()), (0, 1));
}

#[test]
fn signal_during_refresh_prevents_the_start() {
    let server = gateway_for("OLDACCESSKEY");
    let connection = connection_to(&server.url(), QUICK);
    let signals = connection.signals.clone();
    let load = move || {
        signals.raise(Signal::Terminate);
        Err(SettingsError::Interrupted(Signal::Terminate))
    };
    let credentials = CredentialCache::new(expiring_soon(), loading(load));
    let client = HttpApi::new(connection, credentials).unwrap();
    run_in_real_time(client.refresh_credentials());
    let error = start(&client).unwrap_err();
    assert!(matches!(error, ApiError::NotSent { failure: SendFailure::Interrupted(_), .. }), "{error:?}");
    assert!(matches!(read(&client), Err(ApiError::Interrupted { signal: Signal::Terminate, .. })));
    assert_eq!(server.seen().connections, 0);
}

/// Sends three reads at the same time and returns true for those that succeed.
fn read_concurrently(client: &HttpApi) -> [bool; 3] {
    let (no, once) = (ClusterNo::new(1), RetryPolicy::Once);
    let (status, cluster, progress) = run_in_real_time(async {
        tokio::join!(client.status(no, once), client.cluster(no, once), client.progress(no, once))
    });
    [status.is_ok(), cluster.is_ok(), progress.is_ok()]
}

#[test]
fn rejected_concurrent_reads_share_one_refresh() {
    for can_refresh in [true, false] {
        let server = gateway_for("NEWACCESSKEY");
        let old = Credentials::new("OLDACCESSKEY", "secret");
        let (client, refreshes) = refreshing_client(&server, old, can_refresh);
        assert_eq!(read_concurrently(&client), [can_refresh; 3]);
        assert_eq!(refreshes.get(), 1);
    }
}

#[test]
fn concurrent_reads_with_expiring_credentials_share_one_refresh() {
    for (can_refresh, accepted) in [(true, "NEWACCESSKEY"), (false, "OLDACCESSKEY")] {
        let server = gateway_for(accepted);
        let (client, refreshes) =
            refreshing_client(&server, expiring_in(SignedDuration::from_secs(-90)), can_refresh);
        assert_eq!(read_concurrently(&client), [true; 3]);
        assert_eq!(refreshes.get(), 1);
    }
}

#[test]
fn signal_during_refresh_of_rejected_credentials_interrupts_the_read() {
    let server = gateway_for("NEWACCESSKEY");
    let connection = connection_to(&server.url(), QUICK);
    let signals = connection.signals.clone();
    let load = move || {
        signals.raise(Signal::Terminate);
        Err(SettingsError::Interrupted(Signal::Terminate))
    };
    let credentials = CredentialCache::new(Credentials::new("OLDACCESSKEY", "secret"), loading(load));
    let error = read(&HttpApi::new(connection, credentials).unwrap()).unwrap_err();
    assert!(matches!(error, ApiError::Interrupted { signal: Signal::Terminate, .. }), "{error:?}");
}

#[test]
fn dropped_refresh_does_not_count() {
    let server = gateway_for("NEWACCESSKEY");
    let old = Credentials::new("OLDACCESSKEY", "secret");
    let (client, refreshes) = refreshing_client(&server, old, true);
    let (credentials, observer) = (&client.credentials, &client.client.connection.observer);
    let rejected = credentials.current();
    run_in_real_time(async {
        let refreshing = || credentials.has_replacement_for(&rejected, &**observer);
        let dropped = tokio::time::timeout(Duration::from_millis(1), refreshing());
        let (dropped, is_replaced) = tokio::join!(dropped, refreshing());
        assert!(dropped.is_err() && is_replaced, "the waiting request refreshes");
    });
    assert_eq!(refreshes.get(), 1);
}

#[test]
fn failed_refresh_is_reported_once() {
    let server = gateway_for("OLDACCESSKEY");
    let failures = Rc::new(RefreshFailures::default());
    let connection = Connection { observer: failures.clone(), ..connection_to(&server.url(), QUICK) };
    let credentials = CredentialCache::new(
        expiring_soon(),
        loading(|| Err(SettingsError::EndpointChanged("https://elsewhere.test".to_owned()))),
    );
    let client = HttpApi::new(connection, credentials).unwrap();
    assert!(read(&client).is_ok() && read(&client).is_ok());
    assert_eq!(
        *failures.0.borrow(),
        ["the settings changed during this run: the key now belongs to https://elsewhere.test"]
    );
}
