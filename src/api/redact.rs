//! Masks secrets in text in any encoding. Pure.

use std::borrow::Cow;
use std::iter::successors;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use secrecy::zeroize::Zeroizing;

/// Replaces a secret in the output.
const MASK: &str = "(hidden)";

/// Shorter secrets are not masked: they are neither keys nor signatures, and masking them would garble messages.
const MIN_SECRET_LENGTH: usize = 8;

/// Parts of a secret of at least this length are masked.
///
/// Chosen: long enough that other text does not match by chance, and short enough that the visible rest of a signature
/// (256 bits) or a secret key (40 characters) does not help to guess it.
const MIN_MATCH_LENGTH: usize = 16;

/// Masks a set of secrets; prepared once for many texts.
///
/// Each secret is found unencoded, as its bytes in hexadecimal or base64, and, if it is base64 itself, as its decoded
/// bytes in hexadecimal. Each character of these forms may be unencoded, percent-encoded, an HTML entity, or a JSON
/// escape, including nested encodings. Case and the base64 alphabet are ignored. A part of at least [`MIN_MATCH_LENGTH`]
/// characters is enough.
///
/// The time is linear in the length of the text, unless a secret has repeating parts.
pub(super) struct Redactor {
    forms: Vec<Zeroizing<Vec<u8>>>,
    /// The positions of each byte in the forms.
    positions: Vec<Vec<Position>>,
    /// A bit set of the hashes of three consecutive bytes of the forms.
    triples: Vec<u64>,
}

#[derive(Clone, Copy)]
struct Position {
    form: usize,
    offset: usize,
}

impl Redactor {
    pub(super) fn new(secrets: &[&str]) -> Self {
        let mut redactor =
            Self { forms: Vec::new(), positions: vec![Vec::new(); 256], triples: vec![0; TRIPLE_BITS / 64] };
        for secret in secrets.iter().filter(|secret| secret.len() >= MIN_SECRET_LENGTH) {
            redactor.add(secret.as_bytes());
            redactor.add(&to_hex(secret.as_bytes()));
            // Within a longer text, base64 has three possible alignments, and the last bits depend on the next bytes.
            for skipped in 0..3 {
                let rest = &secret.as_bytes()[skipped..];
                let text = Zeroizing::new(STANDARD_NO_PAD.encode(rest));
                redactor.add(&text.as_bytes()[..rest.len().saturating_mul(8) / 6]);
            }
            if let Ok(bytes) = STANDARD.decode(secret).map(Zeroizing::new) {
                redactor.add(&to_hex(&bytes));
            }
        }
        redactor
    }

    fn add(&mut self, form: &[u8]) {
        let form = Zeroizing::new(form.iter().copied().map(fold).collect::<Vec<u8>>());
        for (at, byte) in form.iter().enumerate() {
            self.positions[usize::from(*byte)].push(Position { form: self.forms.len(), offset: at });
        }
        for hash in form.windows(3).map(|triple| triple.iter().fold(0, |hash, byte| next_hash(hash, *byte))) {
            self.triples[hash / 64] |= 1 << (hash % 64);
        }
        self.forms.push(form);
    }

