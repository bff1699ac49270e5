use secrecy::ExposeSecret as _;

use super::super::sandbox_keys;
use super::*;
use crate::model::region::Site;
use crate::settings::resolve::tests::profiles::{PROFILE_PAIR, own};

mod profiles;

const PAIR: [(&str, &str); 2] =
    [("NCLOUD_ACCESS_KEY_ID", "AKIDEXAMPLE1"), ("NCLOUD_SECRET_ACCESS_KEY", "S1")];

fn with(pairs: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    resolve(&Flags::default(), &Environment::of(pairs), &Files::default())
}

fn origin(settings: &Settings, name: &str) -> String {
    settings.shown.iter().find(|shown| shown.name == name).unwrap().origin.to_string()
}

fn flags(set: impl FnOnce(&mut Flags)) -> Flags {
    let mut flags = Flags::default();
    set(&mut flags);
    flags
}

#[test]
fn both_spellings_of_the_keys_work_and_never_mix() {
    let access =
        |pairs: &[(&str, &str)]| with(pairs).unwrap().keys.map(|keys| keys.pair().unwrap().access.clone());
    assert_eq!(access(&PAIR).unwrap(), "AKIDEXAMPLE1");
    assert_eq!(access(&[("NCLOUD_ACCESS_KEY", "A2"), ("NCLOUD_SECRET_KEY", "S2")]).unwrap(), "A2");
    for (pairs, text) in [
        (
            &[][..],
            "there are no keys: NCLOUD_ACCESS_KEY_ID and NCLOUD_SECRET_ACCESS_KEY are not set, and there is no default profile",
        ),
        (&PAIR[..1], "half a key pair: NCLOUD_ACCESS_KEY_ID is set without NCLOUD_SECRET_ACCESS_KEY"),
        (&PAIR[1..], "half a key pair: NCLOUD_SECRET_ACCESS_KEY is set without NCLOUD_ACCESS_KEY_ID"),
        (
            &[("NCLOUD_ACCESS_KEY_ID", "A1"), ("NCLOUD_SECRET_KEY", "S2")],
            "half a key pair: NCLOUD_ACCESS_KEY_ID is set without NCLOUD_SECRET_ACCESS_KEY",
        ),
        (
            &[("NCLOUD_ACCESS_KEY_ID", ""), ("NCLOUD_ACCESS_KEY", "A2"), ("NCLOUD_SECRET_KEY", "S2")],
            "NCLOUD_ACCESS_KEY_ID is set but empty",
        ),
        (
            &[("NCLOUD_ACCESS_KEY_ID", "A 1"), ("NCLOUD_SECRET_ACCESS_KEY", "S")],
            "the key holds characters that no key has",
        ),
    ] {
        let error = with(pairs).unwrap().keys.unwrap_err();
        assert_eq!(error.to_string(), text);
        assert!(error.is_auth() && !error.hint().is_empty());
    }
}

