//! The syntax of `--compare`.

use optimus_core::Comparer;

/// `tokens`, `floats:1e-6`, `testlib:wcmp` and so on, or JSON as in a job.
pub(super) fn parse(text: &str) -> Result<Comparer, String> {
    if let Some(tolerances) = text.strip_prefix("floats:") {
        let (abs, rel) = tolerances.split_once(',').unwrap_or((tolerances, tolerances));
        let number = |t: &str| t.trim().parse::<f64>().map_err(|_| format!("`{t}` is not a number"));
        let comparer = Comparer::Floats { abs: number(abs)?, rel: number(rel)? };
        return comparer.check().map(|()| comparer);
    }
    let comparer: Comparer =
        serde_json::from_value(comparer_json(text)).map_err(|error| match text.contains([':', '{']) {
            true => error.to_string(),
            false => "expected exact, end_trimmed, trimmed, tokens, lines, unordered, floats:ABS,REL, regex:PATTERN, testlib:NAME, \
                  kattis[:OPTIONS], dmoj:NAME[,OPTIONS], cms_white_diff, judge0, or JSON"
                .to_owned(),
        })?;
    comparer.check().map(|()| comparer)
}

/// `dmoj:floats,precision=4` as a job has it: `{"dmoj": {"name": "floats", "precision": 4}}`.
fn comparer_json(text: &str) -> serde_json::Value {
    use serde_json::{Value, json};
    if text.starts_with('{') {
        return serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
    }
    let (family, rest) = text.split_once(':').unwrap_or((text, ""));
    let option = |option: &str| match option.split_once('=') {
        Some((key, value)) => (key.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| Value::from(value))),
        None => (option.to_owned(), Value::from(true)),
    };
    let mut options = rest.split(',').filter(|option| !option.is_empty());
    match family {
        "regex" => json!({ "regex": rest }),
        "testlib" => json!({ "testlib": rest }),
        "dmoj" => {
            let name = options.next().unwrap_or_default();
            let mut checker: serde_json::Map<String, Value> = options.map(option).collect();
            checker.insert("name".to_owned(), Value::from(name));
            json!({ "dmoj": checker })
        }
        "kattis" => json!({ "kattis": options.map(option).collect::<serde_json::Map<_, _>>() }),
        _ => Value::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use optimus_core::compare::{Dmoj, ErrorMode, Kattis, Testlib};

    #[test]
    fn comparers_are_read() {
        assert_eq!(parse("tokens"), Ok(Comparer::Tokens));
        assert_eq!(parse("floats:1e-6"), Ok(Comparer::Floats { abs: 1e-6, rel: 1e-6 }));
        assert_eq!(parse("testlib:wcmp"), Ok(Comparer::Testlib(Testlib::Wcmp)));
        assert_eq!(parse("regex:a,b:c"), Ok(Comparer::Regex("a,b:c".to_owned())));
        let floats = Dmoj::Floats { precision: 4, error_mode: ErrorMode::Relative };
        assert_eq!(parse("dmoj:floats,precision=4,error_mode=relative"), Ok(Comparer::Dmoj(floats)));
        let kattis = Kattis { case_sensitive: true, float_tolerance: Some(1e-6), ..Kattis::default() };
        assert_eq!(parse("kattis:case_sensitive,float_tolerance=1e-6"), Ok(Comparer::Kattis(kattis)));
        assert_eq!(parse("kattis"), Ok(Comparer::Kattis(Kattis::default())));
        assert_eq!(parse(r#"{"testlib": "ncmp"}"#), Ok(Comparer::Testlib(Testlib::Ncmp)));
        for bad in ["regex:(", "testlib:xcmp", "dmoj:floats,precision=x", "kattis:float_tolerance=-1", "{"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        assert!(parse("floats:-1").is_err());
        assert!(parse("nearly").is_err());
    }
}