    /// Replaces every secret with `(hidden)`. UUIDs are kept, because request ids are UUIDs.
    pub(super) fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let bytes = text.as_bytes();
        let (mut output, mut copied, mut at) = (String::new(), 0, 0);
        while let Some(start) = self.next_candidate(bytes, at) {
            at = start.saturating_add(1);
            let Some(end) = self.longest_match(bytes, start) else { continue };
            if is_in_uuid(bytes, start, end) || !text.is_char_boundary(start) || !text.is_char_boundary(end) {
                continue;
            }
            output.push_str(&text[copied..start]);
            output.push_str(MASK);
            (copied, at) = (end, end);
        }
        if copied == 0 {
            return Cow::Borrowed(text);
        }
        output.push_str(&text[copied..]);
        Cow::Owned(output)
    }

    /// Returns the next position from `at` where a secret may begin.
    fn next_candidate(&self, text: &[u8], at: usize) -> Option<usize> {
        let (mut hash, mut until_plain) = (0, 0_u8);
        for (last, byte) in text.iter().enumerate().skip(at) {
            hash = next_hash(hash, fold(*byte));
            until_plain = if is_introducer(*byte) { 3 } else { until_plain.saturating_sub(1) };
            let may_begin = until_plain > 0 || self.triples[hash / 64] & (1 << (hash % 64)) != 0;
            if may_begin && last >= at.saturating_add(2) {
                return Some(last.saturating_sub(2));
            }
        }
        None
    }

    /// Returns the end of the longest part of a secret that begins at `start`.
    fn longest_match(&self, text: &[u8], start: usize) -> Option<usize> {
        let mut longest = None;
        for (first, _) in characters(text, start) {
            for Position { form, offset: at } in &self.positions[usize::from(first)] {
                let form = &self.forms[*form];
                let end = match_end(text, start, &form[*at..], MIN_MATCH_LENGTH.min(form.len()));
                longest = longest.max(end);
            }
        }
        longest
    }
}

/// Returns the end of the longest match of `form` at `start`, if it has at least `min_length` characters.
fn match_end(text: &[u8], start: usize, form: &[u8], min_length: usize) -> Option<usize> {
    if form.len() < min_length {
        return None;
    }
    let (mut end, mut count) = (start, 0_usize);
    // An unencoded character has exactly one end.
    for byte in form {
        match text.get(end) {
            Some(found) if is_introducer(*found) => break,
            Some(found) if fold(*found) == *byte => end = end.saturating_add(1),
            _ => break,
        }
        count = count.saturating_add(1);
    }
    // Otherwise there may be several: a `%` may be a plain character or begin an encoded one.
    let mut ends = vec![end];
    for byte in &form[count..] {
        let ends_of_next = |end: &usize| characters(text, *end).filter(|(character, _)| character == byte);
        let mut next: Vec<usize> = ends.iter().flat_map(ends_of_next).map(|(_, end)| end).collect();
        next.sort_unstable();
        next.dedup();
        if next.is_empty() {
            break;
        }
        ends = next;
        count = count.saturating_add(1);
    }
    if count >= min_length { ends.pop() } else { None }
}

/// Returns true for the first bytes of encoded characters.
fn is_introducer(byte: u8) -> bool {
    matches!(byte, b'%' | b'&' | b'\\')
}

/// Decodes a character after its introducer. Returns the character and the length of the remaining text.
type Decode = fn(&[u8]) -> Option<(u8, usize)>;

/// The encodings: the introducer, its suffix if the introducer itself is encoded, and the decoder.
const ENCODINGS: [(u8, &[u8], Decode); 4] = [
    (b'%', b"25", hex_byte),
    (b'&', b"amp;", html_entity),
    (b'\\', b"\\", hex_escape),
    (b'\\', b"\\", escaped_byte),
];

/// Returns the possible characters at a position, each with its end: the plain byte and all encodings that it may
/// begin.
fn characters(text: &[u8], at: usize) -> impl Iterator<Item = (u8, usize)> {
    let (first, rest) = match text.get(at..).and_then(<[u8]>::split_first) {
        Some((first, rest)) => (Some(*first), rest),
        None => (None, &[][..]),
    };
    let encodings = ENCODINGS.iter().filter(move |(introducer, ..)| first == Some(*introducer));
    let decoded = encodings.flat_map(move |(_, prefix, decode)| {
        let nested = successors(Some(rest), |rest| rest.strip_prefix(*prefix));
        nested.take(MAX_NESTING).filter_map(decode)
    });
    let plain = first.map(|first| (first, rest.len()));
    plain.into_iter().chain(decoded).map(|(byte, left)| (fold(byte), text.len().saturating_sub(left)))
}

/// Chosen: deeper nesting does not occur, and the limit keeps the search linear.
const MAX_NESTING: usize = 8;