/// What a panic could print is what these texts hold.
#[test]
fn a_secret_is_in_no_debug_text() {
    let settings = with(&PAIR).unwrap();
    assert_eq!(settings.keys.as_ref().unwrap().pair().unwrap().secret.expose_secret(), "S1");
    let proxy = (Field::Proxy, "http://user:hunter2@proxy:3128");
    let files = own("prod", &[PROFILE_PAIR[0], (Field::SecretKey, "hunter2"), proxy]);
    let named = flags(|flags| flags.profile = Some("prod".to_owned()));
    let of_profile = resolve(&named, &Environment::default(), &files).unwrap();
    assert_eq!(of_profile.proxy.as_ref().unwrap().url().password(), Some("hunter2"));
    for text in [format!("{settings:?}"), format!("{files:?}"), format!("{of_profile:?}")] {
        for secret in ["S1", "AKIDEXAMPLE1", "hunter2", PROFILE_PAIR[0].1] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn a_flag_outranks_the_environment_and_the_origin_is_told() {
    let environment = Environment::of(&[("NCLOUD_REGION", "JPN"), PAIR[0], PAIR[1]]);
    let none = Files::default();
    let settings =
        resolve(&flags(|flags| flags.region = Some("sgn".to_owned())), &environment, &none).unwrap();
    assert_eq!(settings.service.region.code(), "SGN");
    assert_eq!(origin(&settings, "region"), "--region");
    assert_eq!(origin(&settings, "site"), "implied by region");
    let settings = resolve(&Flags::default(), &environment, &none).unwrap();
    assert_eq!(
        (settings.service.region.code(), origin(&settings, "region").as_str()),
        ("JPN", "NCLOUD_REGION")
    );
}

#[test]
fn an_empty_value_never_falls_through() {
    for name in [
        "NCLOUD_REGION",
        "NCLOUD_SITE",
        "CDSS_ENDPOINT",
        "CDSS_POLL",
        "CDSS_PROFILE",
        "CDSS_SANDBOX",
        "CDSS_OUTPUT",
        "NCLOUD_API_GW",
        "NCLOUD_PROFILE",
    ] {
        assert_eq!(with(&[(name, "")]).unwrap_err().to_string(), format!("{name} is empty"));
    }
    let empty = flags(|flags| flags.endpoint = Some(String::new()));
    let set = Environment::of(&[("CDSS_ENDPOINT", "https://example.com")]);
    assert_eq!(resolve(&empty, &set, &Files::default()).unwrap_err().to_string(), "--endpoint is empty");
}

#[test]
fn what_is_known_to_be_wrong_is_refused_with_its_place() {
    for (pairs, text) in [
        (("NCLOUD_REGION", "MARS"), "NCLOUD_REGION: site public has no region MARS; it has KR, SGN, JPN"),
        (("NCLOUD_REGION", "K R"), "NCLOUD_REGION: `K R` is not a region code"),
        (("NCLOUD_SITE", "private"), "NCLOUD_SITE: unknown site `private`; use public, gov, or fin"),
        (("CDSS_ENDPOINT", "orders"), "CDSS_ENDPOINT: `orders` is not an address such as https://host:port"),
        (
            ("CDSS_ENDPOINT", "http://example.com"),
            "CDSS_ENDPOINT: `http://example.com` uses http, which is allowed only for loopback addresses",
        ),
        (("CDSS_POLL", "15"), "CDSS_POLL: `15` is not a time with a unit, such as 15s or 3h"),
        (("CDSS_POLL", "0s"), "CDSS_POLL: zero is no time"),
        (("CDSS_POLL", "500ms"), "CDSS_POLL: `500ms` is below one second, which is for loopback only"),
        (("CDSS_PROFILE", "prod"), "there is no profile `prod`"),
        (("CDSS_OUTPUT", "yaml"), "CDSS_OUTPUT: unsupported output format `yaml`; use table or json"),
        (
            ("NCLOUD_API_GW", "https://user@example.com"),
            "NCLOUD_API_GW: `example.com` has more than a scheme, host, and port",
        ),
        (
            ("CDSS_SANDBOX", "https://127.0.0.1:1"),
            "CDSS_SANDBOX: `https://127.0.0.1:1` is not http on this machine's loopback",
        ),
    ] {
        assert_eq!(with(&[pairs]).unwrap_err().to_string(), text);
    }
}

#[test]
fn the_shared_gateways_address_leads_to_the_services_own() {
    for (gateway, site, endpoint) in [
        ("https://ncloud.apigw.ntruss.com", Site::Public, Site::Public.base_url()),
        ("https://ncloud.apigw.gov-ntruss.com", Site::Gov, Site::Gov.base_url()),
        ("https://fin-ncloud.apigw.fin-ntruss.com", Site::Fin, Site::Fin.base_url()),
    ] {
        let settings = with(&[("NCLOUD_API_GW", gateway)]).unwrap();
        assert_eq!((settings.service.site, settings.service.endpoint.to_string().as_str()), (site, endpoint));
    }
    let both = with(&[
        ("NCLOUD_API_GW", "https://ncloud.apigw.gov-ntruss.com"),
        ("CDSS_ENDPOINT", "http://127.0.0.1:9"),
    ]);
    assert_eq!(both.unwrap().service.endpoint.to_string(), "http://127.0.0.1:9");
}

#[test]
fn in_a_rehearsal_nothing_leads_elsewhere() {
    let environment = Environment::of(&[
        ("CDSS_SANDBOX", "http://127.0.0.1:4711"),
        ("CDSS_ENDPOINT", "https://example.com"),
        ("CDSS_PROFILE", "prod"),
        ("NCLOUD_API_GW", "nonsense"),
        ("NCLOUD_REGION", ""),
        ("NCLOUD_SITE", "private"),
        PAIR[0],
        PAIR[1],
        ("CDSS_POLL", "10ms"),
    ]);
    let flags = flags(|flags| {
        flags.profile = Some("prod".to_owned());
        flags.endpoint = Some("https://example.com".to_owned());
        flags.cacert = Some("/no/such/file".to_owned());
        flags.region = Some("SGN".to_owned());
    });
    let files = own("prod", &PROFILE_PAIR);
    let settings = resolve(&flags, &environment, &files).unwrap();
    assert!(settings.service.sandbox);
    assert_eq!(settings.profile, None);
    assert_eq!(settings.service.endpoint.to_string(), "http://127.0.0.1:4711");
    assert_eq!(settings.service.region.code(), "SGN", "a flag chooses the path");
    assert_eq!(settings.keys.unwrap().pair().unwrap().access, sandbox_keys().access);
    assert_eq!(settings.poll, Duration::from_millis(10), "its own variable counts");
    assert_eq!(settings.cacert, None);
    let plain = with(&[("CDSS_SANDBOX", "http://127.0.0.1:4711")]).unwrap();
    assert_eq!(plain.poll, SANDBOX_POLL);
}
