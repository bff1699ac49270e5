//! Values that come from profiles.

use std::path::Path;

use super::super::super::ncloud_file;
use super::super::super::profile::Profile;
use super::super::super::sources::DEFAULT_PROFILE;
use super::*;
use crate::model::region::Site;

const OWN: &str = "/c/cdss/config.toml";
const VENDOR: &str = "/h/.ncloud/configure";

/// A path that doesn't depend on where cdss is started.
const ABSOLUTE: &str = if cfg!(windows) { "C:\\own.pem" } else { "/own.pem" };

pub(super) const PROFILE_PAIR: [(Field, &str); 2] =
    [(Field::AccessKey, "AKIDPROFILE1"), (Field::SecretKey, "SP")];

/// Every variable of NCP's own tools, set to something that would be noticed.
const ALL_NCLOUD: [(&str, &str); 8] = [
    ("NCLOUD_ACCESS_KEY_ID", "AKIDWRONG001"),
    ("NCLOUD_SECRET_ACCESS_KEY", "WRONG"),
    ("NCLOUD_ACCESS_KEY", "AKIDWRONG002"),
    ("NCLOUD_SECRET_KEY", "WRONG"),
    ("NCLOUD_REGION", "FKR"),
    ("NCLOUD_SITE", "nonsense"),
    ("NCLOUD_API_GW", "https://example.com"),
    ("NCLOUD_PROFILE", "nobody"),
];

/// Files with one profile in `config.toml`.
pub(super) fn own(name: &str, values: &[(Field, &str)]) -> Files {
    let mut profile = Profile::new(name, Path::new(OWN));
    for (key, value) in values {
        profile.put(*key, value);
    }
    Files { own: vec![profile], places: vec![OWN.into(), VENDOR.into()], ..Files::default() }
}

fn with_vendor(mut files: Files, text: &str) -> Files {
    files.vendor = Ok(ncloud_file::parse(text, Path::new(VENDOR)));
    files.places = vec![OWN.into(), VENDOR.into()];
    files
}

fn named(name: &str) -> Flags {
    flags(|flags| flags.profile = Some(name.to_owned()))
}

#[test]
fn a_named_profile_outranks_every_ncloud_variable_and_takes_none() {
    let values = [PROFILE_PAIR[0], PROFILE_PAIR[1], (Field::Region, "jpn"), (Field::Poll, "30s")];
    let settings = resolve(&named("prod"), &Environment::of(&ALL_NCLOUD), &own("prod", &values)).unwrap();
    assert_eq!(settings.keys.as_ref().unwrap().pair().unwrap().access, "AKIDPROFILE1");
    assert_eq!(settings.keys.as_ref().unwrap().pair().unwrap().secret.expose_secret(), "SP");
    assert_eq!(settings.service.request_path("x"), "/api/jpn-v1/x");
    assert_eq!(settings.service.endpoint.to_string(), Site::Public.base_url());
    for (key, expected) in [
        ("profile", "--profile"),
        ("site", "implied by region"),
        ("region", "profile prod in /c/cdss/config.toml"),
        ("endpoint", "implied by site"),
        ("cacert", "default"),
        ("proxy", "default"),
        ("output", "default"),
        ("poll", "profile prod in /c/cdss/config.toml"),
        ("access_key", "profile prod in /c/cdss/config.toml"),
        ("credential_process", "default"),
        ("secret_key", "profile prod in /c/cdss/config.toml"),
    ] {
        assert_eq!(origin(&settings, key), expected, "{key}");
    }
    // What it lacks comes from the defaults.
    let own_variables = [("CDSS_PROFILE", "prod"), ("CDSS_OUTPUT", "json"), ("CDSS_POLL", "20s")];
    let environment = Environment::of(&[&ALL_NCLOUD[..], &own_variables].concat());
    let settings = resolve(&Flags::default(), &environment, &own("prod", &PROFILE_PAIR)).unwrap();
    assert_eq!((settings.service.site, settings.service.region.code()), (Site::Public, "KR"));
    assert_eq!(settings.profile, Some(("prod".to_owned(), Origin::Variable("CDSS_PROFILE"))));
    assert_eq!((settings.output, settings.poll), (OutputFormat::Json, Duration::from_secs(20)), "these fill");
    assert_eq!(
        (origin(&settings, "site"), origin(&settings, "region")),
        ("default".into(), "default".into())
    );
}

