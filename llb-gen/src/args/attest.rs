//! `--provenance` and `--sbom`, as buildx spells them.

use catalog::{Attestation, did_you_mean, listed, nearest};

/// The attestation that `--provenance` asks for.
pub(super) fn of_provenance(given: Option<&String>) -> Result<Attestation, String> {
    asked_for("--provenance", given, provenance)
}

/// The attestation that `--sbom` asks for.
pub(super) fn of_sbom(given: Option<&String>) -> Result<Attestation, String> {
    asked_for("--sbom", given, sbom)
}

fn asked_for(
    flag: &str,
    given: Option<&String>,
    read: fn(&str) -> Result<Option<String>, String>,
) -> Result<Attestation, String> {
    let Some(text) = given else {
        return Ok(Attestation::AsDeclared);
    };
    match read(text) {
        Ok(None) => Ok(Attestation::Without),
        Ok(Some(parameters)) => Ok(Attestation::With(parameters)),
        Err(error) => Err(format!("`{flag}`: {error}")),
    }
}

/// The provenance that is asked for: `true` and `false`, or buildx's keys with commas between them.
fn provenance(text: &str) -> Result<Option<String>, String> {
    match text {
        "false" => Ok(None),
        // Without build arguments, which may have something secret in them; BuildKit itself would take `max`.
        "true" => Ok(Some("mode=min".to_owned())),
        _ => keys(
            text,
            &[
                "mode",
                "version",
                "builder-id",
                "filename",
                "inline-only",
                "reproducible",
            ],
        )
        .and_then(|()| modes(text))
        .map(Some),
    }
}

/// The list of what is in an image that is asked for: `true` and `false`, or the image that makes it.
fn sbom(text: &str) -> Result<Option<String>, String> {
    match text {
        "false" => Ok(None),
        "true" => Ok(Some(String::new())),
        _ => keys(text, &["generator"]).map(|()| Some(text.to_owned())),
    }
}

fn keys(text: &str, valid: &[&str]) -> Result<(), String> {
    for field in text.split(',') {
        let key = field.split_once('=').map(|(key, _)| key);
        if key.is_some_and(|key| valid.contains(&key)) {
            continue;
        }
        let keys = valid.iter().copied();
        let valid = keys.clone().map(|key| format!("{key}="));
        let nearest = nearest(key.unwrap_or(field), keys.clone()).map(|key| format!("{key}="));
        return Err(format!(
            "`{field}` is none of `true`, `false`, {}{}",
            listed(valid),
            did_you_mean(nearest.as_deref())
        ));
    }
    Ok(())
}

fn modes(text: &str) -> Result<String, String> {
    let modes: Vec<&str> = text
        .split(',')
        .filter_map(|field| field.strip_prefix("mode="))
        .collect();
    match modes[..] {
        [] | ["min" | "max"] => Ok(text.to_owned()),
        [mode] => Err(format!(
            "`mode={mode}` is neither `mode=min` nor `mode=max`"
        )),
        _ => Err("`mode=` is given twice".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_passed_on_and_nothing_else() {
        let some = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(provenance("false"), Ok(None));
        assert_eq!(provenance("true"), some("mode=min"));
        assert_eq!(provenance("mode=max"), some("mode=max"));
        assert_eq!(
            provenance("version=v1,mode=max"),
            some("version=v1,mode=max")
        );
        assert_eq!(
            provenance("mode=mid"),
            Err("`mode=mid` is neither `mode=min` nor `mode=max`".to_owned())
        );
        assert!(
            provenance("mod=max").is_err_and(|error| error.starts_with("`mod=max` is none of"))
        );
        assert!(provenance("mod=max").is_err_and(|error| error.ends_with("did you mean `mode=`?")));
        assert!(provenance("mode=min,mode=bogus").is_err());
        assert_eq!(sbom("false"), Ok(None));
        assert_eq!(sbom("true"), some(""));
        assert_eq!(sbom("generator=x/y:1"), some("generator=x/y:1"));
        assert!(sbom("x").is_err());
    }
}
