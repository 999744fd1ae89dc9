//! Scopes: the permissions of a token, as the daemon asks for them.
//!
//! Syntax: `distribution`, `spec/auth/scope.md`.

/// The largest size of all scopes of one token, in bytes; a push with many mounted layers has some kilobytes.
const MAX_SCOPES: usize = 64 << 10;

/// The actions of builds in a repository. Nothing else is granted: no daemon deletes, or reads a registry's catalog.
const ACTIONS: [&str; 2] = ["pull", "push"];

/// The scopes that a daemon may have, of those that it asks for; `None` if they are too many.
pub(super) fn granted(asked: &[String]) -> Option<Vec<String>> {
    let length: usize = asked.iter().map(String::len).sum();
    (length <= MAX_SCOPES).then(|| asked.iter().filter_map(|scope| repository(scope)).collect())
}

/// The scope of a repository with the actions of builds; `None` for another one.
fn repository(scope: &str) -> Option<String> {
    let (name, actions) = scope.strip_prefix("repository:")?.rsplit_once(':')?;
    let actions: Vec<&str> = actions
        .split(',')
        .filter(|action| ACTIONS.contains(action))
        .collect();
    // Spaces separate scopes where there is more than one.
    let is_one = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    (is_one && !actions.is_empty()).then(|| format!("repository:{name}:{}", actions.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_pull_and_push() {
        let check = |scope: &str, expected: &[&str]| {
            assert_eq!(granted(&[scope.to_owned()]).unwrap(), expected, "{scope}");
        };
        for scope in [
            "repository:a/b:pull",
            "repository:a/b:pull,push",
            "repository:r.example:5000/a:pull",
        ] {
            check(scope, &[scope]);
        }
        check("repository:a:*,delete,pull", &["repository:a:pull"]);
        for scope in [
            "registry:catalog:*",
            "repository:a:*",
            "repository(plugin):a:pull",
            "repository:a registry:catalog:pull",
            "repository::pull",
            "repository:a",
            "*:",
            "",
        ] {
            check(scope, &[]);
        }
        assert_eq!(granted(&["x".repeat(MAX_SCOPES + 1)]), None);
    }
}