#[test]
fn nothing_of_the_default_profile_goes_to_a_named_one() {
    let mut files = own("prod", &[]);
    files.own.extend(own(DEFAULT_PROFILE, &[PROFILE_PAIR[0], PROFILE_PAIR[1], (Field::Region, "SGN")]).own);
    let settings = resolve(&named("prod"), &Environment::of(&ALL_NCLOUD), &files).unwrap();
    assert_eq!(settings.service.region.code(), "KR");
    let error = settings.keys.unwrap_err();
    assert_eq!(error.to_string(), "there are no keys in profile prod in /c/cdss/config.toml");
    assert!(error.is_auth());
}

#[test]
fn half_a_pair_in_a_profile_never_mixes_with_the_environment() {
    for (half, present, missing) in
        [(PROFILE_PAIR[0], "access_key", "secret_key"), (PROFILE_PAIR[1], "secret_key", "access_key")]
    {
        let environment = Environment::of(&ALL_NCLOUD);
        let error = resolve(&named("prod"), &environment, &own("prod", &[half])).unwrap().keys.unwrap_err();
        let place = format!("in profile prod in {OWN}");
        assert_eq!(
            error.to_string(),
            format!("half a key pair: {present} is set without {missing}, {place}")
        );
        assert!(error.is_auth());
        // Half a pair of the default profile and the other half in the environment make no pair either.
        let default = own(DEFAULT_PROFILE, &[half]);
        for variable in PAIR {
            let keys = resolve(&Flags::default(), &Environment::of(&[variable]), &default).unwrap().keys;
            assert!(matches!(keys, Err(ConfigError::HalfPair { place: None, .. })), "{keys:?}");
        }
        let whole = resolve(&Flags::default(), &Environment::of(&PAIR), &default).unwrap();
        assert_eq!(whole.keys.unwrap().pair().unwrap().access, "AKIDEXAMPLE1");
    }
    for (key, name) in [(Field::AccessKey, "access_key"), (Field::SecretKey, "secret_key")] {
        let other = PROFILE_PAIR.into_iter().find(|(other, _)| *other != key).unwrap();
        let files = own(DEFAULT_PROFILE, &[(key, ""), other]);
        let error = resolve(&Flags::default(), &Environment::default(), &files).unwrap().keys.unwrap_err();
        assert_eq!(error.to_string(), format!("{name} is set but empty, in profile default in {OWN}"));
    }
}

