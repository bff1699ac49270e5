//! Mutated responses that a correct service never sends.

use serde_json::{Value, json};

use super::http;
use super::seeded_rng::SeededRng;

/// Makes one change to the body or status of an HTTP response.
pub(crate) fn mutated(response: &[u8], rng: &mut SeededRng) -> Vec<u8> {
    let text = String::from_utf8_lossy(response);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let own = head.split(' ').nth(1).unwrap_or("200").to_owned();
    let status =
        if rng.below(12) == 0 { rng.pick(&["204", "301", "400", "404", "500", "999"]) } else { &own };
    let body = mutated_body(body, rng);
    [http(&format!("{status} X"), "", ""), body.clone()]
        .concat()
        .replacen("content-length: 0", &format!("content-length: {}", body.len()), 1)
        .into_bytes()
}

fn mutated_body(body: &str, rng: &mut SeededRng) -> String {
    match rng.below(14) {
        0 => body.chars().take(rng.below(body.len().max(1))).collect(),
        1 => {
            let at = rng.below(body.len().max(1));
            let flip = |(number, letter): (usize, char)| {
                if number == at {
                    char::from(u8::try_from(rng.below(128)).expect("it is ASCII"))
                } else {
                    letter
                }
            };
            body.chars().enumerate().map(flip).collect()
        }
        2 => rng
            .pick(&[
                "",
                "<html><body>Bad gateway</body></html>",
                "null",
                "[]",
                "{}",
                "0",
                "\"\"",
                "\u{feff}{}",
            ])
            .to_owned(),
        3 => format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)),
        4 => format!("{}{}", r#"{"result":"#.repeat(10_000), "}".repeat(10_000)),
        // Values that a parser might mistake for a number or a text.
        5 => replace_somewhere(
            body,
            rng,
            '"',
            &[r#""\ud800""#, "1e400", "-0", "NaN", r#""\u0000""#, "18446744073709551616"],
        ),
        6 => body.replacen('{', r#"{"result":null,"code":0,"#, 1),
        7 => body.replacen("\"code\":0", "\"code\":\"0\"", 1),
        8 => body.replace(
            "running",
            rng.pick(&["Running", "paused", "", "running\\u001b[2J", "RUNNING ", "운영중"]),
        ),
        9 => body.replace("green", rng.pick(&["Green", "teal", "", "red", "gray", "green\\u202e"])),
        _ => match serde_json::from_str::<Value>(body) {
            Ok(mut value) => {
                let nodes = count(&value);
                replace_node(&mut value, &mut rng.below(nodes), &odd(rng));
                value.to_string()
            }
            Err(_) => String::new(),
        },
    }
}

/// Replaces one quoted word with an unusual text.
fn replace_somewhere(body: &str, rng: &mut SeededRng, mark: char, odd: &[&str]) -> String {
    let words: Vec<&str> = body.split(mark).collect();
    let at = (rng.below(words.len().div_ceil(2)) * 2 + 1).min(words.len().saturating_sub(1));
    let (before, after) = (words[..at].join("\""), words.get(at + 1..).unwrap_or_default().join("\""));
    format!("{before}{}{after}", rng.pick(odd))
}

fn odd(rng: &mut SeededRng) -> Value {
    let long = "x".repeat(100_000);
    match rng.below(12) {
        0..=2 => Value::Null,
        3 => json!([]),
        4 => json!({}),
        5 => json!(true),
        6 => json!(-1),
        7 => json!(u64::MAX),
        8 => json!(""),
        9 => json!("\u{1b}]0;title\u{7}\u{9b}31m\u{202e}\r\n"),
        10 => json!(long),
        _ => json!([[[[null]]]]),
    }
}

fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(entries) => entries.iter().map(count).sum::<usize>(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// Replaces the node with this index, counted from the root.
fn replace_node(value: &mut Value, number: &mut usize, by: &Value) {
    if *number == 0 {
        *value = by.clone();
        *number = usize::MAX;
        return;
    }
    *number -= 1;
    match value {
        Value::Array(entries) => entries.iter_mut().for_each(|entry| replace_node(entry, number, by)),
        Value::Object(fields) => fields.values_mut().for_each(|field| replace_node(field, number, by)),
        _ => {}
    }
}