/// Decodes two hexadecimal digits.
fn hex_byte(text: &[u8]) -> Option<(u8, usize)> {
    let (digits, left) = text.split_at_checked(2).filter(|(digits, _)| digits[0] != b'+')?;
    let digits = std::str::from_utf8(digits).ok()?;
    Some((u8::from_str_radix(digits, 16).ok()?, left.len()))
}

/// Decodes a hexadecimal escape after the backslash: `u002b`, `x2b`.
fn hex_escape(text: &[u8]) -> Option<(u8, usize)> {
    text.strip_prefix(b"u00").or_else(|| text.strip_prefix(b"x")).and_then(hex_byte)
}

/// Decodes an escaped character after the backslash.
fn escaped_byte(text: &[u8]) -> Option<(u8, usize)> {
    text.split_first().map(|(byte, left)| (*byte, left.len()))
}

/// Decodes an HTML entity after the ampersand: `#43;`, `#x2b;`, `plus;`.
fn html_entity(text: &[u8]) -> Option<(u8, usize)> {
    let end = text.iter().take(MAX_ENTITY_LENGTH).position(|byte| *byte == b';')?;
    let name = std::str::from_utf8(&text[..end]).ok()?;
    let byte = match name.strip_prefix('#').map(|number| (number, number.strip_prefix(['x', 'X']))) {
        Some((_, Some(digits))) => u8::from_str_radix(digits, 16).ok()?,
        Some((digits, None)) => digits.parse().ok()?,
        None => ENTITIES.iter().find(|(_, names)| names.contains(&name))?.0,
    };
    Some((byte, text.len().saturating_sub(end).saturating_sub(1)))
}

/// The longest name in [`ENTITIES`] has 16 letters.
const MAX_ENTITY_LENGTH: usize = 17;

/// The named entities of printable ASCII.
///
/// Source: HTML Living Standard, 13.5.
const ENTITIES: [(u8, &[&str]); 30] = [
    (b'!', &["excl"]),
    (b'"', &["quot", "QUOT"]),
    (b'#', &["num"]),
    (b'$', &["dollar"]),
    (b'%', &["percnt"]),
    (b'&', &["amp", "AMP"]),
    (b'\'', &["apos"]),
    (b'(', &["lpar"]),
    (b')', &["rpar"]),
    (b'*', &["ast", "midast"]),
    (b'+', &["plus"]),
    (b',', &["comma"]),
    (b'.', &["period"]),
    (b'/', &["sol"]),
    (b':', &["colon"]),
    (b';', &["semi"]),
    (b'<', &["lt", "LT"]),
    (b'=', &["equals"]),
    (b'>', &["gt", "GT"]),
    (b'?', &["quest"]),
    (b'@', &["commat"]),
    (b'[', &["lsqb", "lbrack"]),
    (b'\\', &["bsol"]),
    (b']', &["rsqb", "rbrack"]),
    (b'^', &["Hat"]),
    (b'_', &["lowbar", "UnderBar"]),
    (b'`', &["grave", "DiacriticalGrave"]),
    (b'{', &["lcub", "lbrace"]),
    (b'|', &["verbar", "vert", "VerticalLine"]),
    (b'}', &["rcub", "rbrace"]),
];

/// Maps bytes that are considered equal to one byte: both cases, both base64 alphabets, and the space that a `+` becomes
/// in decoded form data.
fn fold(byte: u8) -> u8 {
    match byte {
        b'-' | b' ' => b'+',
        b'_' => b'/',
        byte => byte.to_ascii_lowercase(),
    }
}

/// Chosen: 5 bits for each of three bytes, so that a fourth byte shifts the first one out. The secrets of a request have
/// a few hundred different triples, so that hash collisions are rare.
const TRIPLE_BITS: usize = 1 << 15;

/// Returns the hash of the last three folded bytes of a text, from the hash of the bytes before the last one.
fn next_hash(hash: usize, folded: u8) -> usize {
    ((hash << 5) ^ usize::from(folded)) & (TRIPLE_BITS - 1)
}

