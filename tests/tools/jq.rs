//! A subset of `jq` that is sufficient for the README's examples: `jq [-r] FILTER FILE`. Lets the tests run on
//! machines without jq.

use std::error::Error;
use std::io::{Write as _, stdout};

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use jaq_json::{Val, read};

/// Standard library filters that the examples use. The others need more crates.
const OF_USE: [&str; 3] = ["select", "all", "isempty"];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let raw = arguments.first().is_some_and(|first| first == "-r");
    arguments.drain(..usize::from(raw));
    let [filter, file] = &arguments[..] else { return Err("jq [-r] FILTER FILE".into()) };

    let of_use = jaq_std::defs().filter(|definition| OF_USE.contains(&definition.name));
    let definitions = jaq_core::defs().chain(of_use);
    let functions = jaq_core::funs().chain(jaq_std::base_funs()).chain(jaq_json::funs());
    let arena = Arena::default();
    let program = File { code: filter.as_str(), path: () };
    let modules = Loader::new(definitions).load(&arena, program).map_err(|errors| format!("{errors:?}"))?;
    let filter =
        Compiler::default().with_funs(functions).compile(modules).map_err(|errors| format!("{errors:?}"))?;

    let input = read::parse_single(&std::fs::read(file)?).map_err(|error| format!("{error}"))?;
    let context = Ctx::<data::JustLut<Val>>::new(&filter.lut, Vars::new([]));
    for value in filter.id.run((context, input)).map(unwrap_valr) {
        let text = value.map_err(|error| error.to_string())?.to_string();
        let plain: Option<String> = if raw { serde_json::from_str(&text).ok() } else { None };
        writeln!(stdout(), "{}", plain.unwrap_or(text))?;
    }
    Ok(())
}