#[test]
fn the_environment_outranks_the_default_profile_whose_place_goes_only_with_its_key() {
    let values = [
        (Field::Region, "SGN"),
        (Field::Endpoint, "https://example.com"),
        (Field::Cacert, ABSOLUTE),
        (Field::Proxy, "http://user:word@proxy:3128"),
        (Field::Output, "json"),
        (Field::Poll, "20s"),
    ];
    let files = own(DEFAULT_PROFILE, &[&PROFILE_PAIR[..], &values].concat());
    let at = |pairs: &[(&str, &str)]| resolve(&Flags::default(), &Environment::of(pairs), &files).unwrap();
    let its_own = at(&[]);
    assert_eq!(its_own.profile, Some(("default".to_owned(), Origin::File(OWN.into()))));
    assert_eq!(its_own.keys.as_ref().unwrap().pair().unwrap().access, "AKIDPROFILE1");
    assert_eq!(its_own.service.endpoint.to_string(), "https://example.com");
    assert_eq!(its_own.service.region.code(), "SGN");
    assert_eq!(its_own.cacert, Some(ABSOLUTE.into()));
    assert_eq!(its_own.proxy.as_ref().unwrap().url().host_str(), Some("proxy"));
    assert!(!format!("{:?}", its_own.shown).contains("word"), "{:?}", its_own.shown);
    let environments = at(&PAIR);
    assert_eq!(environments.profile, None);
    assert_eq!(environments.keys.as_ref().unwrap().pair().unwrap().access, "AKIDEXAMPLE1");
    assert_eq!(environments.service.endpoint.to_string(), Site::Public.base_url());
    assert_eq!(environments.service.region.code(), "KR");
    assert!(environments.cacert.is_none() && environments.proxy.is_none());
    for settings in [its_own, environments] {
        assert_eq!((settings.output, settings.poll), (OutputFormat::Json, Duration::from_secs(20)));
    }
    let mixed = at(&[("NCLOUD_REGION", "JPN"), ("CDSS_POLL", "30s"), ("CDSS_OUTPUT", "table")]);
    assert_eq!(mixed.service.region.code(), "JPN");
    assert_eq!((mixed.output, mixed.poll), (OutputFormat::Table, Duration::from_secs(30)));
}

#[test]
fn the_default_profile_is_cdss_own_then_that_of_ncloud() {
    let ncloud = "[DEFAULT]\nncloud_access_key_id=AKIDVENDOR01\nncloud_secret_access_key=SV\n\
                  ncloud_api_url=https://ncloud.apigw.gov-ntruss.com\n\
                  [project]\nncloud_access_key_id=AKIDVENDOR02\nncloud_secret_access_key=SV\n";
    let at =
        |files: &Files, pairs: &[(&str, &str)]| resolve(&Flags::default(), &Environment::of(pairs), files);
    let both = with_vendor(own(DEFAULT_PROFILE, &PROFILE_PAIR), ncloud);
    let own = at(&both, &[("NCLOUD_PROFILE", "project")]).unwrap();
    assert_eq!(own.keys.unwrap().pair().unwrap().access, "AKIDPROFILE1");
    assert_eq!(
        own.warnings,
        [format!("NCLOUD_PROFILE=project is not used: profile default in {OWN} comes before it")]
    );
    assert_eq!(at(&both, &[]).unwrap().warnings, Vec::<String>::new());
    let vendor = with_vendor(Files::default(), ncloud);
    let settings = at(&vendor, &[]).unwrap();
    assert_eq!(settings.keys.as_ref().unwrap().pair().unwrap().access, "AKIDVENDOR01");
    assert_eq!(settings.service.site, Site::Gov);
    assert_eq!(settings.profile, Some(("DEFAULT".to_owned(), Origin::File(VENDOR.into()))));
    assert_eq!(origin(&settings, "site"), format!("implied by endpoint of profile DEFAULT in {VENDOR}"));
    let settings = at(&vendor, &[("NCLOUD_PROFILE", "project")]).unwrap();
    assert_eq!(settings.keys.unwrap().pair().unwrap().access, "AKIDVENDOR02");
    assert_eq!(settings.service.site, Site::Public);
    assert_eq!(settings.profile, Some(("project".to_owned(), Origin::Variable("NCLOUD_PROFILE"))));
    let error = at(&vendor, &[("NCLOUD_PROFILE", "nobody")]).unwrap_err();
    assert_eq!(error.to_string(), format!("there is no profile `nobody` in {VENDOR}"));
    assert_eq!(
        at(&both, &PAIR).unwrap().keys.unwrap().pair().unwrap().access,
        "AKIDEXAMPLE1",
        "the environment comes first"
    );
}