fn to_hex(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = |byte: &u8| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 0xf)]];
    Zeroizing::new(bytes.iter().flat_map(digits).collect())
}

/// Returns true if the range is within a UUID.
fn is_in_uuid(text: &[u8], start: usize, end: usize) -> bool {
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    const LENGTH: usize = 36;
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let before = text[..start].iter().rev().take(LENGTH).take_while(|byte| is_part(byte)).count();
    let after = text[start..].iter().take(LENGTH + 1).take_while(|byte| is_part(byte)).count();
    let (first, last) = (start.saturating_sub(before), start.saturating_add(after));
    let groups: Vec<&[u8]> = text[first..last].split(|byte| *byte == b'-').collect();
    end <= last
        && groups.iter().map(|group| group.len()).eq(GROUPS)
        && groups.iter().all(|group| group.iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
    use proptest::prelude::*;

    use super::*;

    const SIGNATURE: &str = "q1/+Yw8dX3zK0m==vLrT5bE/Hs+92JnUcGpQoAfVeD4=";

    fn redact(text: &str, secret: &str) -> String {
        Redactor::new(&[secret]).redact(text).into_owned()
    }

    fn percent_encoded(text: &str, encode: impl Fn(usize, char) -> bool, upper: bool) -> String {
        let one = |(at, c): (usize, char)| match (encode(at, c), upper) {
            (false, _) => c.to_string(),
            (true, true) => format!("%{:02X}", u32::from(c)),
            (true, false) => format!("%{:02x}", u32::from(c)),
        };
        text.chars().enumerate().map(one).collect()
    }

    fn named_entities(text: &str) -> String {
        let name = |c: char| ENTITIES.iter().find(|(byte, _)| char::from(*byte) == c);
        let one = |c| name(c).map_or_else(|| String::from(c), |(_, names)| format!("&{};", names[0]));
        text.chars().map(one).collect()
    }

    /// Returns the text in every encoding that a gateway may use.
    fn encodings(text: &str) -> Vec<String> {
        let is_plain = |c: char| c.is_ascii_alphanumeric();
        let json = serde_json::to_string(text).unwrap();
        let hex = String::from_utf8(to_hex(text.as_bytes()).to_vec()).unwrap();
        let unicode = |c: char| format!("\\u{:04x}", u32::from(c));
        let decimal = |c: char| format!("&#{};", u32::from(c));
        let hexadecimal_entity = |c: char| format!("&#x{:X};", u32::from(c));
        let mut forms = vec![
            text.to_owned(),
            percent_encoded(text, |_, c| !is_plain(c), true),
            percent_encoded(text, |_, c| !is_plain(c), false),
            percent_encoded(text, |_, _| true, true),
            percent_encoded(text, |at, c| !is_plain(c) && at % 2 == 0, true),
            named_entities(text),
            text.chars().map(decimal).collect(),
            text.chars().map(hexadecimal_entity).collect(),
            hex.to_uppercase(),
            hex,
            text.replace('+', "-").replace('/', "_"),
            text.replace('+', " "),
            STANDARD.encode(text),
            STANDARD_NO_PAD.encode(text),
            URL_SAFE.encode(text),
            URL_SAFE_NO_PAD.encode(format!("a {text} b")),
            json[1..json.len() - 1].to_owned(),
            text.replace('/', "\\/").replace('=', "\\u003d").replace('+', "\\x2B"),
            text.chars().map(unicode).collect(),
        ];
        let twice: Vec<String> = vec![
            percent_encoded(&forms[1], |_, c| !is_plain(c), true),
            forms[5].replace('&', "&amp;"),
            forms[17].replace('\\', "\\\\"),
        ];
        forms.extend(twice);
        forms
    }

    /// Asserts that the output shows no part of the secret in any encoding.
    fn assert_masked(output: &str, encoded: &str, secret: &str) {
        assert!(output.contains(MASK), "{output}: {encoded}");
        let visible = output.replace(MASK, "\u{0}");
        for form in encodings(secret) {
            let units: Vec<char> = form.chars().collect();
            // An escape of six characters reveals only one.
            let min_length = MIN_MATCH_LENGTH * form.len().div_ceil(secret.len()).max(1);
            for part in units.windows(min_length) {
                let part: String = part.iter().collect();
                assert!(!visible.contains(&part), "{output} shows {part} of {encoded}");
            }
        }
    }

    #[test]
    fn signature_is_masked_in_every_encoding() {
        for encoded in encodings(SIGNATURE) {
            let output = redact(&format!("refused: <{encoded}>"), SIGNATURE);
            assert_masked(&output, &encoded, SIGNATURE);
        }
        let signature = STANDARD.encode([0xfb; 32]);
        let bytes = String::from_utf8(to_hex(&[0xfb; 32]).to_vec()).unwrap();
        assert_eq!(redact(&bytes, &signature), MASK, "the decoded bytes of the signature");
    }

    #[test]
    fn other_text_and_uuids_are_kept() {
        for text in [
            "",
            "Authentication Failed",
            "한국어 & 100% \\ \"quoted\"",
            &SIGNATURE[..MIN_MATCH_LENGTH - 1],
            "123e4567-e89b-12d3-a456-426614174000",
        ] {
            assert!(matches!(Redactor::new(&[SIGNATURE]).redact(text), Cow::Borrowed(same) if same == text));
        }
        assert_eq!(redact("short", "short"), "short", "too short for a secret");
        let uuid = "123e4567-e89b-12d3-a456-426614174000";
        for text in [uuid.to_owned(), format!("request {uuid}: refused"), uuid.to_uppercase()] {
            assert_eq!(redact(&text, uuid), text, "a UUID is never masked");
        }
        assert_eq!(redact(&format!("{uuid}0"), uuid), "(hidden)0");
    }

    #[test]
    fn adjacent_secrets_are_masked_separately() {
        let redactor = Redactor::new(&["ACCESSKEY001", SIGNATURE]);
        let text = format!("key ACCESSKEY001, 서명 {SIGNATURE}; again accesskey001");
        assert_eq!(redactor.redact(&text), "key (hidden), 서명 (hidden); again (hidden)");
    }

    /// The timeout is far above the expected time and far below that of a quadratic search.
    #[test]
    fn large_text_is_searched_in_linear_time() {
        let almost = &SIGNATURE[..MIN_MATCH_LENGTH - 1];
        let size = 64 * 1024;
        for text in ["%", "&", "\\", "&amp;", "%25", almost, "x"] {
            let text = text.repeat(size / text.len());
            let (sender, receiver) = std::sync::mpsc::channel();
            std::thread::spawn(move || sender.send(redact(&text, SIGNATURE).len()));
            receiver.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
        }
    }

    proptest! {
        // Chosen: each case tries about 20 encodings.
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_part_of_a_secret_is_masked_in_every_encoding(
            secret in "[!-~]{16,64}",
            (from, length) in (0_usize..49, MIN_MATCH_LENGTH..=64),
            before in "[가-힣]{0,8}",
            after in "[가-힣]{0,8}",
        ) {
            let from = from.min(secret.len() - MIN_MATCH_LENGTH);
            let part = &secret[from..(from + length).min(secret.len())];
            for encoded in encodings(part) {
                let output = redact(&format!("{before}가{encoded}가{after}"), &secret);
                assert_masked(&output, &encoded, part);
                prop_assert!(output.starts_with(&format!("{before}가")), "{}", output);
                prop_assert!(output.ends_with(&format!("가{after}")), "{}", output);
            }
        }

        #[test]
        fn text_without_secret_is_unchanged(secret in "[g-z]{16,64}", text in "[0-9 %&;가-힣\\\\]{0,200}") {
            prop_assert_eq!(redact(&text, &secret), text);
        }

        #[test]
        fn arbitrary_text_does_not_panic(secret in "\\PC{0,40}", text in "[%&\\\\#xu0-9a;가]{0,80}|\\PC{0,80}") {
            let _no_panic = redact(&format!("{text}{secret}{text}"), &secret);
        }
    }
}