#[test]
fn a_profile_is_one_thing_and_is_looked_for_in_both_files() {
    let section = "[project]\nncloud_access_key_id=AKIDVENDOR02\nncloud_secret_access_key=SV\n";
    let at = |files: &Files| resolve(&named("project"), &Environment::of(&ALL_NCLOUD), files);
    let vendor = with_vendor(own("prod", &PROFILE_PAIR), section);
    assert_eq!(at(&vendor).unwrap().keys.unwrap().pair().unwrap().access, "AKIDVENDOR02");
    let error = at(&with_vendor(own("project", &PROFILE_PAIR), section)).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("there are two profiles `project`, one in {OWN} and one in {VENDOR}")
    );
    assert!(error.is_not_found());
    let error = at(&own("prod", &PROFILE_PAIR)).unwrap_err();
    assert_eq!(error.to_string(), format!("there is no profile `project` in {OWN} or {VENDOR}"));
    assert!(error.is_not_found());
}

#[test]
fn a_fault_of_the_vendors_file_matters_only_when_the_file_is_needed() {
    let exposed = || ConfigError::Exposed { file: VENDOR.into(), may: "write to" };
    let mut files = own("prod", &PROFILE_PAIR);
    files.vendor = Err(exposed());
    assert!(resolve(&named("prod"), &Environment::default(), &files).is_ok());
    assert!(resolve(&Flags::default(), &Environment::of(&PAIR), &files).is_ok());
    for flags in [named("project"), Flags::default()] {
        assert_eq!(resolve(&flags, &Environment::default(), &files).unwrap_err(), exposed());
    }
    let mut readable = with_vendor(own("prod", &PROFILE_PAIR), "[project]\nncloud_access_key_id=A\n");
    readable.vendor_warning = Some("others may read".to_owned());
    let warning = |name| resolve(&named(name), &Environment::default(), &readable).unwrap().warnings.pop();
    assert_eq!(warning("project").as_deref(), Some("others may read"));
    assert_eq!(warning("prod"), None);
}

#[test]
fn an_address_that_is_not_ncps_gets_only_the_key_that_it_goes_with() {
    const ELSEWHERE: (&str, &str) = ("CDSS_ENDPOINT", "https://example.com");
    const GATEWAY: (&str, &str) = ("NCLOUD_API_GW", "https://ncloud.example.com");
    const NCPS: (&str, &str) = ("CDSS_ENDPOINT", "https://clouddatastreamingservice.apigw.gov-ntruss.com");
    const DERIVED: &str = "https://clouddatastreamingservice.example.com";
    const ADDRESSED: [(Field, &str); 3] =
        [PROFILE_PAIR[0], PROFILE_PAIR[1], (Field::Endpoint, "https://profile.example.com")];
    let flag = "https://flag.example.com";
    // Named profile or not, its values, the flag, the environment, and where it leads; None is refused.
    for (is_named, values, flag, variables, leads_to) in [
        (true, &PROFILE_PAIR[..], None, &[ELSEWHERE][..], None),
        (true, &PROFILE_PAIR, None, &[NCPS], None),
        (true, &PROFILE_PAIR, None, &[GATEWAY], Some(Site::Public.base_url())),
        (true, &PROFILE_PAIR, Some(flag), &[ELSEWHERE], Some(flag)),
        (true, &ADDRESSED, None, &[ELSEWHERE], Some("https://profile.example.com")),
        (true, &ADDRESSED, Some(flag), &[ELSEWHERE], Some(flag)),
        (false, &PROFILE_PAIR, None, &[ELSEWHERE], None),
        (false, &PROFILE_PAIR, None, &[GATEWAY], None),
        (false, &PROFILE_PAIR, None, &[NCPS], Some(NCPS.1)),
        (false, &PROFILE_PAIR, Some(flag), &[ELSEWHERE], Some(flag)),
        (false, &ADDRESSED, None, &[], Some("https://profile.example.com")),
        (false, &ADDRESSED, None, &[ELSEWHERE], None),
        (false, &ADDRESSED, None, &[NCPS], Some(NCPS.1)),
        (false, &[], None, &[ELSEWHERE, PAIR[0], PAIR[1]], Some("https://example.com")),
        (false, &[], None, &[ELSEWHERE, GATEWAY, PAIR[0], PAIR[1]], Some("https://example.com")),
        (false, &[], None, &[GATEWAY, PAIR[0], PAIR[1]], Some(DERIVED)),
        (false, &PROFILE_PAIR, None, &[ELSEWHERE, PAIR[0], PAIR[1]], Some("https://example.com")),
    ] {
        let name = if is_named { "prod" } else { DEFAULT_PROFILE };
        let given = flags(|flags| {
            flags.profile = is_named.then(|| "prod".to_owned());
            flags.endpoint = flag.map(str::to_owned);
        });
        let outcome = resolve(&given, &Environment::of(variables), &own(name, values));
        let told = format!("{is_named} {values:?} {flag:?} {variables:?}: {outcome:?}");
        match (outcome, leads_to) {
            (Ok(settings), Some(to)) => assert_eq!(settings.service.endpoint.to_string(), to, "{told}"),
            (Err(error), None) => {
                assert!(matches!(error, ConfigError::ForeignEndpoint { .. }), "{told}");
                assert!(!error.is_auth() && !error.is_not_found());
            }
            _ => panic!("{told}"),
        }
    }
}

#[test]
fn site_and_address_agree_within_a_place_and_the_higher_place_counts() {
    let gov = "https://clouddatastreamingservice.apigw.gov-ntruss.com";
    let gateway = ("NCLOUD_API_GW", "https://ncloud.apigw.gov-ntruss.com");
    assert_eq!(
        with(&[("NCLOUD_SITE", "public"), gateway]).unwrap_err().to_string(),
        "NCLOUD_API_GW: it is the address of site gov, and NCLOUD_SITE says public"
    );
    let agreed = with(&[("NCLOUD_SITE", "gov"), gateway]).unwrap();
    assert_eq!(agreed.service.endpoint.to_string(), gov);
    let environment = Environment::of(&[("NCLOUD_API_GW", "https://ncloud.apigw.ntruss.com")]);
    let flag = flags(|flags| flags.site = Some("gov".to_owned()));
    let settings = resolve(&flag, &environment, &Files::default()).unwrap();
    assert_eq!((settings.service.site, settings.service.endpoint.to_string().as_str()), (Site::Gov, gov));
    let custom = with(&[("CDSS_ENDPOINT", "https://example.com"), ("NCLOUD_SITE", "gov")]).unwrap();
    assert_eq!((custom.service.site, custom.service.region.code()), (Site::Gov, "KR"));
    assert_eq!(custom.service.endpoint.to_string(), "https://example.com");
}

#[test]
fn a_value_of_a_profile_that_can_not_be_used_names_the_profile() {
    for (key, value, text) in [
        (
            Field::Region,
            "MARS",
            "region of profile prod in FILE: site public has no region MARS; it has KR, ",
        ),
        (Field::Region, "", "region in profile prod in FILE is empty"),
        (Field::Site, "private", "site of profile prod in FILE: unknown site `private`"),
        (Field::Endpoint, "orders", "endpoint of profile prod in FILE: `orders` is not an address"),
        (Field::Cacert, "own.pem", "cacert of profile prod in FILE: `own.pem` is not an absolute path"),
        (Field::Proxy, "proxy", "proxy of profile prod in FILE: not a valid proxy address"),
        (Field::Output, "yaml", "output of profile prod in FILE: unsupported output format `yaml`"),
        (Field::Poll, "15", "poll of profile prod in FILE: `15` is not a time"),
    ] {
        let files = own("prod", &[PROFILE_PAIR[0], PROFILE_PAIR[1], (key, value)]);
        let error = resolve(&named("prod"), &Environment::default(), &files).unwrap_err();
        assert!(error.to_string().starts_with(&text.replace("FILE", OWN)), "{error}");
    }
}
